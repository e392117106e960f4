#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# mdevtool detach
# shellcheck disable=SC2154 # set by what is loaded

load mdevtool.bash
load vm.bash

@test "detach: asks the VM and waits until it has let go" {
  machine m60
  device "$A" 11
  a_vm --port rp1 --device "$(has "$A")"
  mdevtool detach "$A" --qmp "$vm"
  succeeds
  says_nothing
  is_silent
  vm_was_told device_del "$(unplugged "$A")"
  device_exists "$A"
  wrote_nothing_else
}

@test "detach: several, whatever the VM calls them" {
  machine m60
  device "$A" 11 --group 1
  device "$B" 11 --group 1
  a_vm --device "gpu=/sys/devices/pci0000:80/0000:86:00.0/$A" --device "=/sys/bus/mdev/devices/$B"
  mdevtool detach "$A" "$B" --qmp "$vm" --json
  succeeds
  json '.detached | map(.already) | tostring' '[false,false]'
  vm_was_told device_del '{"id":"gpu"}' device_del '{"id":"/machine/peripheral-anon/device[1]"}'
}

@test "detach: one that the VM does not have is no error" {
  machine m60
  device "$A" 11
  a_vm
  mdevtool detach "$A" --qmp "$vm"
  succeeds
  warns "'$A' is detached already"
  vm_was_told
}

@test "detach: one that a VM holds is still there to be taken from it" {
  machine m60
  device "$A" 11
  holds "$A"
  a_vm --device "$(has "$A")"
  mdevtool detach "$A" --qmp "$vm"
  succeeds
}

@test "detach: a guest that does not answer is waited for no longer than --timeout" {
  machine m60
  device "$A" 11
  a_vm --device "$(has "$A")" --unplug never
  local before=$SECONDS
  mdevtool detach "$A" --qmp "$vm" --timeout 1
  fails 1 "the guest has not let go of '$A' in time"
  hints "--timeout"
  [ $((SECONDS - before)) -lt 9 ] || complain "that took too long"
  mdevtool detach "$A" --qmp "$vm" --timeout 1
  fails 1 "has not let go"
}

@test "detach: each that is left is named, those that can go do" {
  machine m60
  device "$A" 11 --group 1
  device "$B" 11 --group 1
  a_vm --device "$(has "$A")" --device "$(has "$B")" --unplug never
  mdevtool detach "$A" "$B" --qmp "$vm" --timeout 1
  fails 1 "has not let go of '$A' in time; the guest has not let go of '$B' in time"
  a_vm --device "$(has "$A")" --device "$(has "$B")" --fault 'device_del#1=error:not now'
  mdevtool detach "$A" "$B" --qmp "$vm"
  fails 1 "cannot detach '$A': not now"
  warns_not_of "$B"
  vm_was_told device_del "$(unplugged "$A")" device_del "$(unplugged "$B")"
  mdevtool detach "$B" --qmp "$vm"
  warns "'$B' is detached already"
}

@test "detach: one that the guest lets go of before it is asked again" {
  machine m60
  device "$A" 11
  a_vm --device "$(has "$A")" --unplug sooner
  mdevtool detach "$A" --qmp "$vm"
  succeeds
  is_silent
}

@test "detach: a guest that refuses" {
  machine m60
  device "$A" 11 --group 1
  device "$B" 11 --group 1
  a_vm --device "$(has "$A")" --device "$(has "$B")" --unplug refuse
  mdevtool detach "$A" "$B" --qmp "$vm"
  fails 1 "the guest refuses to let go of '$A'"
  vm_was_told device_del "$(unplugged "$A")" device_del "$(unplugged "$B")"
}

@test "detach: events for others are passed over" {
  machine m60
  device "$A" 11
  a_vm --device "$(has "$A")" --fault device_del=events:3000
  mdevtool detach "$A" --qmp "$vm"
  succeeds
}

@test "detach: a peer that is silent, closes, breaks off, or talks nonsense" {
  machine m60
  device "$A" 11
  local what
  for what in silent close half garbage 'reply:42' big:10000000 error:never; do
    a_vm --device "$(has "$A")" --fault "device_del=$what"
    mdevtool detach "$A" --qmp "$vm" --timeout 1
    fails 1 "cannot detach '$A'"
  done
  warns "cannot detach '$A': never"
}

@test "detach: wrong use, and what is not there" {
  machine m60
  device "$A" 11
  a_vm
  mdevtool detach --qmp "$vm"
  fails 2 "name a device"
  hints "mdevtool list"
  mdevtool detach "$A"
  fails 2 "--qmp SOCKET is missing"
  mdevtool detach "$B" --qmp "$vm"
  fails 3 "no device"
  mdevtool detach "$A" --qmp "$BATS_TEST_TMPDIR/nobody"
  fails 3 "nobody"
}
