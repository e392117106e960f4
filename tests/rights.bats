#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Who may do what: with rights that the program was lent, as an ordinary user, and whose are the files.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # for another shell; set by what is loaded, in each test

load mdevtool.bash

### Rights that the program was lent

# lent: a copy of the program where rights can be lent to it, as nobody may run it; in $lent.
lent() {
  local up
  [ "$(id -u)" -eq 0 ] || skip "only root can lend rights"
  needs setpriv findmnt
  [ -z "${GCOV_ERROR_FILE-}" ] || skip "a build that counts lines writes files with those rights"
  if grep -q 'NoNewPrivs:.*1' /proc/self/status; then
    skip "no rights can be gained here"
  fi
  for up in "$BATS_TEST_TMPDIR" "$top_builddir" /var/tmp; do
    [[ ,$(findmnt -no OPTIONS -T "$up"), == *,nosuid,* ]] || break
  done
  [[ ,$(findmnt -no OPTIONS -T "$up"), != *,nosuid,* ]] || skip "no file system here knows set-uid"
  lent_dir=$(mktemp -d "$up/lent-XXXXXXXX")
  lent=$lent_dir/mdevtool
  cp "$MDEVTOOL" "$lent"
  chmod 0755 "$lent_dir" "$lent"
  for name in mdevctl lsmdev mdevtool-list; do
    ln -s mdevtool "$lent_dir/$name"
  done
  while [ "$up" != / ]; do
    chmod a+x "$up"
    up=$(dirname "$up")
  done
}

teardown() {
  [ -z "${lent_dir-}" ] || rm -r "$lent_dir"
}

as_nobody() {
  run --separate-stderr setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}

# refuses: whatever it is called, asked for or surrounded by, with nothing looked at.
refuses() {
  local words
  for words in "" --help --version "list --json" "--root /nowhere list" "create --type 11" craete --none; do
    # shellcheck disable=SC2086 # words
    as_nobody "$lent" $words
    fails 7 "mdevtool: refusing to run set-uid, set-gid or with file capabilities"
    hints "chmod ug-s" "setcap -r" sudo
    says_nothing
    [ "$(wc -l <<<"$stderr")" -eq 2 ] || complain "it says more"
  done
  for words in mdevctl lsmdev mdevtool-list; do
    as_nobody "$lent_dir/$words" list
    fails 7 "refusing to run"
    says_nothing
  done
  as_nobody env MDEVTOOL_ROOT=/nowhere "$lent" list
  fails 7 "refusing to run"
  warns_not_of nowhere
  as_nobody sh -c 'exec "$0" list >&- 2>&-' "$lent"
  [ "$status" -eq 7 ] || complain "it did not refuse"
}

@test "rights: a set-uid or set-gid program refuses to run" {
  local mode
  lent
  as_nobody "$lent" --version
  succeeds
  for mode in 4755 2755 6755; do
    chmod "$mode" "$lent"
    refuses
  done
  # whoever it belongs to, it is not its user's
  chown 65533:65533 "$lent"
  chmod 6755 "$lent"
  refuses
}

@test "rights: root, who gains nothing by it, is not refused" {
  lent
  chmod 6755 "$lent"
  run --separate-stderr "$lent" --version
  succeeds
  chown 65533 "$lent"
  chmod 4755 "$lent"
  run --separate-stderr "$lent" --version
  fails 7 "refusing to run"
}

@test "rights: a program with file capabilities refuses to run" {
  lent
  needs setcap
  setcap cap_dac_override+ep "$lent" || skip "no capabilities can be given to files here"
  refuses
  setcap -r "$lent"
  as_nobody "$lent" --version
  succeeds
}

### Ordinary users

# What only shows, a command a line.
reading() {
  cat <<END
list-parents
list-parents --all --json
list-types
list-types --all --json
list-types --available
list
list --json
list $A
list --defined
list --defined --json
show $1
show $1 --json
show $1 --xml
show $A
show $A --json
start-vm-args $A
start-vm-args $A --format libvirt
export
export $B --format mdevctl
complete -- list-types --type ''
complete -- destroy ''
complete -- start ''
create --type $2 --dry-run
start $B --dry-run
destroy $A --dry-run
recover --dry-run
--help
--version
END
}

# Every file of the machine and when it was last changed; commands that were copied there are none.
untouched() {
  find "$root" -mindepth 1 -printf '%p %y %m %u %C@\n' | sort
}

# shows_the_same PARENT TYPE: to nobody as to root, where no process is hidden, and no file changes.
shows_the_same() {
  [ -z "${GCOV_ERROR_FILE-}" ] || skip "nobody cannot write what a build that counts lines writes"
  local words all before
  chmod -R a+rwX "$root/proc" "$root/dev"
  nobody_calls --version
  before=$(untouched)
  while IFS= read -r words; do
    eval "words=($words)"
    run --separate-stderr "$MDEVTOOL" --root "$root" "${words[@]}"
    succeeds
    all=$output$stderr
    nobody_calls "${words[@]}"
    succeeds
    # a UUID that is made up each time
    [ "${words[0]}" = create ] || [ "$output$stderr" = "$all" ] || complain "${words[*]}: root sees" "$all"
    [ "$(untouched)" = "$before" ] || complain "${words[*]}: a file has changed"
  done < <(reading "$@")
}

@test "rights: what only shows tells everybody the same, and changes no file" {
  machine m60
  device "$A" 11 --name desk --params x=y --group 2
  definition "$B" 11 --name table --params x=y
  shows_the_same "$card" 11
}

@test "rights: of virtual functions, too" {
  machine nvidia-vf
  device "$A" 1145 --name desk
  mdevtool define --uuid "$B" --type 1145 --parent "$gpu" --name table
  succeeds
  shows_the_same "$gpu" 1145
}

@test "rights: where nothing was ever made, too" {
  machine m60
  local before words
  nobody_calls --version
  before=$(untouched)
  for words in list-parents list-types list "list --defined" export "recover --dry-run" "create --type 11 --dry-run"; do
    # shellcheck disable=SC2086 # words
    nobody_calls $words
    succeeds
    [ "$(untouched)" = "$before" ] || complain "$words: a file has changed"
  done
}

@test "rights: to an ordinary user the holder is unknown, never none" {
  machine m60
  device "$A" 11
  device "$B" 11
  holds "$A"
  chmod 0500 "$root/proc/4711/fd"
  mdevtool list --noheadings --raw -o held-by
  mentions 4711
  nobody_calls list --noheadings --raw -o held-by
  succeeds
  says "unknown
unknown"
  nobody_calls list --json
  json '[.devices[].holders] == [null, null]'
  nobody_calls show "$A"
  mentions unknown
  nobody_calls start-vm-args "$A"
  succeeds
  warns "'$A' may be in use"
}

# told FILE STILL COMMAND...: nobody is told of that file, with the reason, and shown the rest; root sees all.
told() {
  local file=$1 still=$2
  shift 2
  mdevtool "$@"
  succeeds
  is_silent
  chmod 0 "$root$file"
  nobody_calls "$@"
  fails 1 "warning: " "$file" "Permission denied"
  mentions "$still"
  nobody_calls "$@" --json
  fails 1
  json '[.warnings[] | select(tostring | contains("'"$file"'"))] | length' 1
  mdevtool "$@"
  succeeds
  is_silent
  chmod 0755 "$root$file"
}

@test "rights: an ordinary user is told what could not be read" {
  machine m60
  device "$A" 11 --name desk
  definition "$B" 11 --name table
  definition "$C" 11
  told "$types/12/name" "GRID M60-0B" list-types
  told "/run/mdevtool/devices/$A" "$A" list
  told /run/mdevtool/devices "$A" list
  told "/etc/mdevctl.d/$card/$B" "$C" list --defined
  told "/etc/mdevtool.d/$B" "$C" list --defined
  told "/etc/mdevctl.d/$card" "" list --defined
  told /etc/mdevctl.d "" list --defined
  machine nvidia-vf
  told "/sys/bus/pci/devices/${vfs[2]}/nvidia/creatable_vgpu_types" 1145 list-types
}

@test "rights: an ordinary user is told of what is to be mended, as far as it can be seen" {
  machine m60
  fault --kill-after 2
  mdevtool create --type 11 --uuid "$A" --params x=y
  nobody_calls --version
  local before
  before=$(untouched)
  nobody_calls recover --dry-run
  fails 1 "warning: $card: whether a run is at work or was interrupted cannot be seen" "Permission denied"
  nobody_calls recover --dry-run --json
  fails 1
  json '.warnings | length' 1
  nobody_calls list
  succeeds
  mentions "$A"
  nobody_calls recover
  fails 7 "Permission denied"
  [ "$(untouched)" = "$before" ] || complain "a file has changed"
}

@test "rights: an ordinary user is told of definitions that may be to mend, and of devices to forget" {
  machine m60
  device "$A" 11
  foreign_removal() { play bash -c "echo $A >'$root$types/../mdev_destroy'"; }
  foreign_removal
  succeeds
  definition "$B" 11 --name desk
  rm "$root/etc/mdevctl.d/$card/$B"
  mdevtool recover --dry-run
  mentions "would forget $A" "would forget what was kept of $B"
  nobody_calls recover --dry-run
  fails 1 "/etc/mdevctl.d: whether" "$card: whether"
  says_nothing
}

### Whose files are, and who may change them

# with_umask UMASK COMMAND...: the command, begun with that.
with_umask() {
  play sh -c 'umask "$0"; exec "$@"' "$@"
}

# What lies below /etc and /run: mode, owner and path, a line each.
modes() {
  (cd "$root" && find etc run -mindepth 1 -printf '%m %U %P\n' | sort -k 3)
}

# is_ours: every directory 0755, every file 0644, but locks, and the note of what is being defined, for us alone.
is_ours() {
  local mode owner path wanted
  while read -r mode owner path; do
    case $path in
      mdevtool/lock) wanted=700 ;;
      mdevtool/lock/* | mdevctl.d/.mdevtool.unfinished) wanted=600 ;;
      *) if [ -d "$root/etc/$path" ] || [ -d "$root/run/$path" ]; then wanted=755; else wanted=644; fi ;;
    esac
    [ "$mode $owner" = "$wanted $(id -u)" ] || complain "$path is $owner's, mode $mode, with umask $mask"
  done < <(modes)
}

# there_are PATH...: so that none of them was missed.
there_are() {
  local path
  for path; do
    [ -e "$root/$path" ] || complain "there is no $path"
  done
}

@test "rights: files and directories have the modes that they are to have, whatever the umask" {
  local mask
  for mask in 077 000 777; do
    rm -rf "${BATS_TEST_TMPDIR:?}/m60" "$BATS_TEST_TMPDIR/nvidia-vf"
    machine m60
    rm -rf "${root:?}"/{etc,run}/*
    with_umask $mask "$MDEVTOOL" --root "$root" create --type 11 --uuid "$A" --name desk --params x=y
    succeeds
    with_umask $mask "$MDEVTOOL" --root "$root" define --type 11 --parent "$card" --uuid "$B" --name table --auto
    succeeds
    with_umask $mask "$MDEVTOOL" --root "$root" modify "$B" --group 3
    succeeds
    with_umask $mask "$MDEVTOOL" --root "$root" start --auto
    succeeds
    there_are run/mdevtool/{devices/"$A",devices/"$B",journal,lock/.names,lock/"$card"} \
      etc/mdevctl.d/"$card/$B" etc/mdevtool.d/"$B"
    is_ours
    # what is only there while it is at work
    fault --kill-after 2
    with_umask $mask "$MDEVTOOL" --root "$root" create --type 11 --uuid "$C" --params x=y
    there_are run/mdevtool/journal/"$C"
    is_ours
    fault --crash file:8
    with_umask $mask "$MDEVTOOL" --root "$root" define --type 11 --parent "$card" --count 2
    there_are etc/mdevctl.d/.mdevtool.unfinished
    is_ours
    machine nvidia-vf
    rm -rf "${root:?}"/{etc,run}/*
    with_umask $mask "$MDEVTOOL" --root "$root" create --type 1145 --uuid "$A"
    succeeds
    there_are run/mdevtool/types/"$gpu"
    is_ours
  done
}

@test "rights: a lock directory that others may look into is closed to them" {
  machine m60
  device "$A" 11
  chmod 0755 "$root/run/mdevtool/lock"
  mdevtool destroy "$A"
  succeeds
  assert_equal "$(stat -c %a "$root/run/mdevtool/lock")" 700
}

@test "rights: mdevctl's name for it makes files with the same modes" {
  machine samples
  rm -rf "${root:?}"/{etc,run}/*
  local mask=077
  ln -s "$MDEVTOOL" "$BATS_TEST_TMPDIR/mdevctl"
  with_umask $mask env MDEVCTL_ENV_ROOT="$root" "$BATS_TEST_TMPDIR/mdevctl" define -u "$A" -p mdpy -t mdpy-hd
  succeeds
  with_umask $mask env MDEVCTL_ENV_ROOT="$root" "$BATS_TEST_TMPDIR/mdevctl" start -u "$A"
  succeeds
  there_are run/mdevtool/devices/"$A" etc/mdevctl.d/mdpy/"$A"
  is_ours
}
