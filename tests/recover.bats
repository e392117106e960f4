#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What a killed run leaves, and how the next one mends it.
# shellcheck disable=SC2154 # set by what is loaded

load mdevtool.bash

fresh() {
  rm -rf "${BATS_TEST_TMPDIR:?}/$1"
  machine "$1"
}

was_killed() {
  [ "$status" -eq 137 ] || complain "it was not killed"
}

# killed --kill-before|--kill-after N ARGUMENT...: a run that ends there.
killed() {
  fault "$1" "$2"
  mdevtool "${@:3}"
  was_killed
}

# The writer of a removal is a child, so mdevtool itself is killed from outside, before the driver
# sees write N. With "too", the child goes with it.
killed_in_removal() {
  local number=$1 kill="kill -9 \$(cat $BATS_TEST_TMPDIR/pid)"
  shift
  if [ "$1" = too ]; then
    fault --kill-before "$number"
    shift
  fi
  fault --exec "$number=$kill"
  # shellcheck disable=SC2016 # the inner shell's
  play sh -c 'echo $$ >"$1"; shift; exec "$@"' - "$BATS_TEST_TMPDIR/pid" \
    "$MDEVTOOL" --root "$root" "$@"
  was_killed
}

only_warns() {
  local command
  for command in list list-types list-parents; do
    mdevtool "$command"
    warns "interrupted" "mdevtool recover"
    wrote_nothing
  done
}

@test "recover: nothing to do is told, and is no failure" {
  machine m60
  mdevtool recover
  succeeds
  says_nothing
  warns "nothing to recover"
  mdevtool recover --quiet
  is_silent
  mdevtool recover --json
  json '.recovered == []'
}

@test "recover: a create, killed before and after every write" {
  local when number
  for when in --kill-before --kill-after; do
    for number in 1 2 3; do
      fresh m60
      killed "$when" "$number" create --type 11 --group 1 --params x --uuid "$A" --name desk
      mdevtool recover
      succeeds
      nothing_left
      mdevtool recover
      says_nothing
    done
  done
}

@test "recover: a create, killed at every write, is mended by the next create" {
  local when number
  for when in --kill-before --kill-after; do
    for number in 1 2 3; do
      fresh m60
      killed "$when" "$number" create --type 11 --group 1 --params x --uuid "$A" --name desk
      mdevtool create --type 11 --uuid "$B" --name desk --group auto
      succeeds
      has "$B" group 1
      has_no "$B" params
      is_gone "$A"
      all_is_whole
    done
  done
}

@test "recover: a set, killed before and after every write" {
  local when number
  for when in --kill-before --kill-after; do
    for number in 1 2 3 4 5 6; do
      fresh m60
      killed "$when" "$number" create --type 11 --group 1 --params x --count 2
      mdevtool recover
      succeeds
      nothing_left
    done
  done
}

@test "recover: a set with attributes, killed before and after every write" {
  local when number
  for when in --kill-before --kill-after; do
    for number in 1 2 3 4; do
      fresh s390-ap
      killed "$when" "$number" create --type vfio_ap-passthrough --count 2 \
        --attr assign_control_domain=3
      mdevtool recover
      succeeds
      nothing_left
    done
  done
}

@test "recover: a set of virtual functions, killed before and after every write" {
  local when number
  for when in --kill-before --kill-after; do
    for number in 1 2 3 4; do
      fresh nvidia-vf
      killed "$when" "$number" create --type 1145 --count 2 --params a=1 --name desk
      mdevtool recover
      succeeds
      nothing_left
      killed "$when" "$number" create --type 1145 --count 2 --params a=1 --name desk
      mdevtool create --type 1150 --uuid "$A" --name desk
      succeeds
      vgpu "${vfs[0]}" 1150
      all_is_whole
    done
  done
}

@test "recover: a destroy of virtual functions, killed at every write, is completed" {
  local number too
  for number in 1 2; do
    for too in too ''; do
      fresh nvidia-vf
      device "$A" 1145 --group 1
      device "$B" 1145 --group 1
      # shellcheck disable=SC2086 # nothing is no word
      killed_in_removal "$number" $too destroy --group 1
      mdevtool recover
      succeeds
      nothing_left
    done
  done
}

@test "recover: a destroy, killed at every write, is completed" {
  local number too
  for number in 1 2; do
    for too in too ''; do
      fresh m60
      device "$A" 11 --group 1
      device "$B" 11 --group 1
      # shellcheck disable=SC2086 # nothing is no word
      killed_in_removal "$number" $too destroy --group 1
      mdevtool recover
      succeeds
      nothing_left
    done
  done
}

@test "recover: a destroy, killed at its first write, is completed by the next create" {
  machine m60
  device "$A" 11 --name desk
  killed_in_removal 1 too destroy "$A"
  mdevtool create --type 11 --uuid "$B" --name desk
  succeeds
  is_gone "$A"
  all_is_whole
}

@test "recover: a child that is killed in a removal is a failure that is told" {
  machine m60
  device "$A" 11
  fault --kill-before '*/mdev_destroy'
  mdevtool destroy "$A"
  [ "$status" -ne 0 ] && [ "$status" -ne 137 ] || complain "not so"
  warns "$A"
  mdevtool destroy "$A"
  succeeds
  nothing_left
}

@test "recover: commands that only read warn and write nothing" {
  machine m60
  killed --kill-after 2 create --type 11 --params x --uuid "$A"
  only_warns
  mdevtool show "$A"
  warns "interrupted"
  mdevtool create --type 11 --dry-run
  warns "interrupted"
  wrote_nothing
  mdevtool destroy "$A" --dry-run
  warns "interrupted"
  wrote_nothing
}

@test "recover: with --json the warning stays out of stdout" {
  machine m60
  killed --kill-after 2 create --type 11 --params x --uuid "$A"
  mdevtool list --json
  json '.devices[0].uuid' "$A"
}

@test "recover: --dry-run says what would be done and does nothing" {
  machine m60
  killed --kill-after 2 create --type 11 --params x --uuid "$A"
  mdevtool recover --dry-run
  succeeds
  mentions "would remove $A on '$card'" "would clear"
  wrote_nothing
  device_exists "$A"
  mdevtool recover
  mentions "removed $A on '$card'" "cleared"
  nothing_left
}

@test "recover: tells what it did, as JSON too" {
  machine m60
  killed --kill-after 2 create --type 11 --params x --uuid "$A"
  mdevtool recover --json
  succeeds
  json '.recovered | length' 2
}

@test "recover: params are cleared before the device goes, by the next writer's trace" {
  machine m60
  killed --kill-after 1 create --type 11 --params x --uuid "$A"
  mdevtool recover --verbose
  succeeds
  wrote 11/params ""
  wrote_nothing_else
  warns "echo '' > "
}

@test "recover: a device that a VM took meanwhile is kept, recorded and named" {
  machine m60
  killed --kill-after 2 create --type 11 --group 1 --name desk --params x --uuid "$A"
  holds "$A"
  mdevtool recover
  succeeds
  mentions "kept $A" "qemu-system-x86"
  device_exists "$A"
  recorded "$A"
  params_are_clear
  no_journal_entry
  mdevtool list desk --json
  json '.devices[0].group' 1
  json '.devices[0].state' active
}

@test "recover: an interrupted removal of a device that a VM took meanwhile leaves it alone" {
  machine m60
  device "$A" 11 --group 1
  killed_in_removal 1 too destroy "$A"
  holds "$A"
  mdevtool recover
  mentions "$A" "qemu-system-x86"
  device_exists "$A"
  recorded "$A"
}

@test "recover: a device that another tool made under the same UUID is not ours to remove" {
  machine m60x2
  killed --kill-before 1 create --type 11 --uuid "$A" --parent 86:00.0
  foreign_device "$A" /sys/bus/pci/devices/0000:87:00.0/mdev_supported_types/11
  mdevtool recover
  succeeds
  device_exists "$A"
  no_journal_entry
}

@test "recover: the parent is gone by then" {
  machine samples
  killed --kill-after 1 create --type mtty-1 --uuid "$A"
  "$MDEVSIM" unplug "$root" mtty
  mdevtool recover
  succeeds
  no_journal_entry
  no_stray_record
}

@test "recover: what cannot be mended stays, is told, and is mended later" {
  machine m60
  killed --kill-after 2 create --type 11 --params x --uuid "$A"
  fault --fail '*/mdev_destroy=EBUSY'
  mdevtool recover
  warns "cannot remove $A"
  device_exists "$A"
  mdevtool recover
  succeeds
  nothing_left
}

@test "recover: a failure to mend is no success" {
  machine m60
  killed --kill-after 2 create --type 11 --params x --uuid "$A"
  fault --fail '*/mdev_destroy=EBUSY'
  mdevtool recover
  [ "$status" -ne 0 ] || complain "it succeeded"
}

@test "recover: an operation under way is left alone" {
  machine m60
  "$MDEVSIM" run "$root" --delay '*/create=1500' -- "$MDEVTOOL" --root "$root" \
    create --type 11 --params x --uuid "$A" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
  local i
  for ((i = 0; i < 100; i++)); do
    [ -e "$root/run/mdevtool/journal/$A" ] && break
    sleep 0.02
  done
  mdevtool recover
  succeeds
  says_nothing
  mdevtool list
  warns_not_of interrupted
  wait
  [ "$(cat "$BATS_TEST_TMPDIR/out")" = "$A" ] || complain "$(cat "$BATS_TEST_TMPDIR/out")"
  device_exists "$A"
  recorded "$A"
  all_is_whole
}

@test "recover: a journal entry that is none is told and stays; the others are mended" {
  machine m60
  killed --kill-after 2 create --type 11 --params x --uuid "$A"
  echo '{"operation":' >"$root/run/mdevtool/journal/$B"
  echo '{"operation":"create","devices":[]}' >"$root/run/mdevtool/journal/$C"
  mdevtool recover
  fails 1 "journal/$B" "journal/$C"
  is_gone "$A"
  params_are_clear
  [ -e "$root/run/mdevtool/journal/$B" ] || complain "it was removed"
  mdevtool create --type 11
  succeeds
}

@test "recover: hostile journal entries lead nowhere" {
  machine m60
  mdevtool create --type 11 --uuid "$A"
  mkdir -p "$root/run/mdevtool/journal"
  ln -s /etc/passwd "$root/run/mdevtool/journal/$B"
  mkfifo "$root/run/mdevtool/journal/$C"
  mkdir "$root/run/mdevtool/journal/$D"
  mdevtool list
  mdevtool recover
  fails 1 "journal/$B" "journal/$C" "journal/$D"
  warns_not_of root:
  device_exists "$A"
  recorded "$A"
}

@test "recover: the state directory that others may change is refused" {
  machine m60
  mdevtool create --type 11
  chmod 0777 "$root/run/mdevtool"
  mdevtool create --type 11
  fails 7 "/run/mdevtool" "others may change it"
  hints 0755
  wrote_nothing_else
}

# removed_by_others UUID: through a shell, as it were.
removed_by_others() {
  local parent
  parent=$(readlink -f "$root/sys/bus/mdev/devices/$1/..")
  play bash -c "echo $1 >'$parent/mdev_destroy'"
  succeeds
  skip_what_was_written
}

@test "recover: a device that others removed is forgotten" {
  machine m60
  device "$A" 11 --group 1 --name desk
  device "$B" 11 --group 1
  removed_by_others "$A"
  mdevtool recover --dry-run
  succeeds
  says "would forget $A on '$card': the device is gone"
  wrote_nothing
  mdevtool recover
  succeeds
  says "forgot $A on '$card': the device is gone"
  wrote_nothing_else
  is_gone "$A"
  recorded "$B"
  all_is_whole
  mdevtool recover
  says_nothing
  warns "nothing to recover"
}

@test "recover: a device that went with its parent is forgotten" {
  machine samples
  device "$A" mtty-1
  device "$B" mbochs-small
  "$MDEVSIM" unplug "$root" mtty
  mdevtool recover --json
  succeeds
  json '.recovered == ["forgot '"$A on 'mtty'"': the device is gone"]'
  is_gone "$A"
  recorded "$B"
}

@test "recover: a device whose UUID another one has by now is forgotten, and the other left" {
  machine m60
  device "$A" 11 --name desk
  removed_by_others "$A"
  foreign_device "$A" "$types/12"
  mdevtool recover
  succeeds
  says "forgot $A on '$card': another device has its UUID"
  device_exists "$A"
  mdevtool list "$A" --json
  json '.devices[0].state' foreign
}

@test "recover: what the journal is about is mended, and not forgotten beside that" {
  machine m60
  device "$A" 12
  removed_by_others "$A"
  killed --kill-after 4 create --type 11 --params x --count 2
  local first
  first=$(cd "$root/run/mdevtool/devices" && ls --ignore="$A")
  removed_by_others "$first"
  mdevtool recover --dry-run
  mentions "would forget $A on" "would clear"
  mentions_no "forget $first"
  mdevtool recover
  mentions "forgot $A"
  mentions_no "forgot $first"
  nothing_left
}

@test "recover: where sysfs is not to be seen nothing is forgotten" {
  machine m60
  device "$A" 11
  mv "$root/sys" "$root/nowhere"
  mkdir "$root/sys"
  mdevtool recover
  succeeds
  says_nothing
  recorded "$A"
}

@test "recover: a device whose removal the driver has not finished is not forgotten" {
  machine m60
  device "$A" 11 --name desk
  holds "$A"
  "$MDEVSIM" run "$root" -- timeout 0.3 bash -c \
    "echo $A >'$root/sys/bus/pci/devices/$card/mdev_destroy'" || true
  [ ! -e "$root/sys/bus/mdev/devices/$A" ] || complain "it is there"
  mdevtool recover
  says_nothing
  recorded "$A"
  releases "$A"
  mdevtool recover
  says "forgot $A on '$card': the device is gone"
}

@test "recover: nothing is forgotten of a parent that another run works on" {
  machine m60x2
  device "$A" 11 --parent 86:00.0
  device "$B" 11 --parent 87:00.0
  removed_by_others "$A"
  removed_by_others "$B"
  exec 8>"$root/run/mdevtool/lock/$card"
  flock 8
  mdevtool recover
  succeeds
  says "forgot $B on '0000:87:00.0': the device is gone"
  exec 8>&-
  mdevtool recover
  mentions "forgot $A"
  no_stray_record
}

# entry PARENT: what a run that makes A there has in the journal.
entry() {
  jq --arg parent "$1" '{operation: "create", pending: false,
    devices: [del(.inode) | .parent = $parent]}' "$root/run/mdevtool/devices/$A"
}

@test "recover: an entry that has become another run's meanwhile is left to it" {
  needs strace
  export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 # not under a tracer
  machine m60x2
  device "$A" 11 --parent 87:00.0
  entry 0000:87:00.0 >"$BATS_TEST_TMPDIR/theirs"
  entry "$card" >"$root/run/mdevtool/journal/$A"
  exec 8>"$root/run/mdevtool/lock/0000:87:00.0"
  flock 8
  # between its look at the journal and the lock of the parent that stands there
  (sleep 0.5 && cp "$BATS_TEST_TMPDIR/theirs" "$root/run/mdevtool/journal/$A") &
  run --separate-stderr strace -qq -o /dev/null -e trace=flock -e inject=flock:delay_enter=1500000:when=1 \
    "$MDEVTOOL" --root "$root" recover --dry-run
  wait $!
  exec 8>&-
  succeeds
  says_nothing
  mdevtool recover --dry-run
  mentions "would remove $A on '0000:87:00.0'"
}

@test "recover: a record that cannot be removed is told" {
  [ "$(id -u)" -ne 0 ] || skip "root removes everything"
  machine m60
  device "$A" 11
  removed_by_others "$A"
  chmod 0555 "$root/run/mdevtool/devices"
  mdevtool recover
  fails 1 "cannot remove" "$A"
  chmod 0755 "$root/run/mdevtool/devices"
}

@test "recover: takes no arguments" {
  machine m60
  mdevtool recover "$A"
  fails 2 "recover" "$A"
}

@test "recover: types that virtual functions list are remembered, for when others leave no room" {
  machine nvidia-vf
  mdevtool recover --dry-run
  succeeds
  [ ! -e "$root/run/mdevtool/types" ] || complain "the dry run wrote"
  mdevtool recover
  succeeds
  foreign_vgpu "${vfs[0]}" 1145
  mdevtool create --type "NVIDIA L40S-48Q"
  fails 5 1158
  mdevtool list-types --all --type 1158 --noheadings --raw -o name,free
  says "NVIDIA\x20L40S-48Q 0"
}

@test "recover: half a file of types that a killed run left goes" {
  machine nvidia-vf
  mdevtool recover
  local half=$root/run/mdevtool/types/.$gpu.tmp command
  for command in recover "create --type 1145"; do
    echo '{' >"$half"
    # shellcheck disable=SC2086 # words
    mdevtool $command
    succeeds
    [ ! -e "$half" ] || complain "it is there after $command"
  done
}
