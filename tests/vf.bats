#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# vGPUs that are virtual functions of an NVIDIA card, not mediated devices, by every command.
# shellcheck disable=SC2030,SC2031,SC2154 # each test is a subshell of its own; set by what is loaded

load mdevtool.bash
load vm.bash

# kept_vgpu UUID ID [ARGUMENT...]: a definition on the card.
kept_vgpu() {
  mdevtool define --uuid "$1" --type "$2" --parent "$gpu" "${@:3}"
  succeeds
}

# lists VF TEXT: its driver's list is this from here on, as nobody plays that driver.
lists() {
  local file
  file=$(file_of "$1" creatable_vgpu_types)
  chmod u+w "$file"
  printf '%b' "$2" >"$file"
}

# unreadable FILE: below nvidia/ of every function that has no type.
unreadable() {
  sed -i "\$aunreadable=$1" "$root/.mdevsim/parents/$gpu"
}

# vm_gets VF ID BUS: the arguments of device_add.
vm_gets() {
  printf '{"driver":"vfio-pci","sysfsdev":"/sys/bus/pci/devices/%s","bus":"%s","id":"%s"}' "$1" "$3" "$2"
}

### list-parents

@test "vf: the card is the parent, its functions are not" {
  machine nvidia-vf
  mdevtool list-parents --raw --noheadings -o parent,driver,numa,types
  succeeds
  is_silent
  says "$gpu nvidia 1 6"
  mdevtool list-parents --json
  json '.parents | length' 1
  json '.parents[0] | [.name, .vendor_id, .product_id] == ["'"$gpu"'", "0x10de", "0x26b9"]'
  wrote_nothing
}

@test "vf: a card whose functions are off could become one, and --all says how" {
  machine nvidia-vf-off
  mdevtool list-parents --noheadings
  succeeds
  says_nothing
  mdevtool list-parents --all --noheadings
  succeeds
  mentions "$gpu" "sriov-manage -e $gpu"
  mdevtool list-parents --all --json
  json '.parents[0].name' "$gpu"
  json '.parents[0] | tostring | contains("sriov-manage -e '"$gpu"'")'
  enabled_vfs 8
  mdevtool list-parents --noheadings --raw -o parent
  says "$gpu"
}

@test "vf: subchannels without vfio_ccw could become parents, and --all says how" {
  machine s390-ccw
  mdevtool list-parents --all --noheadings
  succeeds
  [ "${#lines[@]}" -eq 3 ] || complain "not three"
  mentions 0.0.0003 vfio_ccw driver_override
}

### list-types

@test "vf: types are what the functions list, room is how many idle ones do" {
  machine nvidia-vf
  mdevtool list-types --noheadings --raw -o parent,type,name,free,api
  succeeds
  is_silent
  says "$gpu 1145 NVIDIA\x20L40S-1B 8 vfio-pci
$gpu 1149 NVIDIA\x20L40S-1Q 8 vfio-pci
$gpu 1150 NVIDIA\x20L40S-2Q 8 vfio-pci
$gpu 1155 NVIDIA\x20L40S-12Q 8 vfio-pci
$gpu 1157 NVIDIA\x20L40S-24Q 8 vfio-pci
$gpu 1158 NVIDIA\x20L40S-48Q 8 vfio-pci"
  mdevtool list-types --json
  json '.types[0] | [.id, .parent, .name, .available, .device_api] ==
    ["1145", "'"$gpu"'", "NVIDIA L40S-1B", 8, "vfio-pci"]'
  wrote_nothing
}

@test "vf: a list without its heading is one too" {
  machine nvidia-vf-strict
  mdevtool list-types --noheadings --raw -o type,free
  succeeds
  is_silent
  [ "${lines[0]}" = "1145 8" ] || complain "not so"
  [ "${#lines[@]}" -eq 6 ] || complain "not six"
}

@test "vf: the first vGPU decides the size, and --all says so of the others" {
  machine nvidia-vf
  device "$A" 1145
  mdevtool list-types --noheadings --raw -o type,free
  succeeds
  says "1145 7
1149 7"
  mdevtool list-types --all --noheadings
  succeeds
  [ "${#lines[@]}" -eq 6 ] || complain "not six"
  mentions "NVIDIA L40S-48Q" "size"
  mdevtool list-types --all --json
  json '.types[] | select(.id == "1150").available' 0
  json '.types[] | select(.id == "1150").name' "NVIDIA L40S-2Q"
  mdevtool list-types --all --available --noheadings --raw -o type
  says "1145
1149"
}

@test "vf: in heterogeneous mode sizes mix" {
  machine nvidia-vf-mixed
  device "$A" 1157
  mdevtool list-types --noheadings --raw -o type,free
  succeeds
  mentions "1145 7" "1155 7" "1157 7"
  mentions_no 1158
  device "$B" 1155
  mdevtool list --json
  json '.devices | map(.type) | sort == ["1155", "1157"]'
}

@test "vf: a full card has types without room, by the names they had" {
  machine nvidia-vf
  device "$A" 1157
  device "$B" 1157
  mdevtool list-types --available --noheadings
  succeeds
  says_nothing
  mdevtool list-types --all --noheadings
  succeeds
  mentions "NVIDIA L40S-24Q" "full"
  mdevtool list-types --all --json
  json '.types[] | select(.id == "1157").available' 0
  mdevtool list --json
  json '.devices | map(.type_name) | unique == ["NVIDIA L40S-24Q"]'
}

@test "vf: a list that cannot be read is a warning, and --all says why its types are missing" {
  machine nvidia-vf
  foreign_vgpu "${vfs[0]}" 1145
  unreadable creatable_vgpu_types
  mdevtool list-types
  fails 1 "creatable_vgpu_types" "Input/output error"
  mdevtool list-types --all --json
  fails 1 "creatable_vgpu_types"
  json '.warnings | length > 0'
}

# because TYPE REASON FIX: so list-types --all says, in JSON and in its table.
because() {
  mdevtool list-types --all --json
  json ".types[] | select(.id == \"$1\") | .available == 0 and (.reason | contains(\"$2\"))"
  json ".types[] | select(.id == \"$1\").fix" "$3"
  mdevtool list-types --all --noheadings --raw --type "$1" -o reason,fix
  output=${output//'\x20'/ }
  mentions "$2" "$3"
}

@test "vf: why a type is missing is told, with what to type" {
  machine nvidia-vf
  local list=mdevtool\ list\ --parent\ $gpu file
  mdevtool recover
  foreign_vgpu "${vfs[0]}" 1157
  because 1145 "type '1157' is in use, and leaves room only for types of its size" "$list"
  foreign_vgpu "${vfs[1]}" 1157
  because 1145 "the GPU is full: the lists of its 6 idle virtual functions are empty" "$list"
  because 1157 "the GPU is full" "$list"
  foreign_vgpu "${vfs[0]}" 0
  foreign_vgpu "${vfs[1]}" 0
  mdevtool create --type 1145 --count 8 --group 1
  because 1145 "all of its 8 virtual functions are in use" "$list"
  mdevtool destroy --group 1
  unreadable creatable_vgpu_types
  foreign_vgpu "${vfs[7]}" 1145
  file=/sys/bus/pci/devices/${vfs[0]}/nvidia/creatable_vgpu_types
  because 1149 "cannot read '$file': Input/output error" "cat $file"
}

@test "vf: why a type is missing: nobody lists it, nobody may read it, a list is none" {
  machine nvidia-vf
  mdevtool recover
  local vf file=/sys/bus/pci/devices/${vfs[0]}/nvidia/creatable_vgpu_types
  for vf in "${vfs[@]}"; do
    lists "$vf" 'ID    : vGPU Name\n1149  : NVIDIA L40S-1Q\n'
  done
  because 1145 "no virtual function lists it now" "cat $file"
  for vf in "${vfs[@]}"; do
    lists "$vf" 'what is this\n'
  done
  because 1145 "cannot read '$file': it is no list as far as that is known" "cat $file"
  for vf in "${vfs[@]}"; do
    chmod 0 "$(file_of "$vf" creatable_vgpu_types)"
  done
  nobody_calls list-types --all --json
  fails 1 "$file" "Permission denied"
  json '.types[0] | [.id, .fix] == ["1145", "sudo mdevtool list-types '"$gpu"'"]'
}

@test "vf: files that cannot be read before there is a type matter to nobody" {
  machine nvidia-vf-strict
  mdevtool create --type 1145 --uuid "$A" --params a=1
  succeeds
  is_silent
  vgpu "${vfs[0]}" 1145 a=1
  mdevtool show "$A"
  succeeds
  is_silent
}

@test "vf: a list that is none is shown raw, and the others count" {
  machine nvidia-vf
  lists "${vfs[2]}" 'what is this\n1145  : NVIDIA L40S-1B\n'
  mdevtool list-types --json
  fails 1 "${vfs[2]}/nvidia/creatable_vgpu_types" "what is this"
  json '.types[] | select(.id == "1149").available' 7
}

@test "vf: off, --all says how to have types" {
  machine nvidia-vf-off
  mdevtool list-types --all
  mentions "sriov-manage -e $gpu"
}

### create

@test "vf: create writes the id to an idle function, and nothing else" {
  machine nvidia-vf
  mdevtool create --type 1145 --uuid "$A"
  succeeds
  is_silent
  says "$A"
  wrote "${vfs[0]}/nvidia/current_vgpu_type" 1145
  wrote_nothing_else
  vgpu "${vfs[0]}" 1145
  recorded "$A"
  all_is_whole
  mdevtool list --json
  json '.devices | length' 1
  json '.devices[0] | [.uuid, .parent, .type, .type_name, .state, .address, .path] == ["'"$A"'", "'"$gpu"'",
    "1145", "NVIDIA L40S-1B", "active", "'"${vfs[0]}"'", "/sys/bus/pci/devices/'"${vfs[0]}"'"]'
}

@test "vf: a random UUID, by the type's whole name, with params after" {
  machine nvidia-vf
  mdevtool create --type "NVIDIA L40S-1B" --params frame_rate_limiter=0
  succeeds
  made 1
  wrote "${vfs[0]}/nvidia/current_vgpu_type" 1145
  wrote "${vfs[0]}/nvidia/vgpu_params" frame_rate_limiter=0
  wrote_nothing_else
  vgpu "${vfs[0]}" 1145 frame_rate_limiter=0
}

@test "vf: never by a part of a type" {
  machine nvidia-vf
  local type
  for type in L40S-1B 114 "NVIDIA L40S"; do
    mdevtool create --type "$type"
    fails 3 "'$type'"
    wrote_nothing
  done
}

@test "vf: a set with names and a group, each on a function of its own" {
  machine nvidia-vf
  mdevtool create --type 1145 --count 3 --name desk --group auto --json
  succeeds
  json '.devices | map(.address) == ["'"${vfs[0]}"'", "'"${vfs[1]}"'", "'"${vfs[2]}"'"]'
  json '.devices | map(.name) == ["desk-1", "desk-2", "desk-3"]'
  json '.devices | map(.group) | unique == [1]'
  all_is_whole
  mdevtool destroy --group 1
  succeeds
  nothing_left
}

@test "vf: functions that others have are left alone" {
  machine nvidia-vf
  foreign_vgpu "${vfs[0]}" 1149
  foreign_vgpu "${vfs[2]}" 1149
  mdevtool create --type 1145 --count 2
  succeeds
  wrote "${vfs[1]}/nvidia/current_vgpu_type" 1145
  wrote "${vfs[3]}/nvidia/current_vgpu_type" 1145
  wrote_nothing_else
  vgpu "${vfs[0]}" 1149
}

@test "vf: a set that fails in the middle is undone, last first" {
  machine nvidia-vf
  fault --fail '3=EIO'
  mdevtool create --type 1145 --count 3
  fails 1 "Input/output error"
  wrote "${vfs[0]}/nvidia/current_vgpu_type" 1145
  wrote "${vfs[1]}/nvidia/current_vgpu_type" 1145
  tried "${vfs[2]}/nvidia/current_vgpu_type" 1145 EIO
  wrote "${vfs[1]}/nvidia/current_vgpu_type" 0
  wrote "${vfs[0]}/nvidia/current_vgpu_type" 0
  wrote_nothing_else
  nothing_left
}

@test "vf: params that the driver refuses undo the vGPU" {
  machine nvidia-vf
  mdevtool create --type 1145 --uuid "$A" --params nonsense
  fails 8 nonsense "Invalid argument"
  wrote "${vfs[0]}/nvidia/current_vgpu_type" 1145
  tried "${vfs[0]}/nvidia/vgpu_params" nonsense EINVAL
  wrote "${vfs[0]}/nvidia/current_vgpu_type" 0
  nothing_left
}

@test "vf: an id that the driver takes and forgets is found out" {
  machine nvidia-vf
  fault --swallow '*/current_vgpu_type'
  mdevtool create --type 1145 --uuid "$A"
  [ "$status" -ne 0 ] || complain "it succeeded"
  warns "${vfs[0]}" current_vgpu_type
  nothing_left
}

@test "vf: more than there are functions is no room" {
  machine nvidia-vf
  mdevtool create --type 1145 --count 9
  fails 5 "no room"
  wrote_nothing
}

@test "vf: a size that the card has not now is no room, and why is told" {
  machine nvidia-vf
  device "$A" 1145
  mdevtool create --type 1150
  fails 5 1150 "$gpu"
  hints size
  wrote_nothing
  mdevtool create --type "NVIDIA L40S-48Q"
  fails 5
  mdevtool create --type 4711
  fails 3 "'4711'"
}

@test "vf: a set whose first leaves the others no room is none at all" {
  machine nvidia-vf
  document '{"devices":[{"type":"1145"},{"type":"1150"}]}'
  mdevtool create "$document"
  fails 5 "device 2 of 2" "cannot create '1150' (NVIDIA L40S-2Q) on '$gpu': no room" \
    "'/sys/bus/pci/devices/${vfs[1]}/nvidia/creatable_vgpu_types' does not list it" "nothing of the set is left"
  wrote "${vfs[0]}/nvidia/current_vgpu_type" 1145
  wrote "${vfs[0]}/nvidia/current_vgpu_type" 0
  wrote_nothing_else
  nothing_left
  mdevtool create --type 1157 --count 3
  fails 5 "device 3 of 3"
  nothing_left
}

@test "vf: a type that all functions have is no room, and not unknown" {
  machine nvidia-vf
  mdevtool create --type 1145 --count 8
  succeeds
  mdevtool create --type 1145
  fails 5 1145
  wrote_nothing
}

@test "vf: functions that are off are told, with what to run" {
  machine nvidia-vf-off
  mdevtool create --type 1145 --parent "$gpu"
  fails 3 "'$gpu' makes no devices: its virtual functions are off, sriov_numvfs is 0 of 8"
  hints "sriov-manage -e $gpu"
  wrote_nothing
  mdevtool create --type 1145
  fails 3 1145
  hints "'mdevtool list-types --all'"
}

@test "vf: --dry-run shows the function, and writes nothing" {
  machine nvidia-vf
  mdevtool create --type 1145 --uuid "$A" --params a=1 --dry-run
  succeeds
  mentions "echo '1145' > /sys/bus/pci/devices/${vfs[0]}/nvidia/current_vgpu_type" \
    "echo 'a=1' > /sys/bus/pci/devices/${vfs[0]}/nvidia/vgpu_params"
  wrote_nothing
}

@test "vf: a placement where the card has places" {
  machine nvidia-vf-mixed
  mdevtool create --type 1155 --uuid "$A" --attr placement_id=24
  succeeds
  wrote "${vfs[0]}/nvidia/current_vgpu_type" 1155
  wrote "${vfs[0]}/nvidia/placement_id" 24
  wrote_nothing_else
  mdevtool show "$A"
  mentions placement_id 24
  mdevtool show "$A" --json
  json '.devices[0] | tostring | contains("24")'
}

@test "vf: a GPU instance where the card has some, from a definition and read back" {
  machine nvidia-vf-mixed
  mdevtool define --type 1155 --uuid "$A" --attr gpu_instance_id=3 --attr placement_id=24
  mdevtool start "$A"
  succeeds
  wrote "${vfs[0]}/nvidia/current_vgpu_type" 1155
  wrote "${vfs[0]}/nvidia/gpu_instance_id" 3
  wrote "${vfs[0]}/nvidia/placement_id" 24
  wrote_nothing_else
  mdevtool list --json
  json '.devices[0].facts | [.gpu_instance_id, .placement_id] == ["3", "24"]'
  mdevtool destroy "$A"
  mdevtool create --type 1155 --attr gpu_instance_id=9
  fails 8 "gpu_instance_id" "Invalid argument"
  nothing_left
}

@test "vf: an attribute goes by its short name and by the long one in a definition, too" {
  machine nvidia-vf-mixed
  mdevtool define --type 1155 --uuid "$A" --attr nvidia/placement_id=24
  mdevtool modify "$A" --attr placement_id=12
  succeeds
  kept "$A" attributes '[{"name":"nvidia/placement_id","value":"12"}]'
  mdevtool modify "$A" --del-attr placement_id --add-attr gpu_instance_id=1
  succeeds
  mdevtool modify "$A" --attr nvidia/gpu_instance_id=3
  succeeds
  kept "$A" attributes '[{"name":"gpu_instance_id","value":"3"}]'
}

@test "vf: the file that makes and releases is no attribute" {
  machine nvidia-vf
  local name
  for name in current_vgpu_type nvidia/current_vgpu_type; do
    mdevtool create --type 1145 --attr "$name=0"
    fails 8 "the attribute '$name' would destroy the device"
    wrote_nothing
  done
  mdevtool define --type 1145 --uuid "$A" --attr current_vgpu_type=1149
  mdevtool start "$A"
  fails 8 "would destroy the device"
  wrote_nothing
}

@test "vf: functions may list different types, and each takes its own" {
  machine nvidia-vf
  local vf
  for vf in "${vfs[@]}"; do
    lists "$vf" 'ID    : vGPU Name\n'
  done
  lists "${vfs[1]}" 'ID    : vGPU Name\n1149  : NVIDIA L40S-1Q\n'
  lists "${vfs[4]}" '1145  : NVIDIA L40S-1B\n1149  : NVIDIA L40S-1Q\n'
  mdevtool list-types --noheadings --raw -o type,free
  is_silent
  says "1145 1
1149 2"
  document '{"devices":[{"type":"1149"},{"type":"1145"}]}'
  mdevtool create "$document" --dry-run
  succeeds
  mentions "'1149' > /sys/bus/pci/devices/${vfs[1]}/" "'1145' > /sys/bus/pci/devices/${vfs[4]}/"
  mdevtool create --type 1145 --parent "${vfs[1]}" --dry-run
  fails 5 "${vfs[1]}"
}

@test "vf: a placement where the card has none undoes the vGPU" {
  machine nvidia-vf
  mdevtool create --type 1155 --uuid "$A" --attr placement_id=24
  [ "$status" -ne 0 ] || complain "it succeeded"
  warns placement_id
  nothing_left
}

@test "vf: another tool that takes the function first keeps it" {
  machine nvidia-vf
  fault --exec "1=$MDEVSIM run \$MDEVSIM_DIR -- sh -c \
    'echo 1149 >\$MDEVSIM_DIR/sys/bus/pci/devices/${vfs[0]}/nvidia/current_vgpu_type'"
  mdevtool create --type 1145 --uuid "$A"
  [ "$status" -ne 0 ] || complain "it succeeded"
  warns "${vfs[0]}"
  vgpu "${vfs[0]}" 1149
  no_stray_record
  no_journal_entry
}

### Two cards

# on_cards N...: so many of their functions have a type; the second has four.
on_cards() {
  local card having=()
  for card in 0000:41 0000:c1; do
    having+=("$(grep -o "$card" <<<"$(configured_vfs)" | wc -l)")
  done
  [ "${having[*]}" = "$*" ] || complain "the cards have ${having[*]} vGPUs, not $*"
}

@test "vf: of two cards the fuller, the emptier, or that of a node" {
  local placement first second
  machine nvidia-vfx2
  while read -r placement first second; do
    mdevtool create --type 1145 --placement "$placement" --count 6 --group 1
    succeeds
    made 6
    on_cards "$first" "$second"
    all_is_whole
    mdevtool destroy --group 1
    succeeds
    nothing_left
  done <<END
pack 2 4
spread 5 1
numa=1 6 0
END
  mdevtool create --type 1145 --placement numa=0 --count 5
  fails 5 "no room for so many"
  mdevtool create --type 1145 --placement numa=7
  fails 3 "NUMA node 7"
  mdevtool create --type 1145 --placement spread --dry-run
  mentions "${vfs[0]}/nvidia/current_vgpu_type"
  mdevtool create --type 1145 --dry-run
  mentions "0000:c1:00.4/nvidia/current_vgpu_type"
  wrote_nothing
}

@test "vf: a card whose size is another leaves the set to the other" {
  machine nvidia-vfx2
  device "$A" 1157 --parent 0000:c1:00.0
  mdevtool create --type 1145 --count 2
  succeeds
  on_cards 2 1
  mdevtool create --type 1150
  fails 5 "no room on any of 2 parents"
  mdevtool create --type 1145 --parent c1:00.0
  fails 5 1145 0000:c1:00.0
  hints "'0000:41:00.0' has room for 6"
  mdevtool list-types --all --type 1145 --noheadings --raw -o parent,free,reason
  says "$gpu 6 -
0000:c1:00.0 0 type\x20'1157'\x20is\x20in\x20use,\x20and\x20leaves\x20room\x20only\x20for\x20types\x20of\x20its\x20size\x20unless\x20the\x20GPU\x20is\x20in\x20heterogeneous\x20mode"
}

@test "vf: a set over two cards that fails on the second is undone on both" {
  machine nvidia-vfx2
  fault --fail '6=EIO'
  mdevtool create --type 1145 --count 6
  fails 1 "device 6 of 6 failed" "Input/output error" "nothing of the set is left"
  nothing_left
}

### list, show, destroy

@test "vf: a device by UUID, prefix, name and address" {
  machine nvidia-vf
  local name
  for name in "$A" "${A:0:8}" desk "${vfs[0]}" "${vfs[0]#0000:}" "/sys/bus/pci/devices/${vfs[0]}"; do
    device "$A" 1145 --name desk
    mdevtool show "$name" --json
    succeeds
    json '.devices[0].uuid' "$A"
    skip_what_was_written
    mdevtool destroy "$name"
    succeeds
    says_nothing
    is_silent
    wrote "${vfs[0]}/nvidia/current_vgpu_type" 0
    wrote_nothing_else
    nothing_left
  done
}

@test "vf: one that a VM has is busy, and who it is" {
  machine nvidia-vf
  device "$A" 1145
  holds "${vfs[0]}"
  mdevtool list
  mentions "qemu-system-x86 4711 (web-1)"
  mdevtool destroy "$A"
  fails 6 "PID 4711" "VM 'web-1'"
  wrote_nothing
  releases "${vfs[0]}"
  mdevtool destroy "$A"
  succeeds
  nothing_left
}

@test "vf: a group is joined, and goes as a whole or not at all" {
  machine nvidia-vf
  device "$A" 1145 --group auto
  mdevtool create --type 1145 --uuid "$B" --group 1
  succeeds
  warns "joined group 1, now 2 devices"
  mdevtool create --type 1149 --uuid "$C" --group auto
  mdevtool show "$C" --json
  json '.devices[0].group' 2
  mdevtool start-vm-args --group 1
  says "-device vfio-pci,sysfsdev=/sys/bus/pci/devices/${vfs[0]}
-device vfio-pci,sysfsdev=/sys/bus/pci/devices/${vfs[1]}"
  holds "${vfs[1]}"
  mdevtool destroy --group 1
  fails 6 "$B" "PID 4711"
  wrote_nothing
  mdevtool destroy --all --parent "$gpu"
  fails 6 "$B"
  wrote_nothing
  releases "${vfs[1]}"
  mdevtool destroy --group 1
  succeeds
  [ "$(configured_vfs)" = "${vfs[2]}" ] || complain "others have gone, too"
}

@test "vf: all of a card goes only with --foreign when others have some of it" {
  machine nvidia-vf
  device "$A" 1145
  foreign_vgpu "${vfs[3]}" 1149
  mdevtool destroy --all --parent "$gpu"
  fails 7 "'${vfs[3]}': others have set it up, as type '1149'"
  wrote_nothing
  mdevtool destroy --all --parent "$gpu" --foreign
  succeeds
  nothing_left
}

@test "vf: one that a VM has through iommufd is busy too" {
  machine nvidia-vf
  device "$A" 1145
  holds_cdev "${vfs[0]}"
  mdevtool destroy "$A"
  fails 6 "PID 4711"
  wrote_nothing
}

@test "vf: one that a VM takes at the last moment is busy, not denied" {
  machine nvidia-vf
  device "$A" 1145
  fault --exec "1=$MDEVSIM hold \$MDEVSIM_DIR ${vfs[0]}"
  mdevtool destroy "$A"
  fails 6 "PID 4711" "VM 'web-1'"
  tried "${vfs[0]}/nvidia/current_vgpu_type" 0 EPERM
  wrote_nothing_else
  vgpu "${vfs[0]}" 1145
  recorded "$A"
  no_journal_entry
}

@test "vf: what others configured is foreign, and goes only with --foreign" {
  machine nvidia-vf
  foreign_vgpu "${vfs[3]}" 1145
  mdevtool list --json
  succeeds
  json '.devices | length' 1
  json '.devices[0] | [.address, .state, .type, .parent] == ["'"${vfs[3]}"'", "foreign", "1145", "'"$gpu"'"]'
  mdevtool list --noheadings
  mentions "${vfs[3]}"
  mdevtool destroy "${vfs[3]}"
  [ "$status" -ne 0 ] || complain "it succeeded"
  hints --foreign
  wrote_nothing
  mdevtool destroy --foreign "${vfs[3]}"
  succeeds
  wrote "${vfs[3]}/nvidia/current_vgpu_type" 0
  wrote_nothing_else
  nothing_left
}

@test "vf: a function that another tool gave another type is not ours to release" {
  machine nvidia-vf
  device "$A" 1145 --name desk
  foreign_vgpu "${vfs[0]}" 0
  foreign_vgpu "${vfs[0]}" 1149
  local name
  for name in "$A" desk; do
    mdevtool destroy "$name"
    [ "$status" -ne 0 ] || complain "it succeeded"
    wrote_nothing_else
    vgpu "${vfs[0]}" 1149
  done
  mdevtool list --json
  json '.devices | map([.address, .state, .type]) == [["'"${vfs[0]}"'", "foreign", "1149"]]'
  mdevtool recover
  succeeds
  mentions "forgot $A"
  vgpu "${vfs[0]}" 1149
  no_stray_record
}

@test "vf: a function that another tool changes in the last moment is not ours to release" {
  machine nvidia-vf
  device "$A" 1145
  foreign_vgpu "${vfs[0]}" 0
  mdevtool destroy "$A"
  [ "$status" -eq 3 ] || complain "not so"
  wrote_nothing_else
}

@test "vf: a function that another tool changes while its holder is waited for is not ours to release" {
  machine nvidia-vf
  device "$A" 1145
  holds "${vfs[0]}"
  (sleep 0.3 && echo 1149 >"$(file_of "${vfs[0]}" current_vgpu_type)" && rm -r "$root/proc/4711") >/dev/null 2>&1 3>&- &
  mdevtool destroy "${vfs[0]}" --wait 20
  succeeds
  wrote_nothing_else
  vgpu "${vfs[0]}" 1149
}

@test "vf: functions that were disabled took ours along, and recover forgets it" {
  machine nvidia-vf
  device "$A" 1145 --name desk
  enabled_vfs 0
  mdevtool list
  succeeds
  mentions_no "$A"
  mdevtool destroy "$A"
  fails 3 "$A"
  mdevtool recover
  succeeds
  says "forgot $A on '$gpu': the device is gone"
  no_stray_record
}

@test "vf: functions that were enabled again are not what ours was" {
  machine nvidia-vf
  device "$A" 1145 --name desk
  enabled_vfs 0
  enabled_vfs 8
  foreign_vgpu "${vfs[0]}" 1145
  mdevtool destroy desk
  fails 3 desk
  wrote_nothing_else
  mdevtool list --json
  json '.devices | map([.address, .state]) == [["'"${vfs[0]}"'", "foreign"]]'
}

### For a VM

@test "vf: start-vm-args in every format" {
  machine nvidia-vf
  device "$A" 1145
  mdevtool start-vm-args "$A"
  succeeds
  is_silent
  says "-device vfio-pci,sysfsdev=/sys/bus/pci/devices/${vfs[0]}"
  mdevtool start-vm-args "${vfs[0]}"
  says "-device vfio-pci,sysfsdev=/sys/bus/pci/devices/${vfs[0]}"
  mdevtool start-vm-args --format qmp "$A"
  json '.execute' device_add
  json '.arguments | [.driver, .sysfsdev] == ["vfio-pci", "/sys/bus/pci/devices/'"${vfs[0]}"'"]'
  mdevtool start-vm-args --format qemu-json "$A"
  succeeds
  mentions "/sys/bus/pci/devices/${vfs[0]}"
  mdevtool start-vm-args --format libvirt "$A"
  succeeds
  mentions "type='pci'" "managed='no'" "domain='0x0000'" "bus='0x41'" "slot='0x00'" "function='0x4'"
  mentions_no mdev
  wrote_nothing
  # as libvirt 11.3 defines it
  mdevtool start-vm-args --format libvirt "$A" --ramfb --bootindex 1 --id gpu
  says "<hostdev mode='subsystem' type='pci' managed='no' display='on' ramfb='on'>
  <source>
    <address domain='0x0000' bus='0x41' slot='0x00' function='0x4'/>
  </source>
  <alias name='ua-gpu0'/>
  <boot order='1'/>
</hostdev>"
  mdevtool start-vm-args --format libvirt "$A" --bootindex 0
  fails 9 "begins with 1"
}

@test "vf: start-vm-args of what a VM has is busy" {
  machine nvidia-vf
  device "$A" 1145
  holds "${vfs[0]}"
  mdevtool start-vm-args "$A"
  fails 6 "PID 4711"
}

@test "vf: libvirt boots from it, since to libvirt it is a PCI device" {
  machine nvidia-vf
  device "$A" 1145
  mdevtool start-vm-args "$A" --format libvirt --bootindex 2 --id gpu
  succeeds
  says "<hostdev mode='subsystem' type='pci' managed='no'>
  <source>
    <address domain='0x0000' bus='0x41' slot='0x00' function='0x4'/>
  </source>
  <alias name='ua-gpu0'/>
  <boot order='2'/>
</hostdev>"
  mdevtool start-vm-args "$A" --format libvirt --bootindex 0
  fails 9 "begins with 1"
}

@test "vf: attach and detach, by UUID and by address" {
  machine nvidia-vf
  device "$A" 1145
  local added removed device
  added=$(vm_gets "${vfs[0]}" "mdev-$A" rp1)
  removed=$(unplugged "$A")
  for device in "$A" "${vfs[0]}"; do
    a_vm --port rp1
    mdevtool attach "$device" --qmp "$vm" --json
    succeeds
    is_silent
    json '.attached | map([.uuid, .bus, .already, .qom_path]) | tostring' \
      "[[\"$A\",\"rp1\",false,\"/machine/peripheral/mdev-$A\"]]"
    vm_was_told device_add "$added"
    mdevtool attach "$device" --qmp "$vm"
    succeeds
    warns "attached already"
    holds "${vfs[0]}"
    mdevtool detach "$device" --qmp "$vm"
    succeeds
    is_silent
    vm_was_told device_add "$added" device_del "$removed"
    releases "${vfs[0]}"
  done
  vgpu "${vfs[0]}" 1145
  wrote_nothing_else
}

@test "vf: what libvirt gave a VM is found there, and taken from it" {
  machine nvidia-vf
  device "$A" 1145
  a_vm --port rp1 --device "hostdev0=/sys/bus/pci/devices/${vfs[0]}"
  mdevtool attach "$A" --qmp "$vm"
  succeeds
  warns "'$A' is attached already"
  mdevtool detach "$A" --qmp "$vm"
  succeeds
  vm_was_told device_del '{"id":"hostdev0"}'
}

@test "vf: what others set up goes to a VM too, under an id that QEMU takes" {
  machine nvidia-vf
  foreign_vgpu "${vfs[1]}" 1145
  a_vm --port rp1
  mdevtool attach 41:00.5 --qmp "$vm"
  succeeds
  vm_was_told device_add "$(vm_gets "${vfs[1]}" "mdev-${vfs[1]//:/-}" rp1)"
  mdevtool detach 41:00.5 --qmp "$vm"
  succeeds
}

@test "vf: one that another VM has is not attached, nor one that is idle" {
  machine nvidia-vf
  device "$A" 1145
  holds "${vfs[0]}"
  a_vm --port rp1
  mdevtool attach "$A" --qmp "$vm"
  fails 6 "PID 4711" "VM 'web-1'"
  mdevtool attach "${vfs[1]}" --qmp "$vm"
  fails 3 "${vfs[1]}"
  vm_was_told
}

@test "vf: of a set that a VM does not take whole it keeps nothing" {
  machine nvidia-vf
  device "$A" 1145
  device "$B" 1149
  a_vm --port rp1 --port rp2 --fault 'device_add#2=error:vfio 0000:41:00.5: failed to open'
  mdevtool attach "$A" "$B" --qmp "$vm"
  fails 1 "cannot attach '$B': vfio 0000:41:00.5: failed to open"
  vm_was_told device_add "$(vm_gets "${vfs[0]}" "mdev-$A" rp1)" \
    device_add "$(vm_gets "${vfs[1]}" "mdev-$B" rp2)" device_del "$(unplugged "$A")"
}

@test "vf: create --attach makes it for the VM, or not at all" {
  machine nvidia-vf
  a_vm --port rp1
  mdevtool create --type 1145 --uuid "$A" --params a=1 --attach "$vm"
  succeeds
  says "$A"
  vm_was_told device_add "$(vm_gets "${vfs[0]}" "mdev-$A" rp1)"
  vgpu "${vfs[0]}" 1145 a=1
  all_is_whole
  mdevtool create --type 1145 --uuid "$B" --attach "$vm"
  fails 5 "none of the VM's 1 ports is free"
  vgpu "${vfs[1]}" 0
  all_is_whole
}

### Definitions

@test "vf: define, start, destroy, undefine" {
  machine nvidia-vf
  kept_vgpu "$A" 1145 --name desk --params a=1 --group 2
  wrote_nothing_else
  mdevctl_has "$A" '{"mdev_type":"1145","start":"manual","attrs":[]}'
  [ -e "$root/etc/mdevctl.d/$gpu/$A" ] || complain "it lies elsewhere"
  kept "$A" type 1145 type_name "NVIDIA L40S-1B" state inactive
  mdevtool start desk
  succeeds
  says "$A"
  wrote "${vfs[0]}/nvidia/current_vgpu_type" 1145
  wrote "${vfs[0]}/nvidia/vgpu_params" a=1
  wrote_nothing_else
  kept "$A" state active group 2
  mdevtool start desk
  succeeds
  warns "'desk' is active already"
  mdevtool destroy "${vfs[0]}"
  succeeds
  kept "$A" state inactive
  mdevtool undefine desk
  succeeds
  is_undefined "$A"
  nothing_left
}

@test "vf: a definition under a function's address is for that function" {
  machine nvidia-vf
  foreign_definition "${vfs[5]}" "$A" '{"mdev_type":"1145","start":"manual","attrs":[]}'
  mdevtool start "$A"
  succeeds
  wrote "${vfs[5]}/nvidia/current_vgpu_type" 1145
  wrote_nothing_else
  mdevtool destroy "$A"
  foreign_vgpu "${vfs[5]}" 1145
  mdevtool start "$A"
  [ "$status" -ne 0 ] || complain "it succeeded"
  warns "${vfs[5]}"
  wrote_nothing_else
}

@test "vf: what starts by itself, before and after the functions are enabled" {
  machine nvidia-vf
  kept_vgpu "$A" 1145 --auto --params a=1
  kept_vgpu "$B" 1145 --auto --name desk
  enabled_vfs 0
  mdevtool start --auto
  wrote_nothing_else
  mdevtool start desk
  [ "$status" -ne 0 ] || complain "it succeeded"
  hints "sriov-manage -e $gpu"
  wrote_nothing
  enabled_vfs 8
  mdevtool start --auto
  succeeds
  [ "${#lines[@]}" -eq 2 ] || complain "not both"
  [[ " $(configured_vfs) " == " ${vfs[0]} ${vfs[1]} " ]] || complain "others"
  all_is_whole
}

@test "vf: what is defined and not listed has no room, even where nobody remembers it" {
  machine nvidia-vf
  kept_vgpu "$A" 1145 --auto
  foreign_vgpu "${vfs[0]}" 1150
  mdevtool start "$A"
  fails 5 "cannot create '1145' (NVIDIA L40S-1B) on '$gpu': no room, it is not listed now"
  hints "mdevtool list-types --all $gpu"
  mdevtool start --auto
  fails 5 "'$A' is not started"
  wrote_nothing
  (sleep 1 && foreign_vgpu "${vfs[0]}" 0) 3>&- &
  mdevtool start --auto --wait 20
  wait $!
  succeeds
  # on whichever function was found free first
  mdevtool list --noheadings --raw -o uuid,type,state
  says "$A 1145 active"
}

@test "vf: what starts by itself waits for lists that come after their functions, then gives up" {
  machine nvidia-vf
  kept_vgpu "$A" 1145 --auto --params a=1
  foreign_vgpu "${vfs[7]}" 1158
  mdevtool list-types --available
  says_nothing
  local before=$SECONDS
  mdevtool start --auto --wait 2
  fails 5 "'$A' is not started"
  [ $((SECONDS - before)) -lt 10 ] || complain "that took too long"
  (sleep 1 && foreign_vgpu "${vfs[7]}" 0) 3>&- &
  mdevtool start --auto --wait 20
  wait $!
  succeeds
  says "$A"
  vgpu "${vfs[0]}" 1145 a=1
}

@test "vf: a definition of the mediated device it was, by its number" {
  machine nvidia-vf
  foreign_definition "$gpu" "$A" '{"mdev_type":"nvidia-1145","start":"manual","attrs":[]}'
  mdevtool start "$A"
  succeeds
  wrote "${vfs[0]}/nvidia/current_vgpu_type" 1145
  wrote_nothing_else
  mdevtool list --json
  json '.devices[0].uuid' "$A"
}

@test "vf: a host that has moved keeps its files, with attributes and automatic start" {
  machine nvidia-vf
  local kept='{"mdev_type":"nvidia-1145","start":"auto","attrs":[{"nvidia/vgpu_params":"frame_rate_limiter=0"}]}'
  foreign_definition "$gpu" "$A" "$kept"
  mdevtool start --auto
  succeeds
  says "$A"
  wrote "${vfs[0]}/nvidia/current_vgpu_type" 1145
  wrote "${vfs[0]}/nvidia/vgpu_params" frame_rate_limiter=0
  wrote_nothing_else
  mdevctl_has "$A" "$kept"
  mdevtool list --defined --noheadings --raw -o uuid,type,state
  says "$A nvidia-1145 active"
  mdevtool start "$A"
  warns "is active already"
  mdevtool create --type nvidia-1149
  succeeds
  wrote "${vfs[1]}/nvidia/current_vgpu_type" 1149
  mdevtool create --type nvidia-114
  fails 3 "'nvidia-114'"
}

@test "vf: a definition of the mediated device it was, where the name has changed, is refused" {
  machine nvidia-mdev
  mdevtool define --uuid "$A" --type nvidia-63
  mdevtool define --uuid "$B" --type nvidia-64
  local etc=$root/etc
  machine nvidia-vf
  cp -a "$etc"/* "$root/etc"
  mv "$root/etc/mdevctl.d/0000:3b:00.0" "$root/etc/mdevctl.d/$gpu"
  sed -i "s|0000:3b:00.0|$gpu|" "$root"/etc/mdevtool.d/*
  lists "${vfs[0]}" 'ID    : vGPU Name\n63    : GRID T4-1Q\n64    : NVIDIA L40S-2B\n'
  mdevtool start "$B" --dry-run
  fails 8 "GRID T4-2Q" "NVIDIA L40S-2B"
  mdevtool start "$B"
  fails 8 "GRID T4-2Q" "NVIDIA L40S-2B"
  wrote_nothing_else
  mdevtool start "$A" --dry-run
  succeeds
  mentions "echo '63' > "
}

# kept_by FORMAT: what the document of it still says of what json has, as a filter of jq.
kept_by() {
  case $1 in
  json) echo '{uuid, name, parent, type, group, params, attrs}' ;;
  mdevctl) echo '{type, attrs}' ;;
  rfc-xml) echo '{name, type, group, params}' ;;
  libvirt-xml) echo '{uuid, type, attrs}' ;;
  esac
}

@test "vf: a vGPU, and a definition of one, in every format and back again" {
  machine nvidia-vf-mixed
  local format whole of parent=pci_0000_41_00_6
  # a definition for one function, and the device that is made of it
  mdevtool define --type 1155 --uuid "$A" --name desk --group 2 --params a=1 --parent 41:00.6 \
    --attr nvidia/placement_id=24
  for of in definition device; do
    if [ "$of" = device ]; then
      mdevtool start desk
      mdevtool undefine desk
      parent=pci_0000_41_00_0
    fi
    mdevtool export desk
    succeeds
    whole=$output
    json '[.type, .group, .params, .attrs[0]["nvidia/placement_id"]] == ["1155", 2, "a=1", "24"]'
    for format in json mdevctl rfc-xml libvirt-xml; do
      mdevtool export desk --format "$format"
      succeeds
      [[ "$format" != *xml ]] || mentions "<parent>$parent</parent>"
      document "$output"
      mdevtool export "$document"
      succeeds
      [ "$(jq -S "$(kept_by "$format")" <<<"$output")" = "$(jq -S "$(kept_by "$format")" <<<"$whole")" ] ||
        complain "$format, back, is not" "$whole"
    done
  done
  mdevtool export "${vfs[2]}" --format libvirt-xml
  document "$output"
  mdevtool destroy desk
  succeeds
  mdevtool create "$document"
  succeeds
  says "$A"
  vgpu "${vfs[0]}" 1155
}

@test "vf: a document may name a function as its parent, as libvirt calls it too" {
  machine nvidia-vf
  document "<device><parent>pci_0000_41_00_6</parent><capability type='mdev'><type id='1145'/>
    <uuid>$A</uuid></capability></device>"
  mdevtool define "$document"
  succeeds
  [ -e "$root/etc/mdevctl.d/${vfs[2]}/$A" ] || complain "it lies elsewhere"
  mdevtool export "$A" --format libvirt-xml
  mentions "<parent>pci_0000_41_00_6</parent>"
  mdevtool start "$A"
  succeeds
  vgpu "${vfs[2]}" 1145
}

### Interrupted runs

was_killed() {
  [ "$status" -eq 137 ] || complain "it was not killed"
}

@test "vf: what an interrupted create made and another tool has changed since is left alone" {
  machine nvidia-vf
  fault --kill-after 1
  mdevtool create --type 1145 --uuid "$A" --params a=1
  was_killed
  foreign_vgpu "${vfs[0]}" 0
  foreign_vgpu "${vfs[0]}" 1149
  mdevtool recover
  vgpu "${vfs[0]}" 1149
  no_stray_record
  no_journal_entry
}

@test "vf: an interrupted create whose function a VM has by now is kept and recorded" {
  machine nvidia-vf
  fault --kill-after 1
  mdevtool create --type 1145 --uuid "$A" --group 1 --name desk
  was_killed
  holds "${vfs[0]}"
  mdevtool recover
  succeeds
  mentions "kept $A" qemu-system-x86
  vgpu "${vfs[0]}" 1145
  recorded "$A"
  no_journal_entry
}

@test "vf: an interrupted create whose functions have gone is forgotten" {
  machine nvidia-vf
  fault --kill-after 1
  mdevtool create --type 1145 --uuid "$A"
  was_killed
  enabled_vfs 0
  mdevtool recover
  succeeds
  no_journal_entry
  no_stray_record
}

### All together

@test "vf: one host, one of each: a GPU with mediated devices, one with functions, a subchannel" {
  machine mixed
  mdevtool list-parents --noheadings --raw -o parent
  succeeds
  mentions "$card" "$gpu" 0.0.0001
  document '{"devices":[{"type":"11","params":"x"},{"type":"1145","params":"a=1"},{"type":"vfio_ccw-io"}]}'
  mdevtool create "$document" --group auto
  succeeds
  made 3
  wrote 11/params x
  wrote 11/create "${uuids[0]}:1"
  wrote 11/params ""
  wrote "${vfs[0]}/nvidia/current_vgpu_type" 1145
  wrote "${vfs[0]}/nvidia/vgpu_params" a=1
  wrote vfio_ccw-io/create "${uuids[2]}"
  wrote_nothing_else
  all_is_whole
  mdevtool start-vm-args --group 1
  succeeds
  mentions "/sys/bus/mdev/devices/${uuids[0]}" "/sys/bus/pci/devices/${vfs[0]}" \
    "/sys/bus/mdev/devices/${uuids[2]}"
  mdevtool destroy --group 1
  succeeds
  nothing_left
}

@test "vf: a set over all kinds of parents that fails is undone on each of them" {
  machine mixed
  document '{"devices":[{"type":"1145"},{"type":"11","params":"x"},{"type":"vfio_ccw-io"}]}'
  fault --fail '*/vfio_ccw-io/create=EIO'
  mdevtool create "$document"
  fails 1 "Input/output error"
  nothing_left
}
