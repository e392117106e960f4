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

# start_vm MACHINE ARGUMENT…: a VM that does not run, with its PID in $vm and a QMP socket at $qmp.
# Such a socket has one client at a time: the tests' own have another.
start_vm() {
  local machine=$1 own=$BATS_TEST_TMPDIR/own
  shift
  qemu-system-x86_64 -S -machine "$machine" -accel tcg -m 64 -nodefaults -display none -name guest=web-1 \
    -qmp "unix:$qmp,server=on,wait=off" -qmp "unix:$own,server=on,wait=off" \
    "$@" >"$BATS_TEST_TMPDIR/qemu.log" 2>&1 3>&- &
  vm=$!
  eventually test -S "$own" || { cat "$BATS_TEST_TMPDIR/qemu.log"; return 1; }
  coproc socat - "unix-connect:$own" 3>&-
  socat=$COPROC_PID
  exec {to_vm}>&"${COPROC[1]}" {from_vm}<&"${COPROC[0]}"
  ask qmp_capabilities >"$BATS_TEST_TMPDIR/greeting" || { cat "$BATS_TEST_TMPDIR/qemu.log"; return 1; }
}

stop_vm() {
  exec {to_vm}>&- {from_vm}<&-
  kill "$vm" "$socat" 2>/dev/null || :
  wait "$vm" "$socat" || :
  vm=
}

# tell JSON: one QMP command; its answer. Events before it are dropped.
tell() {
  printf '%s\n' "$1" >&"$to_vm"
  hear '{"return"*' '{"error"*'
}

# hear PATTERN…: the next line from the VM that is like one of them.
hear() {
  local line pattern
  while IFS= read -r -t 30 line <&"$from_vm"; do
    for pattern; do
      # shellcheck disable=SC2053 # it is a pattern
      if [[ $line = $pattern ]]; then echo "${line%$'\r'}"; return; fi
    done
  done
  fail "the VM does not say $*"
}

ask() { tell "{\"execute\":\"$1\"}"; }

# start_guest ARGUMENT…: a VM that runs, with four free root ports; its guest ejects what it is asked for (unplug.S).
start_guest() {
  local port ports=()
  for port in 1 2 3 4; do ports+=(-device "pcie-root-port,id=port$port,chassis=$port"); done
  start_vm q35 -bios /payload/bin/unplug.bin "${ports[@]}" "$@"
  ask cont >/dev/null
}

# The VFIO groups that QEMU has open.
open_groups() { readlink /proc/"$vm"/fd/* | sed -n 's,^/dev/vfio/\([0-9]*\)$,\1,p' | sort -n; }

# Vendor and device of the VM's PCI functions, in hexadecimal.
pci_ids() {
  ask query-pci | jq -r '[.. | .id? | objects | select(has("vendor"))] | .[] | "\(.vendor) \(.device)"' |
    while read -r vendor device; do printf '%04x:%04x\n' "$vendor" "$device"; done
}

as_nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups /payload/bin/mdevtool "$@"; }

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
  # Who may not see the processes is not told that it is free.
  run -0 as_nobody list --raw --noheadings -o uuid,holders
  assert_output "$A unknown"
  run -0 --separate-stderr as_nobody start-vm-args "$A"
  assert_regex "$stderr" "'$A' may be in use: processes are hidden from here"
  assert_regex "$stderr" "'$A': you may not open /dev/vfio/$(group_of "$A")"
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
  assert_output '{"return": {}}'
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

@test "every form that start-vm-args prints, with every option, is what QEMU opens" {
  local words
  mdevtool create --type mtty-1 --uuid "$A"
  mdevtool create --type mdpy-vga --uuid "$B"
  mdevtool create --type mdpy-hd --uuid "$C"
  mdevtool start-vm-args "$B" --format qemu-json --id second --ramfb --bootindex 1 --qemu qemu-system-x86_64 --json \
    >"$BATS_TEST_TMPDIR/json"
  mapfile -t words < <(jq -r '.arguments[]' "$BATS_TEST_TMPDIR/json")
  # shellcheck disable=SC2046 # the words are QEMU's
  start_guest "${words[@]}" $(mdevtool start-vm-args "$A" --id first --bus port1 --addr 0 --vm-uuid "$C")
  assert_equal "$(ask query-uuid | jq -r .return.UUID)" "$C"
  run -0 tell "$(mdevtool start-vm-args "$C" --format qmp --id third --bus port2 --addr 0 --display off --migration off --qemu qemu-system-x86_64)"
  assert_output '{"return": {}}'
  assert_equal "$(open_groups | wc -l)" 3
  assert_equal "$(property first0 sysfsdev)" "$devices/$A"
  assert_equal "$(property second0 ramfb) $(property second0 display) $(property second0 bootindex)" "true on 1"
  assert_equal "$(property third0 display) $(property third0 x-enable-migration)" "off false"
}

# property ID NAME: what QEMU has for it.
property() { tell "{\"execute\":\"qom-get\",\"arguments\":{\"path\":\"/machine/peripheral/$1\",\"property\":\"$2\"}}" | jq -r .return; }

# All that attach and detach could leave behind: open files of QEMU's, its devices, what the kernel and mdevtool know.
traces() {
  readlink /proc/"$vm"/fd/* | sort | uniq -c
  tell '{"execute":"qom-list","arguments":{"path":"/machine/peripheral"}}' | jq -r '.return[].name' | sort
  find /sys/bus/mdev/devices /sys/kernel/iommu_groups /sys/class/vfio /sys/devices/virtual/{mtty,mdpy} /run/mdevtool | sort
  cat /sys/class/mdev_bus/*/mdev_supported_types/*/available_instances
}

@test "attached and detached 50 times round: nothing is left behind" {
  local round resident
  mdevtool create --type mtty-1 --uuid "$A"
  mdevtool create --type mdpy-vga --uuid "$B"
  start_guest
  for ((round = 1; round <= 50; round++)); do
    mdevtool attach "$A" "$B" --qmp "$qmp"
    [ "$round" != 1 ] || assert_equal "$(open_groups | wc -l)" 2
    mdevtool detach "$A" "$B" --qmp "$qmp"
    [ "$round" != 1 ] || traces >"$BATS_TEST_TMPDIR/first"
    [ "$round" != 10 ] || resident=$(resident)
  done
  traces >"$BATS_TEST_TMPDIR/last"
  run -0 diff -u "$BATS_TEST_TMPDIR/first" "$BATS_TEST_TMPDIR/last"
  resident=$(($(resident) - resident))
  [ $resident -lt 2048 ] || fail "QEMU has grown by $resident KiB in 40 rounds"
}

# QEMU's memory, in KiB.
resident() { sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' /proc/"$vm"/status; }
