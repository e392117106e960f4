#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# mdevtool start-vm-args
# shellcheck disable=SC2154 # set by what is loaded

load mdevtool.bash

@test "start-vm-args: exactly the mail's words" {
  machine m60
  device "$A" 11 --group 1
  mdevtool start-vm-args "$A"
  succeeds
  is_silent
  says "-device vfio-pci,sysfsdev=/sys/bus/mdev/devices/$A"
  wrote_nothing
}

@test "start-vm-args: by prefix and by name" {
  machine m60
  device "$A" 11 --name desk
  local name
  for name in "${A^^}" "${A:0:8}" desk; do
    mdevtool start-vm-args "$name"
    succeeds
    says "-device vfio-pci,sysfsdev=/sys/bus/mdev/devices/$A"
  done
}

@test "start-vm-args: a group, one line each" {
  machine m60
  device "$A" 11 --group 1
  device "$B" 11 --group 1
  device "$C" 11 --group 2
  mdevtool start-vm-args --group 1
  succeeds
  says "-device vfio-pci,sysfsdev=/sys/bus/mdev/devices/$A
-device vfio-pci,sysfsdev=/sys/bus/mdev/devices/$B"
}

@test "start-vm-args: elsewhere the driver that device_api names" {
  machine s390-ccw
  device "$A" vfio_ccw-io
  mdevtool start-vm-args "$A"
  says "-device vfio-ccw,sysfsdev=/sys/bus/mdev/devices/$A"
  machine s390-ap
  device "$B" vfio_ap-passthrough
  mdevtool start-vm-args "$B"
  says "-device vfio-ap,sysfsdev=/sys/bus/mdev/devices/$B"
  machine samples
  device "$C" mdpy-hd
  mdevtool start-vm-args "$C"
  says "-device vfio-pci,sysfsdev=/sys/bus/mdev/devices/$C"
}

@test "start-vm-args: those that others made" {
  machine samples
  foreign_device "$A" /sys/class/mdev_bus/mtty/mdev_supported_types/mtty-2
  mdevtool start-vm-args "$A"
  succeeds
  says "-device vfio-pci,sysfsdev=/sys/bus/mdev/devices/$A"
}

@test "start-vm-args: of the mail's tree, where nobody tells the type, vfio-pci all the same" {
  machine m60
  foreign_device "$A" "$types/11"
  mdevtool start-vm-args "$A"
  succeeds
  says "-device vfio-pci,sysfsdev=/sys/bus/mdev/devices/$A"
}

@test "start-vm-args: a missing device is not found" {
  machine m60
  device "$A" 11
  mdevtool start-vm-args "$A" "$B"
  fails 3 "$B"
  says_nothing
  mdevtool start-vm-args --group 5
  fails 3 "5"
}

@test "start-vm-args: a held one is busy" {
  machine m60
  device "$A" 11
  holds "$A"
  mdevtool start-vm-args "$A"
  fails 6 "'$A'" "PID 4711" "VM 'web-1'"
  says_nothing
}

@test "start-vm-args: where nobody can know whether it is held, a warning and status 0" {
  machine m60
  device "$A" 11
  rm -r "$root/proc/1"
  mdevtool start-vm-args "$A"
  succeeds
  warns "warning: " "$A"
  says "-device vfio-pci,sysfsdev=/sys/bus/mdev/devices/$A"
}

@test "start-vm-args: devices of a type that requires a group must share one" {
  machine m60
  device "$A" 11 --group 1
  device "$B" 11 --group 2
  device "$C" 11
  mdevtool start-vm-args "$A" "$B"
  fails 8 "only one device would work" "$A" "$B"
  mdevtool start-vm-args "$A" "$C"
  fails 8 "only one device would work"
  mdevtool start-vm-args "$C"
  succeeds
}

@test "start-vm-args: one that requires a group beside one that does not" {
  machine mixed
  device "$A" 11 --group 1
  device "$B" i915-GVTg_V5_8
  mdevtool start-vm-args "$A" "$B"
  fails 8 "only one device would work"
  mdevtool destroy "$B"
  device "$B" i915-GVTg_V5_8 --group 1
  mdevtool start-vm-args "$A" "$B"
  succeeds
}

@test "start-vm-args: devices that require no group need none" {
  machine m60
  device "$A" 12
  device "$B" 12
  mdevtool start-vm-args "$A" "$B"
  succeeds
}

@test "start-vm-args: neither a device nor a group, and both" {
  machine m60
  device "$A" 11 --group 1
  mdevtool start-vm-args
  fails 2
  mdevtool start-vm-args "$A" --group 1
  fails 2
}

@test "start-vm-args: as JSON" {
  machine m60
  device "$A" 11
  mdevtool start-vm-args "$A" --json
  succeeds
  json '.arguments == ["-device vfio-pci,sysfsdev=/sys/bus/mdev/devices/'"$A"'"]'
}

@test "start-vm-args: a type whose driver is not told cannot be handed over" {
  machine samples
  device "$A" mtty-2
  rm "$root/sys/class/mdev_bus/mtty/mdev_supported_types/mtty-2/device_api"
  mdevtool start-vm-args "$A"
  fails 9 "$A"
  says_nothing
}

@test "start-vm-args: QEMU takes them, and misses only the device itself" {
  needs qemu-system-x86_64
  machine m60
  device "$A" 11 --group 1
  device "$B" 11 --group 1
  mdevtool start-vm-args --group 1
  succeeds
  local arguments
  mapfile -t arguments < <(xargs printf '%s\n' <<<"$output")
  [ "${#arguments[@]}" -eq 4 ] || complain "not four words"
  run --separate-stderr timeout 20 qemu-system-x86_64 -machine q35,accel=tcg -nodefaults \
    -display none -S -monitor none "${arguments[@]}"
  [ "$status" -eq 1 ] || complain "QEMU did not fail with 1"
  [[ "$stderr" == *"no such host device"* ]] || complain "QEMU has another reason"
  warns_not_of Property "not found" "not a valid"
}
