#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The command line as such: options, names, output, statuses that no single command owns.
# shellcheck disable=SC2154 # set by what is loaded

load mdevtool.bash

commands="list-parents list-types list show create destroy start-vm-args recover"

### Commands and options

@test "grammar: global options before and after the command" {
  machine m60
  run --separate-stderr "$MDEVTOOL" --root "$root" --json list-types
  succeeds
  json '.types | length' 3
  run --separate-stderr "$MDEVTOOL" list-types --root "$root" --json
  succeeds
  json '.types | length' 3
  run --separate-stderr "$MDEVTOOL" --json list-types "$card" --root="$root"
  succeeds
  json '.types | length' 3
}

@test "grammar: options may stand among the arguments, and -- ends them" {
  machine m60
  device "$A" 11
  mdevtool list "$A" --noheadings --raw "$A" -o uuid
  succeeds
  says "$A"
  mdevtool destroy -- --all
  fails 3 "--all"
}

@test "grammar: each command by argv[0] too" {
  machine m60
  local command
  for command in $commands; do
    ln -s "$MDEVTOOL" "$BATS_TEST_TMPDIR/mdevtool-$command"
  done
  play "$BATS_TEST_TMPDIR/mdevtool-create" --root "$root" --type 11 --uuid "$A"
  succeeds
  says "$A"
  play "$BATS_TEST_TMPDIR/mdevtool-list" --json --root "$root"
  json '.devices[0].uuid' "$A"
  play "$BATS_TEST_TMPDIR/mdevtool-destroy" "$A" --root "$root"
  succeeds
  nothing_left
}

@test "grammar: an argv[0] that is no command is the program itself" {
  machine m60
  ln -s "$MDEVTOOL" "$BATS_TEST_TMPDIR/my-mdevtool"
  play "$BATS_TEST_TMPDIR/my-mdevtool" --root "$root" list-parents
  succeeds
  mentions "$card"
}

@test "grammar: what is defined is no device, and the other way round, and each is told" {
  local words
  machine m60x2
  definition "$A" 11 --name desk
  device "$B" 11 --name web
  for words in "destroy desk" "list desk" "start-vm-args $A" "attach desk --qmp $root/socket"; do
    # shellcheck disable=SC2086 # words
    mdevtool $words
    fails 3 "no device"
    hints "it is defined, but not active: 'mdevtool start"
  done
  mdevtool create desk
  fails 3 "cannot open 'desk'"
  hints "'mdevtool start desk' makes what is defined"
  for words in "start web" "undefine web" "modify web --auto" "list --defined web"; do
    # shellcheck disable=SC2086 # words
    mdevtool $words
    fails 3 "no definition 'web'"
    hints "'mdevtool define web' keeps it"
  done
  mdevtool undefine desk --parent 87:00.0
  fails 3 "no definition 'desk' on '0000:87:00.0'"
  hints "it is defined on '$card'"
  wrote_nothing
}

@test "grammar: an unknown command is a usage error, the nearest is offered" {
  machine m60
  mdevtool remove x
  fails 2 "unknown command 'remove'"
  hints "did you mean 'destroy'?"
  mdevtool craete
  fails 2 "unknown command 'craete'"
  hints "did you mean 'create'?"
  mdevtool frobnicate
  fails 2 "unknown command 'frobnicate'"
  hints "--help"
  mdevtool creat
  fails 2
}

@test "grammar: no command at all" {
  machine m60
  mdevtool
  fails 2 "no command"
  hints "--help"
}

@test "grammar: an unknown option is a usage error" {
  machine m60
  mdevtool list-types --bogus
  fails 2 "--bogus"
  says_nothing
  mdevtool --bogus list-types
  fails 2 "--bogus"
  [[ "$stderr" == "mdevtool: "* ]] || complain "it does not begin with the program's name"
  mdevtool list -Z
  fails 2
}

@test "grammar: a command that wants a device and gets none" {
  machine m60
  mdevtool show
  fails 2 "nothing to show"
  hints "mdevtool list"
  mdevtool start-vm-args
  fails 2 "name a device"
  hints "mdevtool list"
  mdevtool destroy
  fails 2 "nothing to destroy"
  hints "mdevtool list"
  local command
  for command in list destroy start-vm-args; do
    mdevtool "$command" --group x
    fails 8 "--group must be a number"
    hints "which groups there are"
  done
  mdevtool list 2f
  fails 8 "too short"
  hints "mdevtool list"
  mdevtool list --type nonsense
  fails 3 "no parent offers a type 'nonsense'"
  hints "mdevtool list-types --all"
  mdevtool destroy --group 7
  fails 3 "no device has the group 7"
  hints "which groups there are"
}

@test "grammar: an option without its argument, and a flag with one" {
  machine m60
  mdevtool create --type
  fails 2 "type"
  mdevtool create --type 11 --dry-run=yes
  fails 2 "dry-run"
  wrote_nothing
}

@test "grammar: --help of every command ends with 0, on stdout, and shows an example" {
  local command
  for command in $commands; do
    run --separate-stderr "$MDEVTOOL" "$command" --help
    succeeds
    is_silent
    mentions "mdevtool $command" "--json" "--root"
    [ "$command" = recover ] || mentions "Examples:"
  done
  run --separate-stderr "$MDEVTOOL" --help
  succeeds
  # shellcheck disable=SC2086 # one after the other
  mentions $commands
}

@test "grammar: --version" {
  run --separate-stderr "$MDEVTOOL" --version
  succeeds
  mentions mdevtool
}

@test "grammar: --help needs no machine and no rights" {
  run --separate-stderr env MDEVTOOL_ROOT=/no/such/directory "$MDEVTOOL" create --help
  succeeds
}

### Tables

@test "grammar: --output takes headings and JSON keys in either case" {
  machine m60
  local columns
  for columns in parent,type,free PARENT,TYPE,FREE Parent,Id,Available; do
    mdevtool list-types --type 11 --raw --noheadings --output "$columns"
    succeeds
    says "$card 11 16"
  done
  device "$A" 11
  holds "$A"
  mdevtool list --noheadings -o 'held-by'
  succeeds
  says "qemu-system-x86 4711 (web-1)"
  mdevtool list --noheadings -o 'HELD BY'
  succeeds
}

@test "grammar: an unknown column is a usage error that lists them" {
  machine m60
  mdevtool list-types -o parent,colour
  fails 2 "'colour'"
  hints parent
  says_nothing
  mdevtool list -o ''
  fails 2
  mdevtool list-parents -o parent,
  fails 2
}

@test "grammar: --output picks the keys of JSON too" {
  machine m60
  mdevtool list-types --json -o id,fb_length_bytes
  succeeds
  json '.types[0] | keys == ["fb_length_bytes", "id"]'
}

@test "grammar: --raw has one blank between columns and none within" {
  machine m60
  mdevtool list-types --raw --type 11 -o parent,name,free
  succeeds
  local fields
  read -ra fields <<<"${lines[1]}"
  [ "${#fields[@]}" -eq 3 ] || complain "not three words"
}

@test "grammar: commands that print no table take no --output" {
  machine m60
  local command
  for command in create destroy start-vm-args recover; do
    mdevtool "$command" --output uuid
    fails 2 output
  done
}

### stderr

@test "grammar: --quiet drops notes, but neither warnings nor errors" {
  machine m60
  device "$A" 11 --group 1
  mdevtool create --type 11 --group 1 --quiet
  succeeds
  is_silent
  mdevtool create --type 99 -q
  fails 3 "'99'"
  rm "$root$types/12/name"
  mdevtool list-types --quiet
  fails 1 "12/name"
}

@test "grammar: an error is the only JSON document, and goes to stderr too" {
  machine m60
  mdevtool create --type 12 --count 5 --json
  fails 5 "no room"
  json 'keys == ["error"]'
  json '.error.kind' no-room
  json '.error.message | contains("no room")'
  json '.error.hint | contains("mdevtool list")'
  mdevtool list nothing --json
  fails 3
  json '.error.kind' not-found
  mdevtool show --json
  fails 2
  json '.error.kind' usage
  mdevtool create --type 11 --group 0 --json
  fails 8
  json '.error.kind' invalid
  device "$A" 11 --name desk
  mdevtool create --type 11 --uuid "$A" --json
  fails 4
  json '.error.kind' exists
  holds "$A"
  mdevtool destroy desk --json
  fails 6
  json '.error.kind' busy
  mdevtool show desk --xml --json
  fails 9
  json '.error.kind' unsupported
}

@test "grammar: a message has its subject in quotes, no capital and no full stop" {
  machine m60
  local line
  for line in "create --type 99" "destroy $B" "list x" "show y" "craete" "list -o z" \
    "create --type 11 --group 0" "create --type 11 --placement q"; do
    # shellcheck disable=SC2086 # words
    mdevtool $line
    [ "$status" -ne 0 ]
    [[ "${stderr%%$'\n'*}" =~ ^mdevtool:\ [a-z\'-].*[^.]$ ]] || complain "the message of: $line"
  done
}

### stdout

@test "grammar: with stdout closed nothing is begun" {
  machine m60
  # shellcheck disable=SC2016 # the inner shell's
  play sh -c 'exec "$@" >&-' - "$MDEVTOOL" --root "$root" create --type 11
  fails 1 "stdout"
  wrote_nothing
  play sh -c 'exec "$@" >&-' - "$MDEVTOOL" --root "$root" list
  fails 1 "stdout"
}

@test "grammar: with stderr or stdin closed too nothing goes astray" {
  machine m60
  # shellcheck disable=SC2016 # the inner shell's
  play sh -c 'exec "$@" <&- 2>&-' - "$MDEVTOOL" --root "$root" create --type 11 --uuid "$A" --verbose
  succeeds
  says "$A"
  wrote 11/create "$A"
  wrote_nothing_else
}

@test "grammar: with stdout full what was made stays, and its UUID is on stderr" {
  machine m60
  # shellcheck disable=SC2016 # the inner shell's
  play sh -c 'exec "$@" >/dev/full' - "$MDEVTOOL" --root "$root" create --type 11 --count 2 --params x
  fails 1 "stdout"
  local device n=0
  for device in "$root"/sys/bus/mdev/devices/*; do
    n=$((n + 1))
    warns "${device##*/}"
    recorded "${device##*/}"
  done
  [ "$n" -eq 2 ] || complain "$n devices"
  all_is_whole
}

@test "grammar: with stdout full the JSON of what was made is a failure too" {
  machine m60
  # shellcheck disable=SC2016 # the inner shell's
  play sh -c 'exec "$@" >/dev/full' - "$MDEVTOOL" --root "$root" create --type 11 --uuid "$A" --json
  fails 1 "$A"
  recorded "$A"
}

@test "grammar: into a pipe that nobody reads any more, the same" {
  machine m60
  # shellcheck disable=SC2016 # the inner shell's
  play bash -c '{ sleep 0.3; exec "$@"; } | true; exit "${PIPESTATUS[0]}"' - \
    "$MDEVTOOL" --root "$root" create --type 11 --uuid "$A"
  fails 1 "$A"
  recorded "$A"
  all_is_whole
}

@test "grammar: a listing with stdout full is a failure" {
  machine m60
  # shellcheck disable=SC2016 # the inner shell's
  play sh -c 'exec "$@" >/dev/full' - "$MDEVTOOL" --root "$root" list-types
  fails 1 "stdout"
  play sh -c 'exec "$@" >/dev/full' - "$MDEVTOOL" --root "$root" list-types --json
  fails 1 "stdout"
  play sh -c 'exec "$@" >/dev/full' - "$MDEVTOOL" --root "$root" show "$card" --xml
  fails 1 "stdout"
}

@test "grammar: tables without a terminal are not cut to any width" {
  machine m60
  device "$A" 11 --name "$(printf 'x%.0s' {1..64})"
  COLUMNS=40 mdevtool list
  mentions "$A" "$(printf 'x%.0s' {1..64})" "$card"
}

### The root directory

@test "grammar: MDEVTOOL_ROOT is the same as --root, which wins" {
  machine m60
  MDEVTOOL_ROOT=$root run --separate-stderr "$MDEVTOOL" list-parents --noheadings --raw -o parent
  succeeds
  says "$card"
  MDEVTOOL_ROOT=/no/such/directory run --separate-stderr "$MDEVTOOL" --root "$root" list-parents
  succeeds
  MDEVTOOL_ROOT=/no/such/directory run --separate-stderr "$MDEVTOOL" list-parents
  fails 3 "/no/such/directory"
}

@test "grammar: what is printed stays the machine's own path" {
  machine m60
  device "$A" 11
  local command
  for command in "list-parents --json" "list-types --json" "list --json" "show $card --xml=libvirt" \
    "start-vm-args $A" "destroy $A --dry-run" "create --type 11 --dry-run" "show $A"; do
    # shellcheck disable=SC2086 # words
    mdevtool $command
    succeeds
    mentions_no "$root"
  done
}

@test "grammar: a root directory that is none" {
  run --separate-stderr "$MDEVTOOL" --root "$BATS_TEST_TMPDIR/none" list
  fails 3 "$BATS_TEST_TMPDIR/none"
  : >"$BATS_TEST_TMPDIR/file"
  run --separate-stderr "$MDEVTOOL" --root "$BATS_TEST_TMPDIR/file" list
  [ "$status" -ne 0 ] || complain "it succeeded"
  warns "$BATS_TEST_TMPDIR/file"
}

@test "grammar: root refuses a root directory that others own or may write, by option and environment" {
  [ "$(id -u)" -eq 0 ] || skip "only for root"
  machine m60
  chown 65534 "$root"
  mdevtool list
  fails 7 "$root" "others"
  MDEVTOOL_ROOT=$root run --separate-stderr "$MDEVTOOL" create --type 11
  fails 7 "$root"
  chown 0 "$root"
  local mode
  for mode in 0775 0757 0777 1777; do
    chmod "$mode" "$root"
    mdevtool list
    fails 7 "$root"
    hints chmod
  done
  chmod 0755 "$root"
  mdevtool list
  succeeds
}

@test "grammar: below a sticky parent a root directory of ours is fine" {
  mkdir -m 1777 "$BATS_TEST_TMPDIR/sticky"
  "$MDEVSIM" build "$top_srcdir/tests/machines/m60.machine" "$BATS_TEST_TMPDIR/sticky/m60"
  chmod 0755 "$BATS_TEST_TMPDIR/sticky/m60"
  run --separate-stderr "$MDEVTOOL" --root "$BATS_TEST_TMPDIR/sticky/m60" list-parents
  succeeds
}

### Rights

# as_nobody COMMAND...: without any right to the machine.
as_nobody() {
  local up=$BATS_TEST_TMPDIR
  [ "$(id -u)" -eq 0 ] || skip "not root"
  needs setpriv
  cp -n "$MDEVTOOL" "$BATS_TEST_TMPDIR/mdevtool"
  chmod a+rx "$BATS_TEST_TMPDIR/mdevtool"
  while [ "$up" != / ]; do
    chmod a+x "$up"
    up=$(dirname "$up")
  done
  run --separate-stderr setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}

@test "grammar: without rights listings work, and writing is denied" {
  machine m60
  device "$A" 11
  as_nobody "$BATS_TEST_TMPDIR/mdevtool" --root "$root" list-types --noheadings --raw -o type,free
  succeeds
  says "11 15
12 0
13 0"
  as_nobody "$BATS_TEST_TMPDIR/mdevtool" --root "$root" list --noheadings --raw -o uuid
  succeeds
  says "$A"
  as_nobody "$BATS_TEST_TMPDIR/mdevtool" --root "$root" create --type 11
  fails 7 "Permission denied"
  as_nobody "$BATS_TEST_TMPDIR/mdevtool" --root "$root" destroy "$A"
  fails 7 "Permission denied"
  device_exists "$A"
  as_nobody "$BATS_TEST_TMPDIR/mdevtool" --root "$root" create --type 11 --dry-run
  succeeds
}

@test "grammar: without rights, where nothing was ever made, writing is denied and hinted" {
  machine m60
  as_nobody "$BATS_TEST_TMPDIR/mdevtool" --root "$root" create --type 11
  fails 7 "Permission denied"
  hints root
}

@test "grammar: a tree that is read-only is left alone" {
  [ "$(id -u)" -ne 0 ] || skip "root writes everywhere"
  machine m60
  chmod -R a-w "$root/run"
  mdevtool create --type 11
  fails 7
  chmod -R u+w "$root/run"
  no_device
}

@test "grammar: a read-only file system" {
  unshare --mount --map-root-user true 2>/dev/null || skip "no mount namespace here"
  machine m60
  # shellcheck disable=SC2016 # the inner shell's
  run --separate-stderr unshare --mount --map-root-user sh -c \
    'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"' - "$root" \
    "$MDEVTOOL" --root "$root" create --type 11 --params x
  fails 7 "Read-only file system"
  no_device
}
