#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# mdevtool list
# shellcheck disable=SC2154 # set by what is loaded

load mdevtool.bash

@test "list: nothing where nothing is" {
  machine m60
  mdevtool list
  succeeds
  is_silent
  mdevtool list --json
  succeeds
  json '.devices == []'
}

@test "list: UUID, name, parent, type, group and who holds it" {
  machine m60
  device "$A" 11 --group 1 --name desk
  mdevtool list
  succeeds
  [[ "${lines[0]}" =~ ^UUID\ +NAME\ +PARENT\ +TYPE\ +GROUP\ +HELD\ BY$ ]] || complain "other headings"
  [[ "${lines[1]}" =~ ^$A\ +desk\ +$card\ +11\ +1\ +-$ ]] || complain "not so"
  wrote_nothing
}

@test "list: the process and the VM that hold a device" {
  machine m60
  device "$A" 11
  holds "$A"
  mdevtool list
  succeeds
  mentions "qemu-system-x86 4711 (web-1)"
  mdevtool list --json
  json '.devices[0].holders | length' 1
  json '.devices[0].holders[0].pid' 4711
  json '.devices[0].holders[0].command' qemu-system-x86
  json '.devices[0].holders[0].vm' web-1
}

@test "list: several holders are all told, those without a VM too" {
  machine m60
  device "$A" 11
  holds "$A"
  holds "$A" 12 cat 'cat\x00x\x00'
  mdevtool list --json
  json '.devices[0].holders | map(.pid) | sort == [12, 4711]'
  json '.devices[0].holders[] | select(.pid == 12) | has("vm")' false
}

@test "list: who has the device through iommufd holds it, who has iommufd alone does not" {
  machine m60
  device "$A" 11
  device "$B" 11
  holds_cdev "$A"
  mkdir -p "$root/proc/99/fd"
  echo qemu-system-x86 >"$root/proc/99/comm"
  ln -s /dev/iommu "$root/proc/99/fd/20"
  ln -s /dev/vfio/vfio "$root/proc/99/fd/21"
  mdevtool list "$A" --noheadings --raw -o held-by
  says 'qemu-system-x86\x204711\x20(web-1)'
  mdevtool list "$B" --json
  json '.devices[0].holders == []'
}

@test "list: a device that was let go is free again" {
  machine m60
  device "$A" 11
  holds "$A"
  releases "$A"
  mdevtool list --json
  json '.devices[0].holders == []'
}

@test "list: where processes are hidden the holder is unknown, never none" {
  machine m60
  device "$A" 11
  rm -r "$root/proc/1"
  mdevtool list --noheadings --raw -o held-by
  says unknown
  mdevtool list --json
  json '.devices[0].holders' null
}

@test "list: processes of another PID namespace may hold it, so nobody knows" {
  machine m60
  device "$A" 11
  ln -sfn 'pid:[4026532999]' "$root/proc/self/ns/pid"
  mdevtool list --noheadings --raw -o held-by
  says unknown
}

@test "list: all that is known, as JSON" {
  machine m60
  device "$A" 11 --group 7 --name desk --params frame_rate_limiter=0
  mdevtool list --json
  succeeds
  json '.devices[0].uuid' "$A"
  json '.devices[0].name' desk
  json '.devices[0].parent' "$card"
  json '.devices[0].type' 11
  json '.devices[0].type_name' "GRID M60-0B"
  json '.devices[0].group' 7
  json '.devices[0].group | type' number
  json '.devices[0].params' frame_rate_limiter=0
  json '.devices[0].state' active
  json '.devices[0].path' "/sys/bus/mdev/devices/$A"
}

@test "list: those that others made are foreign; of the mail's tree nobody tells their type" {
  machine m60
  foreign_device "$A" "$types/11"
  mdevtool list --json
  succeeds
  json '.devices[0].state' foreign
  json '.devices[0].type' unknown
}

@test "list: those that others made on the kernel's tree have the type that it links to" {
  machine samples
  foreign_device "$A" /sys/class/mdev_bus/mtty/mdev_supported_types/mtty-2
  mdevtool list --json
  succeeds
  json '.devices[0].state' foreign
  json '.devices[0].type' mtty-2
  json '.devices[0].type_name' "Dual port serial"
  json '.devices[0].parent' mtty
}

@test "list: by UUID in any case, by a prefix of 8 digits, by name" {
  machine m60
  device "$A" 11 --name desk
  device "$B" 11
  local name
  for name in "$A" "${A^^}" "${A:0:8}" "${A:0:13}" "${A:0:20}" desk; do
    mdevtool list "$name" --noheadings --raw -o uuid
    succeeds
    says "$A"
  done
}

@test "list: a prefix that is too short is no name, and the right one is offered" {
  machine m60
  device "$A" 11
  mdevtool list "${A:0:4}"
  fails 8 "'${A:0:4}' is too short"
  hints "${A:0:8}"
}

@test "list: a prefix of two devices is ambiguous, and both are told" {
  machine m60
  device "$A" 11
  device "$D" 11
  mdevtool list "${A:0:8}"
  fails 8 "ambiguous"
  hints "$A" "$D"
  mdevtool list "${A:0:10}" --noheadings --raw -o uuid
  succeeds
  says "$A"
}

@test "list: an unknown device is not found, and the nearest name is offered" {
  machine m60
  device "$A" 11 --name desk
  mdevtool list dusk
  fails 3 "'dusk'"
  hints desk
  mdevtool list "$B"
  fails 3 "$B"
  mdevtool list Desk
  fails 3
}

@test "list: of a parent, a type, a group, and of all three" {
  machine m60x2
  device "$A" 11 --parent 0000:86:00.0 --group 1
  device "$B" 11 --parent 0000:87:00.0 --group 1
  mdevtool list --parent 87:00.0 --noheadings --raw -o uuid
  succeeds
  says "$B"
  mdevtool list --group 1 --noheadings --raw -o uuid
  says "$A
$B"
  mdevtool list --type 11 --group 1 --parent 0000:86:00.0 --noheadings --raw -o uuid
  says "$A"
  mdevtool list --type "GRID M60-0B" --noheadings --raw -o uuid
  says "$A
$B"
  mdevtool list --group 3 --json
  succeeds
  json '.devices == []'
}

@test "list: a parent that is unknown is not found" {
  machine m60
  mdevtool list --parent 0000:99:00.0
  fails 3 "0000:99:00.0"
}

@test "list: a group that is no number is refused" {
  machine m60
  local group
  for group in 0 -1 one 4294967296 1x ''; do
    mdevtool list --group="$group"
    fails 8 "--group" "4294967295"
  done
}

@test "list: a record that does not fit its device is stale and is ignored" {
  machine m60
  device "$A" 11 --name desk --group 3
  play bash -c "echo $A > '$root/sys/bus/pci/devices/$card/mdev_destroy'"
  foreign_device "$A" "$types/12"
  mdevtool list --json
  succeeds
  json '.devices[0].state' foreign
  json '.devices[0] | has("name")' false
  json '.devices[0] | has("group")' false
}

@test "list: a record that is no JSON hides nothing" {
  machine m60
  device "$A" 11
  device "$B" 11 --name desk
  echo '{"uuid": ' >"$root/run/mdevtool/devices/$A"
  mdevtool list --json
  json '.devices | length' 2
  json ".devices[] | select(.uuid == \"$B\").name" desk
}

@test "list: what an interrupted run left is a warning, not mended" {
  machine m60
  fault --kill-after '*/create'
  mdevtool create --type 11 --uuid "$A"
  [ "$status" -eq 137 ]
  mdevtool list
  warns "interrupted" "mdevtool recover"
  mentions "$A"
  wrote_nothing
}

@test "list: a removal that the driver has not finished is pending" {
  machine m60
  device "$A" 11
  rm -r "$root/proc/1" # nobody can tell who holds it
  holds "$A"
  rm -r "$root/proc/4711"
  mdevtool destroy "$A" --wait 0
  fails 6
  mdevtool list --json
  json '.devices[0].uuid' "$A"
  json '.devices[0].state' pending-removal
}
