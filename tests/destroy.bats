#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# mdevtool destroy
# shellcheck disable=SC2154 # set by what is loaded

load mdevtool.bash

golden() {
  diff "$top_srcdir/tests/golden/$1" - <<<"$output" >&2 || complain "not as in tests/golden/$1"
}

@test "destroy: to the mail's letter: the UUID to mdev_destroy" {
  machine m60
  device "$A" 11 --group 1
  mdevtool destroy "$A"
  succeeds
  says_nothing
  is_silent
  wrote mdev_destroy "$A"
  wrote_nothing_else
  nothing_left
}

@test "destroy: on the kernel's tree: 1 to the device's remove" {
  machine samples
  device "$A" mtty-2
  mdevtool destroy "$A"
  succeeds
  wrote "$A/remove" 1
  wrote_nothing_else
  nothing_left
}

@test "destroy: by UUID in capitals, by prefix, by name" {
  machine m60
  local name
  for name in "${A^^}" "${A:0:8}" desk; do
    device "$A" 11 --name desk
    mdevtool destroy "$name"
    succeeds
    is_gone "$A"
  done
}

@test "destroy: a prefix that is too short names nothing" {
  machine m60
  device "$A" 11
  mdevtool destroy "${A:0:4}"
  fails 8 "'${A:0:4}' is too short to name a device, 8 digits are the least"
  hints "${A:0:8}"
  wrote_nothing
}

@test "destroy: an ambiguous prefix destroys neither" {
  machine m60
  device "$A" 11
  device "$D" 11
  mdevtool destroy "${A:0:8}"
  fails 8 "ambiguous"
  hints "$A" "$D"
  wrote_nothing
}

@test "destroy: what is not there is not found, and nothing else is destroyed" {
  machine m60
  device "$A" 11
  mdevtool destroy "$A" "$B"
  fails 3 "$B"
  wrote_nothing
  device_exists "$A"
}

@test "destroy: the same device named twice goes once" {
  machine m60
  device "$A" 11 --name desk
  mdevtool destroy "$A" desk
  succeeds
  wrote mdev_destroy "$A"
  wrote_nothing_else
}

@test "destroy: several at once" {
  machine m60
  device "$A" 11
  device "$B" 11
  mdevtool destroy "$A" "$B"
  succeeds
  nothing_left
}

@test "destroy: a whole group, and only it" {
  machine m60
  device "$A" 11 --group 1
  device "$B" 11 --group 1
  device "$C" 11 --group 2
  mdevtool destroy --group 1
  succeeds
  wrote mdev_destroy "$A"
  wrote mdev_destroy "$B"
  wrote_nothing_else
  device_exists "$C"
}

@test "destroy: a group without devices is not found" {
  machine m60
  mdevtool destroy --group 5
  fails 3 "5"
}

@test "destroy: all of a parent, and only of it" {
  machine m60x2
  device "$A" 11 --parent 86:00.0
  device "$B" 11 --parent 87:00.0
  foreign_device "$C" /sys/bus/pci/devices/0000:86:00.0/mdev_supported_types/11
  mdevtool destroy --parent 86:00.0 --all
  succeeds
  is_gone "$A"
  is_gone "$C"
  device_exists "$B"
  mdevtool destroy --parent 86:00.0 --all
  succeeds
  wrote_nothing
}

@test "destroy: --parent alone destroys nothing, --all alone neither" {
  machine m60
  device "$A" 11
  mdevtool destroy --parent "$card"
  fails 2 "--parent"
  hints "--all"
  mdevtool destroy --all
  fails 2 "--all"
  hints "mdevtool list-parents"
  mdevtool destroy
  fails 2
  mdevtool destroy "$A" --group 1
  fails 2
  wrote_nothing
}

@test "destroy: of a parent that is unknown" {
  machine m60
  mdevtool destroy --parent 0000:86:00.1 --all
  fails 3 "0000:86:00.1"
  hints "$card"
}

@test "destroy: those that others made go too" {
  machine samples
  foreign_device "$A" /sys/class/mdev_bus/mtty/mdev_supported_types/mtty-2
  mdevtool destroy "$A"
  succeeds
  nothing_left
}

@test "destroy: those of the mail's tree that others made, whose type nobody tells" {
  machine m60
  foreign_device "$A" "$types/11"
  mdevtool destroy "$A"
  succeeds
  wrote mdev_destroy "$A"
  nothing_left
}

@test "destroy: --json tells what is gone" {
  machine m60
  device "$A" 11
  device "$B" 11
  mdevtool destroy "$A" "$B" --json
  succeeds
  json ".destroyed | sort == [\"$A\", \"$B\"]"
}

### Held devices

@test "destroy: a held device is refused, naming process, PID and VM" {
  machine m60
  device "$A" 11
  holds "$A"
  mdevtool destroy "${A:0:8}"
  fails 6 "cannot destroy '$A': held by qemu-system-x86 (PID 4711, VM 'web-1')"
  hints "shut the VM down" "mdevtool detach $A --qmp SOCKET"
  wrote_nothing
  device_exists "$A"
  mdevtool destroy "$A" --json
  fails 6
  json '.error.kind' busy
}

@test "destroy: a VM of libvirt's is named as that, with libvirt's words to end it" {
  machine m60
  device "$A" 11
  holds "$A" 12 qemu-system-x86 \
    '/usr/bin/qemu-system-x86_64\x00-name\x00guest=a,,b,debug-threads=on\x00-chardev\x00socket,id=charmonitor,fd=9\x00'
  mdevtool destroy "$A"
  fails 6 "held by qemu-system-x86 (PID 12, libvirt's VM 'a,b')"
  hints "virsh shutdown a,b"
  mdevtool list -o holders --raw --noheadings
  says "qemu-system-x86\x2012\x20(libvirt's\x20a,b)"
  mdevtool list --json
  json '.devices[0].holders | tojson' '[{"pid":12,"command":"qemu-system-x86","vm":"a,b","manager":"libvirt"}]'
}

@test "destroy: a VM's name is quoted where it is to be typed" {
  machine m60
  device "$A" 11
  holds "$A" 12 qemu-system-x86 \
    '/usr/bin/qemu-system-x86_64\x00-name\x00guest=Windows 10;id\x00-chardev\x00socket,id=charmonitor,fd=9\x00'
  mdevtool destroy "$A"
  fails 6 "libvirt's VM 'Windows 10;id'"
  hints "virsh shutdown 'Windows 10;id'"
}

@test "destroy: a holder that is no VM is not told to be shut down" {
  machine m60
  device "$A" 11
  holds "$A" 12 cat 'cat\x00x\x00'
  mdevtool destroy "$A"
  fails 6 "held by cat (PID 12)"
  hints ""
  warns_not_of "shut the VM down"
  wrote_nothing
}

@test "destroy: a device that is held through iommufd is refused, as are others of that VM" {
  machine samples
  device "$A" mtty-1
  device "$B" mtty-1
  device "$C" mtty-1
  holds_cdev "$A"
  holds "$B"
  mdevtool destroy "$A"
  fails 6 "cannot destroy '$A': held by qemu-system-x86 (PID 4711, VM 'web-1')"
  mdevtool destroy "$B"
  fails 6 "cannot destroy '$B': held by qemu-system-x86 (PID 4711, VM 'web-1')"
  mdevtool destroy "$C"
  succeeds
  releases "$A"
  mdevtool destroy "$A"
  succeeds
  is_gone "$A"
}

# A kernel built without VFIO's groups gives an emulated device none.
@test "destroy: a device without an IOMMU group is known by its own node" {
  machine samples
  device "$A" mtty-1
  device "$B" mtty-1
  rm "$root"/sys/bus/mdev/devices/{"$A","$B"}/iommu_group
  holds_cdev "$A"
  mdevtool destroy "$A"
  fails 6 "cannot destroy '$A': held by qemu-system-x86 (PID 4711, VM 'web-1')"
  wrote_nothing
  mdevtool destroy "$B"
  succeeds
  is_gone "$B"
}

@test "destroy: one held device of several keeps them all" {
  machine m60
  device "$A" 11 --group 1
  device "$B" 11 --group 1
  holds "$B"
  mdevtool destroy --group 1
  fails 6 "'$B'"
  wrote_nothing
  device_exists "$A"
}

@test "destroy: a known holder is not waited for" {
  machine m60
  device "$A" 11
  holds "$A"
  local before=${EPOCHREALTIME/./}
  mdevtool destroy "$A"
  fails 6
  [ $((${EPOCHREALTIME/./} - before)) -lt 3000000 ] || complain "it waited"
}

@test "destroy: --wait waits until the holder lets go" {
  machine m60
  device "$A" 11
  holds "$A"
  (sleep 0.3 && "$MDEVSIM" release "$root" "$A") >/dev/null 2>&1 3>&- &
  mdevtool destroy "$A" --wait 20
  succeeds
  wrote mdev_destroy "$A"
  nothing_left
}

@test "destroy: --wait is bounded, and then says who holds it" {
  machine m60
  device "$A" 11
  holds "$A"
  local before=${EPOCHREALTIME/./} took
  mdevtool destroy "$A" --wait 1
  took=$((${EPOCHREALTIME/./} - before))
  fails 6 "PID 4711"
  [ "$took" -ge 900000 ] || complain "it waited only $took µs"
  [ "$took" -lt 10000000 ] || complain "it waited $took µs"
  wrote_nothing
}

# while_blocked SCRIPT: commands of $mdevtool, one after the other in one run of the simulator, as what
# never returns ends with that. Each that fails has its status on stdout.
while_blocked() {
  mdevtool="$MDEVTOOL --root $root" play bash -c "trap 'echo \$?' ERR; $1"
}

@test "destroy: a removal that never returns does not hang the command; it is pending" {
  machine samples
  device "$A" mtty-2
  fault --never '*/remove'
  while_blocked "
    \$mdevtool destroy $A --wait 1
    \$mdevtool list -o state --noheadings
    \$mdevtool start-vm-args $A
    \$mdevtool destroy $A"
  says $'6\npending-removal\n6\n6'
  warns "cannot destroy '$A'" "not finished" "'$A' is being removed" "'$A' is being removed already"
  recorded "$A"
  # its writer was killed, and the driver has not seen it
  mdevtool list -o state --noheadings
  says active
}

@test "destroy: a virtual function whose removal never returns is given to nobody, and holds up nobody" {
  machine nvidia-vf
  device "$A" 1145
  local vf entry="run/mdevtool/journal/$A.pending"
  vf=$(vf_of "$A")
  fault --never "*/$vf/nvidia/current_vgpu_type"
  while_blocked "
    \$mdevtool destroy $A --wait 1
    \$mdevtool list -o state --noheadings
    \$mdevtool start-vm-args $A
    cp '$root/$entry' '$BATS_TEST_TMPDIR/entry'
    \$mdevtool create --type 1145 --uuid $B
    \$mdevtool recover
    cmp '$root/$entry' '$BATS_TEST_TMPDIR/entry'
    \$mdevtool create --type 1145 --uuid $A
    \$mdevtool list -o state --noheadings"
  says "$(printf '%s\n' 6 pending-removal 6 "$B" 4 pending-removal active)"
  warns "not finished" "'$A' is being removed" "$A on '0000:41:00.0' is still being removed" "the device $A is still being removed"
  vgpu "$vf" 1145
  mdevtool destroy "$A"
  succeeds
  mdevtool create --type 1145 --uuid "$A"
  succeeds
  mdevtool list -o state --noheadings
  says $'active\nactive'
}

@test "destroy: a removal whose writer was killed is tried again, and may block again" {
  machine nvidia-vf
  device "$A" 1145
  local vf
  vf=$(vf_of "$A")
  fault --never "*/$vf/nvidia/current_vgpu_type"
  mdevtool destroy "$A" --wait 1
  fails 6 "not finished"
  fault --never "*/$vf/nvidia/current_vgpu_type"
  while_blocked "
    \$mdevtool recover
    \$mdevtool list -o state --noheadings
    \$mdevtool recover"
  says $'1\npending-removal'
  warns "cannot remove $A on '0000:41:00.0': the driver has not finished it yet"
  warns_not_of "nothing to recover"
  mdevtool recover
  succeeds
  nothing_left
}

@test "destroy: a removal that blocks for a hidden holder is pending until it ends, then mended" {
  machine samples
  device "$A" mtty-2 --group 1
  holds "$A"
  mv "$root/proc/4711" "$BATS_TEST_TMPDIR/hidden"
  mdevtool destroy "$A" --wait 0
  fails 6 "$A"
  hints "mdevtool recover"
  mdevtool list --json
  json '.devices[0].state' pending-removal
  mdevtool destroy "$A"
  fails 6 "being removed"
  mdevtool start-vm-args "$A"
  fails 6 "being removed"
  mdevtool create --type mtty-1 --uuid "$A"
  [ "$status" -eq 4 ] || [ "$status" -eq 6 ] || complain "the UUID was given away"
  mv "$BATS_TEST_TMPDIR/hidden" "$root/proc/4711"
  releases "$A"
  mdevtool recover
  succeeds
  nothing_left
}

@test "destroy: a pending removal warns nobody again and again" {
  machine samples
  device "$A" mtty-2
  holds "$A"
  mv "$root/proc/4711" "$BATS_TEST_TMPDIR/hidden"
  mdevtool destroy "$A" --wait 0
  mdevtool list
  warns_not_of interrupted
  mdevtool create --type mtty-1
  succeeds
  is_silent
}

@test "destroy: --wait that is no number" {
  machine m60
  device "$A" 11
  local wait
  for wait in x -1 1.5 '' 99999999999; do
    mdevtool destroy "$A" --wait="$wait"
    fails 2 "--wait"
  done
  wrote_nothing
}

### Refusals

@test "destroy: the driver's refusal is told and the device stays ours" {
  machine m60
  device "$A" 11 --name desk
  fault --fail '*/mdev_destroy=EINVAL'
  mdevtool destroy "$A"
  fails 8 "cannot destroy '$A'" "Invalid argument"
  device_exists "$A"
  recorded "$A"
  no_journal_entry
  mdevtool destroy desk
  succeeds
  nothing_left
}

@test "destroy: one refusal of several does not keep the others; the first cause counts" {
  machine m60
  device "$A" 11
  device "$B" 11
  device "$C" 11
  fault --fail '1=EPERM' --fail '2=EIO'
  mdevtool destroy "$A" "$B" "$C"
  fails 7 "$A"
  device_exists "$A"
  device_exists "$B"
  is_gone "$C"
  all_is_whole
}

@test "destroy: a driver that takes the UUID and keeps the device is found out" {
  machine m60
  device "$A" 11
  fault --swallow '*/mdev_destroy'
  mdevtool destroy "$A"
  fails 1 "$A" "still"
  recorded "$A"
  no_journal_entry
}

@test "destroy: a device that another tool removes meanwhile" {
  machine samples
  device "$A" mtty-2
  fault --exec "*/remove=$MDEVSIM run \$MDEVSIM_DIR -- sh -c 'echo 1 > \$MDEVSIM_DIR/sys/bus/mdev/devices/$A/remove'"
  mdevtool destroy "$A"
  is_gone "$A"
  nothing_left
}

### --dry-run and --verbose

@test "destroy: --dry-run prints the lines and writes nothing" {
  machine m60
  device "$A" 11 --group 1
  device "$B" 11 --group 1
  mdevtool destroy --group 1 --dry-run
  succeeds
  golden destroy-m60
  wrote_nothing
  device_exists "$A"
  mdevtool destroy --group 1 --dry-run --json
  json '.steps | length' 2
  machine samples
  device "$A" mtty-2
  mdevtool destroy "$A" --dry-run
  golden destroy-samples
  wrote_nothing
}

@test "destroy: --dry-run refuses a held device too" {
  machine m60
  device "$A" 11
  holds "$A"
  mdevtool destroy "$A" --dry-run
  fails 6 "PID 4711"
  says_nothing
}

@test "destroy: a device that moves to another parent meanwhile is removed under that one's lock" {
  needs strace
  export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 # not under a tracer
  machine m60x2
  local pci=$root/sys/bus/pci/devices other=0000:87:00.0
  foreign_device "$A" "$types/11"
  ("$MDEVSIM" run "$root" -- bash -c "sleep 0.5; echo $A >'$pci/$card/mdev_destroy' &&
    echo $A >'$pci/$other/mdev_supported_types/11/create'") &
  # between its look at the device and the lock of the parent that it was on
  play strace -qq -y -o "$BATS_TEST_TMPDIR/trace" -e trace=flock -e inject=flock:delay_enter=1500000:when=1 \
    "$MDEVTOOL" --root "$root" destroy "$A"
  wait $!
  succeeds
  [ ! -e "$root/sys/bus/mdev/devices/$A" ] || complain "it is there"
  grep -q "lock/$other" "$BATS_TEST_TMPDIR/trace" || complain "without a lock:" "$(<"$BATS_TEST_TMPDIR/trace")"
}

@test "destroy: --verbose shows the steps of the dry run" {
  machine m60
  device "$A" 11
  mdevtool destroy "$A" --dry-run
  local plan=$output
  mdevtool destroy "$A" --verbose
  succeeds
  [ "$stderr" = "$plan" ] || complain "not the plan"
}
