#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What the guest left in $RESULTS, looked at on the host.
#
#   top_builddir   where mdevtool and mdevsim are built for this machine

bats_load_library bats-support
bats_load_library bats-assert

bats_require_minimum_version 1.5.0

# same LIST FIELDS: of LIST's JSON and of the kernel's files
same() {
  diff "$RESULTS/$1.kernel" <(jq -r "$2 | map(tostring) | join(\"|\")" "$RESULTS/$1.json" | sort)
}

@test "parents as JSON say what the kernel's files say" {
  same list-parents '.parents[] | [.name, .driver // "", .types]'
}

@test "types as JSON say what the kernel's files say" {
  same list-types '.types[] | [.parent, .id, .name, .available, .device_api]'
}

@test "devices as JSON say what the kernel's files say" {
  same list '.devices[] | [.uuid, .parent, .type, .iommu_group]'
}

@test "QEMU takes what start-vm-args printed, and misses nothing but the device" {
  read -ra arguments <"$RESULTS/start-vm-args"
  run -1 qemu-system-s390x -machine s390-ccw-virtio -nodefaults -display none "${arguments[@]}"
  assert_output --regexp "Host device '/sys/bus/mdev/devices/[0-9a-f-]*' not found: No such file or directory"
}

@test "what mdev-record recorded replays to the same listings" {
  mdevtool=${top_builddir:?}/mdevtool
  mdevsim=$top_builddir/tests/mdevsim/mdevsim
  for program in "$mdevtool" "$mdevsim"; do
    [ -x "$program" ] || skip "$program is not built"
  done
  "$mdevsim" build "$RESULTS/guest.machine" "$BATS_TEST_TMPDIR/root"
  for list in list-parents list-types list; do
    diff "$RESULTS/$list" <("$mdevtool" --root "$BATS_TEST_TMPDIR/root" "$list" --json)
  done
}
