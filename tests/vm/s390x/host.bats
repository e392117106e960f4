#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What the guest left in $RESULTS, looked at on the host.
#
#   top_builddir   where mdevtool and mdevsim are built for this machine

bats_load_library bats-support
bats_load_library bats-assert

bats_require_minimum_version 1.5.0

@test "types as JSON say what the kernel's files say" {
  diff "$RESULTS/types-of-kernel" <(jq -r '.types[]
    | [.parent, .id, .name, .available, .device_api] | map(tostring) | join("|")' \
    "$RESULTS/types" | sort)
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
  [ -e "$RESULTS/guest.machine" ] || skip "there is no recording"
  "$mdevsim" build "$RESULTS/guest.machine" "$BATS_TEST_TMPDIR/root"
  export MDEVTOOL_ROOT=$BATS_TEST_TMPDIR/root
  for command in list-parents list-types; do
    diff <(jq -S . "$RESULTS/$command") <("$mdevtool" "$command" --json | jq -S .)
  done
  diff "$RESULTS/list" <("$mdevtool" list --raw -o uuid,parent,type)
}
