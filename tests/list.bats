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
  local i
  for i in {2..9}; do
    device "${A:0:8}-0000-4000-8000-00000000000$i" 11
  done
  mdevtool list "${A:0:8}"
  fails 8 "ambiguous"
  hints "or one of 2 others"
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

### Definitions

@test "list --defined: nothing where nothing is" {
  machine m60
  mdevtool list --defined
  succeeds
  is_silent
  mdevtool list --defined --json
  json '.definitions == []'
}

@test "list --defined: active or not, sorted by parent and UUID, and no device that is not defined" {
  machine m60x2
  device "$A" 11 --parent 0000:87:00.0 --name desk --group 3
  device "$D" 11
  mdevtool define "$A" --auto
  definition "$C" 12
  definition "$B" 11
  mdevtool list --defined
  succeeds
  [[ "${lines[0]}" =~ ^UUID\ +NAME\ +PARENT\ +TYPE\ +GROUP\ +START\ +STATE$ ]] || complain "other headings"
  [[ "${lines[1]}" =~ ^$B\ +-\ +0000:86:00.0\ +11\ +-\ +manual\ +inactive$ ]] || complain "not so"
  [[ "${lines[2]}" =~ ^$C\ +-\ +0000:86:00.0\ +12\ +-\ +manual\ +inactive$ ]] || complain "not so"
  [[ "${lines[3]}" =~ ^$A\ +desk\ +0000:87:00.0\ +11\ +3\ +auto\ +active$ ]] || complain "not so"
  [ "${#lines[@]}" -eq 4 ] || complain "there are others"
  wrote_nothing
}

@test "list --defined: a device of that UUID on another parent is not it" {
  machine m60x2
  device "$A" 11 --parent 0000:87:00.0
  definition "$A" 11
  mdevtool list --defined -o state --noheadings --raw
  says inactive
}

@test "list --defined: of a parent, a type, a group, and by name" {
  machine m60x2
  definition "$A" 11 --name desk --group 1
  definition "$B" 12 --group 1
  mdevtool define --type 11 --parent 0000:87:00.0 --uuid "$C" --group 2
  local list="list --defined --noheadings --raw -o uuid"
  # shellcheck disable=SC2086 # words
  {
    mdevtool $list --parent pci_0000_87_00_0
    says "$C"
    mdevtool $list --type 12
    says "$B"
    mdevtool $list --type "GRID M60-0B"
    says "$A
$C"
    mdevtool $list --group 1
    says "$A
$B"
    mdevtool $list --group 1 --type 11 --parent 86:00.0
    says "$A"
    mdevtool $list desk "${C:0:8}" "$A" desk
    says "$A
$C"
    mdevtool $list --group 9
    succeeds
    says_nothing
    mdevtool $list --parent 0000:99:00.0
    succeeds
    says_nothing
    mdevtool $list dusk
    fails 3 "no definition 'dusk'"
    mdevtool $list --group 0
    fails 8 --group
  }
}

@test "list --defined: all that is known, as JSON, attributes in their order" {
  machine m60
  definition "$A" 11 --name desk --group 3 --params x=y --attr b=1 --attr a/c=2 --auto
  mdevtool list --defined --json
  succeeds
  json '.definitions[0].attributes == [{"name": "b", "value": "1"}, {"name": "a/c", "value": "2"}]'
  json '.definitions[0] | [.name, .group, .params, .start, .state, .type_name, .file] ==
    ["desk", 3, "x=y", "auto", "inactive", "GRID M60-0B", "/etc/mdevctl.d/'"$card/$A"'"]'
  mdevtool list --defined -o attributes --noheadings --raw
  says '0:b=1\x201:a/c=2'
}

@test "list --defined: what is no definition is named, and the others are listed" {
  machine m60
  definition "$A" 11
  foreign_definition "$card" "$B" '{"start": "auto"}'
  foreign_definition "$card" "$C" ''
  foreign_definition "$card" notes.txt 'mine'
  mkdir "$root/etc/mdevctl.d/$card/$D"
  mkdir -p "$root/etc/mdevctl.d/scripts.d/callouts"
  touch "$root/etc/mdevctl.d/scripts.d/callouts/x" "$root/etc/mdevctl.d/file"
  mdevtool list --defined --noheadings --raw -o uuid
  fails 1 "warning: /etc/mdevctl.d/$card/$B:1:1: \"mdev_type\" is missing" \
    "warning: /etc/mdevctl.d/$card/$C:1:1: " "warning: /etc/mdevctl.d/$card/$D: not a file" \
    "warning: /etc/mdevctl.d/$card/notes.txt: not a definition: its name is no UUID"
  says "$A"
  warns_not_of scripts.d
  mdevtool list --defined --json
  fails 1
  json '.warnings | length' 4
  json '.definitions | length' 1
}

@test "list --defined: 10,000 with a broken one among them, in bounded time" {
  machine m60
  many_definitions 10000 "$card" 11
  foreign_definition "$card" "$A" '{"mdev_type": "11", "start": "auto", "attrs": ['
  local before=$SECONDS
  mdevtool list --defined
  fails 1 "warning: /etc/mdevctl.d/$card/$A:1:"
  [ $((SECONDS - before)) -lt 15 ] || complain "that took too long"
  [ "${#lines[@]}" -eq 10001 ] || complain "${#lines[@]} lines"
}
