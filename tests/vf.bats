#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# vGPUs that are virtual functions of an NVIDIA card, not mediated devices, by every command.
# shellcheck disable=SC2030,SC2031,SC2154 # each test is a subshell of its own; set by what is loaded

load mdevtool.bash

# file_of VF FILE: where the machine has it.
file_of() {
  echo "$root/sys/bus/pci/devices/$1/nvidia/$2"
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

@test "vf: never by a part of a type" {
  machine nvidia-vf
  local type
  for type in L40S-1B 114 "NVIDIA L40S"; do
    mdevtool create --type "$type"
    fails 3 "'$type'"
    wrote_nothing
  done
}

@test "vf: more than there are functions is no room" {
  machine nvidia-vf
  mdevtool create --type 1145 --count 9
  fails 5 "no room"
  wrote_nothing
}

@test "vf: functions that are off are told, with what to run" {
  machine nvidia-vf-off
  mdevtool create --type 1145 --parent "$gpu"
  [ "$status" -ne 0 ] || complain "it succeeded"
  hints "sriov-manage -e $gpu"
  wrote_nothing
}
