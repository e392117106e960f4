#!/usr/bin/env bats
# QEMU in the guest, started with exactly what mdevtool prints, opens the devices.

# shellcheck disable=SC2154 # vm.bash and bats set what is used here
load vm.bash

setup_file() {
  modprobe mtty
  modprobe mdpy
  modprobe edu_mdev
  modprobe vfio_iommu_type1
}

setup() {
  qmp=$BATS_TEST_TMPDIR/qmp
  vm=
}

teardown() {
  [ -z "$vm" ] || stop_vm
  clean_machine
}

# start_vm MACHINE ARGUMENT…: a VM that does not run, with its QMP socket at $qmp and its PID in $vm.
start_vm() {
  local machine=$1
  shift
  qemu-system-x86_64 -S -machine "$machine" -accel tcg -m 64 -nodefaults -display none -name guest=web-1 \
    -qmp "unix:$qmp,server=on,wait=off" "$@" >"$BATS_TEST_TMPDIR/qemu.log" 2>&1 3>&- &
  vm=$!
  eventually test -S "$qmp"
  ask query-status >"$BATS_TEST_TMPDIR/status" || { cat "$BATS_TEST_TMPDIR/qemu.log"; return 1; }
}

stop_vm() {
  kill "$vm" 2>/dev/null || :
  wait "$vm" || :
  vm=
}

# say JSON: one QMP command; its answer, without the greeting and the capabilities' answer.
tell() {
  printf '%s\n%s\n' '{"execute":"qmp_capabilities"}' "$1" | socat -t 5 - "unix-connect:$qmp" |
    jq -c 'select(has("return") or has("error"))' | sed -n 2p
}

ask() { tell "{\"execute\":\"$1\"}"; }

# The VFIO groups that QEMU has open.
open_groups() { readlink /proc/"$vm"/fd/* | sed -n 's,^/dev/vfio/\([0-9]*\)$,\1,p' | sort -n; }

# Vendor and device of the VM's PCI functions, in hexadecimal.
pci_ids() {
  ask query-pci | jq -r '[.. | .id? | objects | select(has("vendor"))] | .[] | "\(.vendor) \(.device)"' |
    while read -r vendor device; do printf '%04x:%04x\n' "$vendor" "$device"; done
}

group_of() { basename "$(readlink "$devices/$1/iommu_group")"; }

# hands_over TYPE ID: creates, starts QEMU with what start-vm-args prints, looks at both.
hands_over() {
  local arguments
  mdevtool create --type "$1" --uuid "$A"
  arguments=$(mdevtool start-vm-args "$A")
  assert_equal "$arguments" "-device vfio-pci,sysfsdev=$devices/$A"
  # shellcheck disable=SC2086 # the words are QEMU's
  start_vm q35 $arguments
  assert_equal "$(open_groups)" "$(group_of "$A")"
  run -0 pci_ids
  assert_line "$2"
}

@test "QEMU opens an mtty device, and has its PCI function" {
  hands_over mtty-1 4348:3253
}

@test "QEMU opens an mdpy device, and has its PCI function" {
  hands_over mdpy-vga 1b36:000f
}

@test "QEMU opens a device on a real PCI parent, and has its PCI function" {
  hands_over edu_mdev-small 1234:11e8
}

@test "what QEMU holds is named, not handed out again, and not destroyed" {
  hands_over mtty-1 4348:3253
  run -0 mdevtool list --json
  assert_equal "$(jq -r '.devices[0].holders[0] | "\(.pid) \(.vm)"' <<<"$output")" "$vm web-1"
  run -6 mdevtool start-vm-args "$A"
  assert_output --partial "PID $vm"
  run -6 mdevtool destroy "$A"
  assert_output --partial "VM 'web-1'"
  stop_vm
  run -0 mdevtool destroy "$A"
}

@test "two devices of a group in one VM" {
  mdevtool create --type edu_mdev-small --group 1 --count 2 >"$BATS_TEST_TMPDIR/uuids"
  run -0 mdevtool start-vm-args --group 1
  assert_equal "${#lines[@]}" 2
  # shellcheck disable=SC2086 # the words are QEMU's
  start_vm q35 $output
  assert_equal "$(open_groups)" "$(while read -r uuid; do group_of "$uuid"; done <"$BATS_TEST_TMPDIR/uuids" | sort -n)"
  assert_equal "$(pci_ids | grep -c 1234:11e8)" 2
}

@test "hot-plug of a second device of the group" {
  mdevtool create --type edu_mdev-small --group 1 --uuid "$A"
  # shellcheck disable=SC2046 # the words are QEMU's
  start_vm pc $(mdevtool start-vm-args "$A")
  run -0 --separate-stderr mdevtool create --type edu_mdev-small --group 1 --uuid "$B"
  assert_regex "$stderr" "^joined group 1, now 2 devices, held by qemu-system-x86 (PID )?$vm "
  # -device's words are device_add's keys.
  run -0 --separate-stderr mdevtool start-vm-args "$B"
  assert_output "-device vfio-pci,sysfsdev=$devices/$B"
  run -0 tell "{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"vfio-pci\",\"sysfsdev\":\"${output#*sysfsdev=}\",\"id\":\"second\"}}"
  assert_output '{"return":{}}'
  assert_equal "$(open_groups | wc -l)" 2
  assert_equal "$(pci_ids | grep -c 1234:11e8)" 2
  run -0 mdevtool list --group 1 --json
  assert_equal "$(jq -r '.devices[].holders[0].pid' <<<"$output")" "$vm"$'\n'"$vm"
}

@test "a device that is not there: mdevtool says so before QEMU does" {
  run -3 mdevtool start-vm-args "$A"
  run ! qemu-system-x86_64 -machine q35 -nodefaults -display none -device vfio-pci,sysfsdev="$devices/$A"
  assert_output --partial "no such host device"
}
