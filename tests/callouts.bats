#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# mdevctl's call-outs and notifiers around what mdevtool does. What mdevctl itself does to a script
# was seen with 1.2.0 and 1.4.0.
# shellcheck disable=SC2154 # set by what is loaded
# shellcheck disable=SC2016 # the inner shell's

load mdevtool.bash

here=/etc/mdevctl.d/scripts.d
there=/usr/lib/mdevctl/scripts.d
capable='echo "{\"supports\":{\"version\":2,\"actions\":[\"start\",\"stop\",\"define\",\"modify\",\"attributes\"],\"events\":[\"pre\",\"post\",\"get\",\"live\"]}}"'

setup() {
  machine s390-ap
  log=$BATS_TEST_TMPDIR/log
  : >"$log"
}

# script DIRECTORY NAME [EVENT ACTION-SHELL]...: writes down how it is called, then does what is
# said for that event ("pre", "capabilities", "attributes"); else it ends with 0.
script() {
  local path=$root$1/$2
  mkdir -p "$root$1"
  {
    printf '#!/bin/bash\nin=$(cat)\n'
    printf 'echo "${0##*/} $* | $in" >>%q\n' "$log"
    shift 2
    while [ $# -gt 0 ]; do
      printf 'case "$*" in *"-e %s "* | *"-a %s "*) %s;; esac\n' "$1" "$1" "$2"
      shift 2
    done
    echo 'exit 0'
  } >"$path"
  chmod 755 "$path"
}

# Of an older protocol: knows nothing of capabilities.
old_script() {
  script "$1" "$2" capabilities 'exit 2' "${@:3}"
}

# called [NAME EVENT ACTION STATE]...: exactly these calls, in this order.
called() {
  local wanted=() found
  while [ $# -gt 0 ]; do
    wanted+=("$1 $2 $3 $4")
    shift 4
  done
  found=$(sed -E 's/^(\S+) -t \S+ -e (\S+) -a (\S+) -s (\S+) .*/\1 \2 \3 \4/' "$log")
  [ "$found" = "$(printf '%s\n' "${wanted[@]}")" ] || complain "the calls were:" "$found"
}

create_ap() {
  mdevtool create --parent matrix --type vfio_ap-passthrough --uuid "$A" "$@"
}

@test "callouts: without scripts nothing is run, and nothing is missed" {
  create_ap
  succeeds
  is_silent
}

@test "callouts: start asks, announces, and tells how it went; the words are mdevctl's" {
  script $here/callouts 10-mine capabilities "$capable"
  script $here/notifiers 20-note
  create_ap --attr assign_control_domain=5
  succeeds
  called 10-mine get capabilities none 10-mine pre start none 10-mine post start success \
    20-note notify start success
  assert_equal "$(sed -n 1p "$log")" \
    "10-mine -t vfio_ap-passthrough -e get -a capabilities -s none -u $A -p matrix | {\"provides\":{\"version\":2,\"actions\":[\"start\",\"stop\",\"define\",\"undefine\",\"modify\",\"attributes\",\"capabilities\"],\"events\":[\"pre\",\"post\",\"notify\",\"get\",\"live\"]}}"
  assert_equal "$(sed -n 2p "$log")" \
    "10-mine -t vfio_ap-passthrough -e pre -a start -s none -u $A -p matrix | {\"mdev_type\":\"vfio_ap-passthrough\",\"start\":\"manual\",\"attrs\":[{\"assign_control_domain\":\"5\"}]}"
  assert_equal "$(sed -n 4p "$log")" \
    "20-note -t vfio_ap-passthrough -e notify -a start -s success -u $A -p matrix | "
}

@test "callouts: destroy is a stop" {
  create_ap
  succeeds
  old_script $here/callouts mine
  mdevtool destroy "$A"
  succeeds
  called mine get capabilities none mine pre stop none mine post stop success
  is_gone "$A"
}

@test "callouts: define, modify and undefine" {
  old_script $here/callouts mine
  mdevtool define --parent matrix --type vfio_ap-passthrough --uuid "$A" --name x --group 3
  succeeds
  called mine get capabilities none mine pre define none mine post define success
  assert_equal "$(sed -n '2s/.* | //p' "$log")" \
    '{"mdev_type":"vfio_ap-passthrough","start":"manual","attrs":[]}'
  : >"$log"
  mdevtool modify x --auto
  succeeds
  called mine get capabilities none mine pre modify none mine post modify success
  : >"$log"
  mdevtool undefine x
  succeeds
  called mine get capabilities none mine pre undefine none mine post undefine success
}

@test "callouts: both directories, each in the order of names, until one feels meant" {
  old_script $here/callouts 05-early pre 'exit 2'
  old_script $there/callouts 50-lib pre 'exit 2'
  old_script $there/callouts 100-lib pre 'exit 2'
  old_script $here/callouts 20-mine
  old_script $here/callouts 30-late
  create_ap
  succeeds
  called 100-lib get capabilities none 50-lib get capabilities none \
    05-early get capabilities none 20-mine get capabilities none 30-late get capabilities none \
    100-lib pre start none 50-lib pre start none 05-early pre start none 20-mine pre start none \
    20-mine post start success
}

@test "callouts: one that knows version 2 is asked alone" {
  old_script $here/callouts 10-old
  script $here/callouts 20-new capabilities "$capable"
  create_ap
  succeeds
  called 10-old get capabilities none 20-new get capabilities none 20-new pre start none \
    20-new post start success
}

@test "callouts: a refusal stops the action before anything is written; post still runs" {
  old_script $here/callouts mine pre 'echo "crypto domains overlap" >&2; exit 1'
  script $here/notifiers note
  create_ap
  fails 1 "mine: crypto domains overlap" "the script '$here/callouts/mine' refuses with status 1"
  called mine get capabilities none mine pre start none mine post start failure \
    note notify start none
  wrote_nothing_else
  nothing_left
}

@test "callouts: a refusal keeps a definition as it was" {
  mdevtool define --parent matrix --type vfio_ap-passthrough --uuid "$A"
  succeeds
  old_script $here/callouts mine pre 'exit 3'
  for command in "modify $A --auto" "undefine $A" "define --parent matrix -t vfio_ap-passthrough"; do
    # shellcheck disable=SC2086 # words
    mdevtool $command
    fails 1 "refuses with status 3"
    wrote_nothing
  done
}

@test "callouts: a set of which one is refused is put back, and scripts hear of that, too" {
  mdevtool define --parent matrix --type vfio_ap-passthrough --uuid "$A" --attr assign_adapter=3
  mdevtool define --parent matrix --type vfio_ap-passthrough --uuid "$B"
  old_script $here/callouts mine pre "[[ \$* != *$B* ]] || exit 1"
  mdevtool modify "$A" "$B" --auto
  fails 1 "definition 2 of 2 failed: " "refuses with status 1; nothing of the set is changed"
  called mine get capabilities none mine pre modify none mine post modify success \
    mine get capabilities none mine pre modify none mine post modify failure \
    mine get capabilities none mine pre modify none mine post modify success
  # what it is changed to, then the refused one, and what it is changed back to
  [ "$(sed -n 's/.*-e pre.*"start":"\([a-z]*\)".*/\1/p' "$log" | xargs)" = "auto auto manual" ] ||
    complain "$(<"$log")"
  : >"$log"
  mdevtool undefine "$A" "$B"
  fails 1 "nothing of the set is undefined"
  called mine get capabilities none mine pre undefine none mine post undefine success \
    mine get capabilities none mine pre undefine none mine post undefine failure \
    mine get capabilities none mine pre define none mine post define success
  grep -q -- "-e pre -a define .*assign_adapter" "$log" || complain "$(<"$log")"
  mdevtool list --defined --json
  json '.definitions | map(.start) == ["manual", "manual"]'
}

@test "callouts: what fails afterwards is told to post, once the device is gone again" {
  old_script $here/callouts mine post "echo left: \$(ls $root/sys/bus/mdev/devices) >&2"
  create_ap --attr no-such-file=1
  fails 8 "no-such-file" "mine: left:"
  warns_not_of "left: $A"
  called mine get capabilities none mine pre start none mine post start failure
}

@test "callouts: a set that is undone stops what was started" {
  old_script $here/callouts mine
  document '[{"parent":"matrix","type":"vfio_ap-passthrough","uuid":"'"$A"'"},
    {"parent":"matrix","type":"vfio_ap-passthrough","uuid":"'"$B"'","attrs":[{"none":"1"}]}]'
  mdevtool create "$document"
  fails 8
  nothing_left
  [ "$(grep -c -- '-e post -a start -s success' "$log")" = 1 ] || complain "$(<"$log")"
  [ "$(grep -c -- "-e post -a start -s failure -u $B" "$log")" = 1 ] || complain "$(<"$log")"
  [ "$(grep -c -- "-e post -a stop -s success -u $A" "$log")" = 1 ] || complain "$(<"$log")"
}

@test "callouts: a script that refuses to stop leaves the device" {
  create_ap
  succeeds
  old_script $here/callouts mine pre 'exit 1'
  mdevtool destroy "$A"
  fails 1 "refuses"
  device_exists "$A"
  recorded "$A"
}

@test "callouts: notifiers that fail change nothing" {
  script $here/notifiers 10-bad notify 'exit 1'
  script $here/notifiers 20-good
  create_ap
  succeeds
  warns "the script '$here/notifiers/10-bad' fails with status 1"
  called 10-bad notify start success 20-good notify start success
}

@test "callouts: --dry-run runs none" {
  old_script $here/callouts mine
  create_ap --dry-run
  succeeds
  called
}

@test "callouts: what a script says is made printable" {
  old_script $here/callouts mine pre 'printf "\033[31mred\n" >&2; exit 1'
  create_ap
  fails 1 'mine: \x1b[31mred'
}

@test "callouts: a clean environment, /, and only the first three descriptors" {
  old_script $here/callouts mine pre 'fds=$(ls /proc/$$/fd); { env; pwd; echo "$fds"; } >>'"$log"
  SECRET=1 create_ap
  succeeds
  run grep -c SECRET "$log"
  assert_output 0
  assert_equal "$(grep ^PATH= "$log")" PATH=/usr/sbin:/usr/bin:/sbin:/bin
  grep -qx / "$log" || complain "$(<"$log")"
  # 255 is where bash keeps the script itself, 3 the pipe of its $( )
  assert_equal "$(grep -xE '[0-9]+' "$log" | tr '\n' ' ')" '0 1 2 255 3 '
}

@test "callouts: one that reads nothing and one that prints a lot hang nobody" {
  local path=$root$here/callouts/mine
  mkdir -p "$root$here/callouts"
  printf '#!/bin/bash\nyes | head -n 100000\nyes | head -n 3000 >&2\nexit 2\n' >"$path"
  chmod 755 "$path"
  create_ap
  succeeds
}

@test "callouts: a script that others may change is not run" {
  old_script $here/callouts mine
  chmod 777 "$root$here/callouts/mine"
  create_ap
  fails 7 "will not run '$here/callouts/mine': others may change '$here/callouts/mine'"
  hints chown chmod
  called
  nothing_left
}

@test "callouts: nor is one in a directory that others may change, unless it is sticky" {
  old_script $here/callouts mine
  chmod 777 "$root/etc/mdevctl.d"
  create_ap
  fails 7 "others may change '/etc/mdevctl.d'"
  called
  chmod 1777 "$root/etc/mdevctl.d"
  create_ap
  succeeds
}

@test "callouts: nor one that belongs to somebody else" {
  [ "$(id -u)" = 0 ] || skip "only root can give files away"
  old_script $here/callouts mine
  chown nobody "$root$here/callouts/mine"
  create_ap
  fails 7 "will not run"
  called
}

@test "callouts: what is no script is passed over" {
  old_script $here/callouts mine
  echo 'no script' >"$root$here/callouts/README"
  mkdir "$root$here/callouts/10-directory"
  ln -s nowhere "$root$here/callouts/20-dangling"
  create_ap
  succeeds
  called mine get capabilities none mine pre start none mine post start success
}

@test "callouts: a link to a script is followed inside the tree, and what it leads to is checked" {
  old_script /opt real
  mkdir -p "$root$here/callouts"
  ln -s /opt/real "$root$here/callouts/link"
  create_ap
  succeeds
  called real get capabilities none real pre start none real post start success
  mdevtool destroy "$A"
  chmod 777 "$root/opt"
  create_ap
  fails 7 "others may change '/opt'"
}

@test "callouts: a script without an interpreter is an error that names it" {
  mkdir -p "$root$here/callouts"
  printf '#!/no/such/interpreter\n' >"$root$here/callouts/mine"
  chmod 755 "$root$here/callouts/mine"
  create_ap
  [ "$status" -ne 0 ] || complain "it did not fail"
  warns "callouts/mine"
  nothing_left
}

@test "callouts: define DEVICE asks the script for the attributes" {
  create_ap
  succeeds
  script $here/callouts mine capabilities "$capable" \
    attributes 'echo "[{\"assign_adapter\":\"5\"},{\"assign_domain\":\"4\"}]"'
  mdevtool define "$A"
  succeeds
  mdevtool export "$A"
  json '[.attrs[] | to_entries[] | "\(.key)=\(.value)"] | join(" ")' 'assign_adapter=5 assign_domain=4'
}

@test "callouts: an empty matrix has no attributes" {
  create_ap
  succeeds
  script $here/callouts mine capabilities "$capable" attributes 'echo "[{}]"'
  mdevtool define "$A"
  succeeds
  mdevtool export "$A"
  json '.attrs' null
}

@test "callouts: attributes that are no list are an error that names the script" {
  create_ap
  succeeds
  script $here/callouts mine capabilities "$capable" attributes 'echo "{oops"'
  mdevtool define "$A"
  fails 8 "$here/callouts/mine:1:"
  script $here/callouts mine capabilities "$capable" attributes 'echo "[{\"../x\":\"5\"}]"'
  mdevtool define "$A"
  fails 8 "$here/callouts/mine:1:" "../x"
}

# The part that s390-tools' ap-check plays: it locks the crypto configuration before a change and
# unlocks it after it, for its own type only.
play_ap_check() {
  lock=$BATS_TEST_TMPDIR/ap-lock
  script $there/callouts ap-check \
    capabilities "[[ \$2 == vfio_ap-passthrough ]] || exit 2; $capable" \
    pre "mkdir $lock || exit 1; [[ \$in != *overlap* ]] || { echo overlaps >&2; exit 1; }" \
    post "rmdir $lock"
}

@test "callouts: of a set one device that a notifier removes does not hide the others" {
  script "$here/notifiers" 10-it notify \
    "[[ \"\$*\" != *\"-a start \"*$B* ]] || echo 1 >$root/sys/bus/mdev/devices/$B/remove"
  document "{\"devices\": [{\"uuid\": \"$A\", \"parent\": \"matrix\", \"type\": \"vfio_ap-passthrough\"},
    {\"uuid\": \"$B\", \"parent\": \"matrix\", \"type\": \"vfio_ap-passthrough\"}]}"
  mdevtool create "$document" --json
  fails 3 "made: $A" "made: $B" "no device '$B'"
}

@test "callouts: ap-check's protocol: locked in between, unlocked in the end, whatever happens" {
  play_ap_check
  script $here/notifiers look notify "test ! -e $lock || echo LOCKED >>$log"
  create_ap --attr assign_control_domain=5
  succeeds
  mdevtool destroy "$A"
  succeeds
  create_ap --attr no-such-file=1
  fails 8
  mdevtool define --parent matrix --type vfio_ap-passthrough --attr overlap=1
  fails 1 "ap-check: overlaps"
  mdevtool define --parent matrix --type vfio_ap-passthrough --attr assign_control_domain=6 --auto
  succeeds
  mdevtool start --auto
  succeeds
  [ ! -e "$lock" ] || complain "it is still locked"
  run grep LOCKED "$log"
  assert_failure
}
