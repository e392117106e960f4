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
  json '.arguments == ["-device", "vfio-pci,sysfsdev=/sys/bus/mdev/devices/'"$A"'"]'
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

### Formats and options

@test "start-vm-args: the same in JSON, for QMP and for libvirt" {
  machine samples
  device "$A" mdpy-hd
  mdevtool start-vm-args "$A" --format qemu --id gpu --bootindex 2 --display on
  says "-device vfio-pci,sysfsdev=/sys/bus/mdev/devices/$A,id=gpu0,display=on,bootindex=2"
  mdevtool start-vm-args "$A" --format qemu-json --id gpu --bootindex 2 --display on
  says "-device '{\"driver\":\"vfio-pci\",\"sysfsdev\":\"/sys/bus/mdev/devices/$A\",\"id\":\"gpu0\",\"display\":\"on\",\"bootindex\":2}'"
  mdevtool start-vm-args "$A" --format qmp --bus rp1
  json '.execute + " " + .arguments.driver + " " + .arguments.sysfsdev + " " + .arguments.bus' \
    "device_add vfio-pci /sys/bus/mdev/devices/$A rp1"
  mdevtool start-vm-args "$A" --format libvirt --id gpu --display on
  says "<hostdev mode='subsystem' type='mdev' model='vfio-pci' display='on'>
  <source>
    <address uuid='$A'/>
  </source>
  <alias name='ua-gpu0'/>
</hostdev>"
}

@test "start-vm-args: libvirt's display is on or off" {
  machine samples
  device "$A" mdpy-hd
  mdevtool start-vm-args "$A" --format libvirt --display auto
  fails 9 "libvirt has no --display auto"
}

@test "start-vm-args: --json wraps any format" {
  machine samples
  device "$A" mdpy-hd
  mdevtool start-vm-args "$A" --vm-uuid "$B" --iommufd --json
  json '.arguments | join(" ")' \
    "-uuid $B -object iommufd,id=iommufd0 -device vfio-pci,sysfsdev=/sys/bus/mdev/devices/$A,iommufd=iommufd0"
  json '.arguments | length' 6
  mdevtool start-vm-args "$A" --format qemu-json --json
  json '.arguments[0]' -device
  json '.arguments[1] | fromjson | .driver' vfio-pci
  mdevtool start-vm-args "$A" --format qmp --json
  json '.arguments[0] | fromjson | .execute' device_add
  mdevtool start-vm-args "$A" --format libvirt --json
  json '.arguments | length' 1
}

@test "start-vm-args: --ramfb is another driver, with its display on" {
  machine samples
  device "$A" mdpy-hd
  mdevtool start-vm-args "$A" --ramfb
  says "-device vfio-pci-nohotplug,sysfsdev=/sys/bus/mdev/devices/$A,display=on,ramfb=on"
  mdevtool start-vm-args "$A" --ramfb --display off
  fails 2 "--ramfb needs --display on"
}

@test "start-vm-args: --iommufd brings its object, --vm-uuid QEMU's -uuid" {
  machine samples
  device "$A" mdpy-hd
  mdevtool start-vm-args "$A" --iommufd --vm-uuid "$B"
  says "-uuid $B
-object iommufd,id=iommufd0
-device vfio-pci,sysfsdev=/sys/bus/mdev/devices/$A,iommufd=iommufd0"
  mdevtool start-vm-args "$A" --iommufd=io --format qmp
  [ "${lines[0]}" = '{"execute":"object-add","arguments":{"qom-type":"iommufd","id":"io"}}' ] || complain
}

@test "start-vm-args: NVIDIA's driver wants the VM's UUID, which is never made up" {
  machine nvidia-mdev
  device "$A" nvidia-63
  mdevtool start-vm-args "$A"
  succeeds
  hints --vm-uuid
  mdevtool start-vm-args "$A" --vm-uuid "$B"
  is_silent
  mdevtool start-vm-args "$A" --format qmp
  hints "started with QEMU's -uuid"
  mdevtool start-vm-args "$A" --format libvirt
  is_silent
}

@test "start-vm-args: what a device cannot take is refused, with the reason" {
  machine s390-ap
  device "$A" vfio_ap-passthrough
  local option reason
  while IFS=: read -r option reason; do
    mdevtool start-vm-args "$A" "$option"
    fails 9 "vfio-ap takes no ${option%%=*}: $reason"
  done <<'REASONS'
--bus=b:only PCI devices go on a bus of the VM's
--addr=1:only PCI devices have an address on a bus
--display=on:only PCI devices have a screen
--ramfb:only PCI devices have a screen
--bootindex=1:nothing boots from a crypto adapter
--migration=on:QEMU migrates only PCI devices
--devno=fe.0.1:only channel devices have a device number
REASONS
  mdevtool start-vm-args "$A" --id x
  says "-device vfio-ap,sysfsdev=/sys/bus/mdev/devices/$A,id=x0"
  machine s390-ccw
  device "$B" vfio_ccw-io
  mdevtool start-vm-args "$B" --devno fe.0.1234 --bootindex 1
  says "-device vfio-ccw,sysfsdev=/sys/bus/mdev/devices/$B,bootindex=1,devno=fe.0.1234"
  mdevtool start-vm-args "$B" --display on
  fails 9 "vfio-ccw takes no --display: only PCI devices have a screen"
  mdevtool start-vm-args "$B" --devno fe.0.1234 --bootindex 2 --format libvirt
  says "<hostdev mode='subsystem' type='mdev' model='vfio-ccw'>
  <source>
    <address uuid='$B'/>
  </source>
  <boot order='2'/>
  <address type='ccw' cssid='0xfe' ssid='0x0' devno='0x1234'/>
</hostdev>"
  machine samples
  device "$C" mdpy-hd
  mdevtool start-vm-args "$C" --devno fe.0.1
  fails 9 "vfio-pci takes no --devno: only channel devices have a device number"
}

@test "start-vm-args: what a format has no place for is refused" {
  machine samples
  device "$A" mdpy-hd
  local option reason
  while IFS=: read -r option reason; do
    mdevtool start-vm-args "$A" --format libvirt "$option"
    fails 9 "libvirt has no place for ${option%%=*}: $reason"
  done <<REASONS
--bus=b:it gives devices their addresses itself
--addr=1:it gives devices their addresses itself
--migration=on:a <hostdev> does not say whether it migrates
--iommufd:it chooses itself how QEMU opens a device
--vm-uuid=$B:the <uuid> of its domain is the VM's
REASONS
  mdevtool start-vm-args "$A" --format qmp --vm-uuid "$B"
  fails 9 "qmp has no place for --vm-uuid: a VM that runs was started with its UUID"
  mdevtool start-vm-args "$A" --format qmp --ramfb
  fails 9 "qmp has no place for --ramfb: such a device cannot be plugged in"
  mdevtool start-vm-args "$A" --format libvirt --bootindex 1
  fails 9 "libvirt has no place for --bootindex: of mediated devices it boots from vfio-ccw only"
  machine s390-ccw
  device "$B" vfio_ccw-io
  mdevtool start-vm-args "$B" --format libvirt --bootindex 0
  fails 9 "begins with 1"
}

@test "start-vm-args: bad values" {
  machine samples
  device "$A" mdpy-hd
  local words
  for words in --format=x --display=x --migration=maybe --migration=auto --bootindex=-1 --bootindex=x \
    --bootindex=2147483648 '--id=a,b' --id= --id=1x '--bus=a b' --bus= "--addr=';'" --addr= \
    --iommufd=a,b --iommufd=1 --devno=x/y \
    --devno=1234 --devno=fe.4.1234 --devno=fe.0. --devno=fe.0.12345 --devno=fe0.0.1 --devno=.0.1 --devno=fe.0.1x; do
    mdevtool start-vm-args "$A" "$words"
    fails 2 "${words%%=*}"
  done
  mdevtool start-vm-args "$A" --vm-uuid x
  fails 8 "--vm-uuid"
}

@test "start-vm-args: what only one device of a VM can have" {
  machine samples
  device "$A" mdpy-hd
  device "$B" mdpy-hd
  local words
  for words in --addr=1 --bootindex=1 --ramfb; do
    mdevtool start-vm-args "$A" "$B" "$words"
    fails 2 "${words%%=*} cannot be that of 2 devices"
    hints "without ${words%%=*}"
    says_nothing
    mdevtool start-vm-args "$A" "$words"
    succeeds
  done
  machine s390-ccw
  device "$A" vfio_ccw-io
  device "$B" vfio_ccw-io
  mdevtool start-vm-args "$A" "$B" --devno fe.0.1
  fails 2 "--devno cannot be that of 2 devices"
}

@test "start-vm-args: a real QEMU says what it has" {
  needs qemu-system-x86_64
  machine samples
  device "$A" mdpy-hd
  mdevtool start-vm-args "$A" --qemu qemu-system-x86_64 --migration on
  succeeds
  mentions enable-migration=on
  mdevtool start-vm-args "$A" --qemu /no/such/qemu
  fails 3 "no program '/no/such/qemu'"
  mdevtool start-vm-args "$A" --qemu true
  fails 9 "'true' has no driver 'vfio-pci'"
  mdevtool start-vm-args "$A" --qemu false
  fails 9 "'false' does not tell what its 'vfio-pci' takes: it ends with status 1"
  printf '#!/bin/sh\necho "no such library" >&2\nexit 127\n' >"$BATS_TEST_TMPDIR/qemu"
  chmod +x "$BATS_TEST_TMPDIR/qemu"
  mdevtool start-vm-args "$A" --qemu "$BATS_TEST_TMPDIR/qemu"
  fails 9 "does not tell what its 'vfio-pci' takes: no such library"
  if ! qemu-system-x86_64 -device vfio-pci,help | grep -q iommufd; then
    mdevtool start-vm-args "$A" --qemu qemu-system-x86_64 --iommufd
    fails 9 "'qemu-system-x86_64' lacks the property 'iommufd' of vfio-pci"
  fi
}

# What a VM of QEMU's knows to do, and then ends: its answers to what is on stdin.
qmp() {
  { echo '{"execute":"qmp_capabilities"}'; cat; echo '{"execute":"quit"}'; } |
    timeout 20 qemu-system-x86_64 -machine q35,accel=tcg -nodefaults -display none -S -qmp stdio \
      -device pcie-root-port,id=rp1,chassis=1
}

@test "start-vm-args: a real QEMU takes the same addresses and ids" {
  needs qemu-system-x86_64
  machine samples
  device "$A" mdpy-hd
  local value values=(addr={0,5,0x5,1f,1F.7,0x1e.0x1,005,20,0x20,zz,1.8,.1,5.,-1,1f.} id={a,a.b-c_d0,1x,-x,_x})
  local answers=() n=0
  for value in "${values[@]}"; do
    printf '{"execute":"device_add","arguments":{"driver":"vfio-pci","sysfsdev":"/no/such","bus":"rp1","%s":"%s"}}\n' \
      "${value%%=*}" "${value#*=}"
  done >"$BATS_TEST_TMPDIR/commands"
  mapfile -t answers < <(qmp <"$BATS_TEST_TMPDIR/commands" | grep '"error"')
  [ "${#answers[@]}" -eq "${#values[@]}" ] || complain "QEMU did not answer each"
  for value in "${values[@]}"; do
    mdevtool start-vm-args "$A" "--$value"
    case ${answers[n++]} in
    *"no such host device"*) succeeds ;;
    *) fails 2 "--${value%%=*} must be" ;;
    esac
  done
}

@test "start-vm-args: a real QEMU takes every option in every form, and misses only the device" {
  needs qemu-system-x86_64
  machine samples
  device "$A" mdpy-hd
  local options words
  local qemu=(timeout 20 qemu-system-x86_64 -machine "q35,accel=tcg" -nodefaults -display none -S)
  for options in "" "--id gpu --bus pcie.0 --addr 3 --bootindex 1 --display off --vm-uuid $B" \
    "--display auto --migration on --qemu qemu-system-x86_64" "--migration off --qemu qemu-system-x86_64" \
    "--ramfb --bootindex 3"; do
    for words in "--format qemu" "--format qemu-json"; do
      # shellcheck disable=SC2086 # words
      mdevtool start-vm-args "$A" $words $options
      succeeds
      run bash -c "${qemu[*]} $(tr '\n' ' ' <<<"$output")"
      misses_only_the_device
      # shellcheck disable=SC2086
      mdevtool start-vm-args "$A" $words $options --json
      mapfile -t words < <(jq -r '.arguments[]' <<<"$output")
      run "${qemu[@]}" "${words[@]}"
      misses_only_the_device
    done
  done
  for options in "--bus rp1" "--id gpu --bus rp1 --addr 0 --bootindex 1 --display off" \
    "--display auto --migration on --qemu qemu-system-x86_64 --bus rp1"; do
    # shellcheck disable=SC2086
    mdevtool start-vm-args "$A" --format qmp $options
    succeeds
    run qmp <<<"$output"
    assert_success
    assert_output --partial "no such host device"
    refute_output --partial "not found"
    refute_output --partial "Invalid"
  done
}

misses_only_the_device() {
  assert_failure 1
  assert_output --partial "no such host device"
  refute_output --partial "not found"
}

@test "start-vm-args: a real QEMU of s390's takes a channel device's options, and knows vfio-ap's" {
  needs qemu-system-s390x
  machine s390-ccw
  device "$A" vfio_ccw-io
  local format
  for format in qemu qemu-json; do
    mdevtool start-vm-args "$A" --format "$format" --id x --bootindex 1 --devno fe.0.1234 --qemu qemu-system-s390x
    succeeds
    run bash -c "timeout 20 qemu-system-s390x -accel tcg -nodefaults -display none -S $output"
    assert_failure 1
    assert_output --partial "Host device '/sys/bus/mdev/devices/$A' not found"
  done
  machine s390-ap
  device "$B" vfio_ap-passthrough
  mdevtool start-vm-args "$B" --id x --qemu qemu-system-s390x
  succeeds
  says "-device vfio-ap,sysfsdev=/sys/bus/mdev/devices/$B,id=x0"
}

@test "start-vm-args: members of the group that are not named are a warning" {
  machine samples
  device "$A" mdpy-hd --group 1
  device "$B" mdpy-hd --group 1
  mdevtool start-vm-args "$A"
  succeeds
  warns "'$B' of group 1 is not named"
  mdevtool start-vm-args "$A" --json
  json '.warnings[0].message' "'$B' of group 1 is not named"
  mdevtool start-vm-args --group 1
  is_silent
}

@test "start-vm-args: a VFIO device that is not there, or that the user may not open" {
  machine samples
  device "$A" mdpy-hd
  local group
  group=$(basename "$(readlink "$root/sys/bus/mdev/devices/$A/iommu_group")")
  rm -f "$root/dev/vfio/$group"
  mdevtool start-vm-args "$A"
  succeeds
  warns "'$A': /dev/vfio/$group is not there"
  mdevtool start-vm-args "$A" --json
  json '.warnings[0].message' "'$A': /dev/vfio/$group is not there"
  mdevtool start-vm-args "$A" --iommufd
  succeeds
  warns "'$A': /dev/iommu is not there"
}

@test "start-vm-args: a VFIO device that whoever asks may not open" {
  machine samples
  device "$A" mdpy-hd
  local group
  group=$(basename "$(readlink "$root/sys/bus/mdev/devices/$A/iommu_group")")
  : >"$root/dev/vfio/$group"
  chmod 0600 "$root/dev/vfio/$group"
  mdevtool start-vm-args "$A"
  is_silent
  nobody_calls start-vm-args "$A"
  succeeds
  warns "'$A': you may not open /dev/vfio/$group"
  says "-device vfio-pci,sysfsdev=/sys/bus/mdev/devices/$A"
}

@test "start-vm-args: an IOMMU group that is not viable" {
  machine samples
  device "$A" mdpy-hd
  local group
  group=$(basename "$(readlink "$root/sys/bus/mdev/devices/$A/iommu_group")")
  mkdir -p "$root/sys/kernel/iommu_groups/$group/devices/0000:00:1f.0" "$root/sys/bus/pci/drivers/ahci"
  ln -s ../../../../../bus/pci/drivers/ahci "$root/sys/kernel/iommu_groups/$group/devices/0000:00:1f.0/driver"
  mdevtool start-vm-args "$A"
  succeeds
  warns "its IOMMU group $group is not viable, '0000:00:1f.0' has the driver 'ahci'"
}
