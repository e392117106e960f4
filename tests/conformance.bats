#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What the drivers of mediated devices answer. The same file asks the simulator (mdevsim) and real
# kernels: with CONFORMANCE_KERNEL=1, in a virtual machine with the drivers loaded. The simulator
# is what the other tests believe, so what it claims is claimed here, and a kernel must agree.
#
# Learned from kernels (Linux 6.1 and 6.12, x86-64 and s390x):
#
#  - One write(2) is one call of the driver. A write of nothing never reaches it; of more than a
#    page it gets the first page, and the count says so.
#  - create takes 36 bytes, or 37 whatever the last one is. The nil UUID is accepted. A UUID in
#    upper case appears in lower case and is the same UUID.
#  - When create returns, the device, its links and the new counts are there.
#  - A UUID in use answers EEXIST on any parent, also where there is no room.
#  - Without room mtty and mbochs answer ENOSPC, mdpy and vfio_ccw EUSERS.
#  - mtty's types share 24 ports. mdpy's three types share one count of 4, though each seems to
#    have its own. mbochs's types share 256 MB.
#  - remove: 0 does nothing, any other number removes (0x1 too), what is no number is EINVAL.
#  - Removing a device that is open blocks the writer. The device leaves the bus and its type's
#    devices/ at once, its count stays taken, its UUID still answers EEXIST. When it is closed,
#    the write returns as if nothing had been.
#  - IOMMU group numbers are the lowest free ones, so they come back.
#  - A parent whose driver goes takes its devices along; nobody is asked.
#  - vfio_ap checks a queue (adapter and domain) when its second half is assigned: EADDRNOTAVAIL
#    while it is the host's, EADDRINUSE while another device has it, ENODEV beyond the maximum. The
#    refused half is not kept. Assigning twice, or unassigning what is not there, is no error.
#  - apmask and aqmask: a queue is the host's only while both have it, and the host cannot take it
#    back (EBUSY) while a device has it.
#  - A vfio_ap device is opened by a VM only: without KVM at hand, EINVAL. mtty's, mdpy's, mbochs's
#    and vfio_ccw's devices open for anyone, so the tests hold those.
#  - ap_config (6.12) takes all three masks or none; the "0x" may be left out, and digits fill up
#    from the left. A newline ends a mask as a comma does, so that "3,4\n" has an empty third one.
#
# Chosen, as no kernel has the RFC's files; the project's own module in tests/vm serves them:
#
#  - create takes UUID or UUID:GROUP and one newline; a group is a number from 1 to 4294967295, and
#    only for a type with requires_group.
#  - Without room create answers ENOSPC. Devices of one type leave no room for the other types.
#  - params are the type's until they are cleared by an empty line; a device of it that is created
#    meanwhile has them. vendor/params and vendor/group of a device show them.
#  - mdev_destroy of a UUID that the parent does not have answers ENODEV, of no UUID EINVAL.
#
# Reported by users of NVIDIA's virtual functions (kernel 6.8 and later), confirmed by no machine of
# ours:
#
#  - creatable_vgpu_types has a heading, then "ID    : NAME" lines; only the heading is legal. With
#    the first vGPU the lists of the other functions collapse to its size, unless the card is in
#    heterogeneous mode; the list of a function that has a type does not name it.
#  - The id goes to current_vgpu_type, 0 takes it away; EPERM while a VM runs, and so for params.
#  - Some files cannot be read before there is a type. placement_id says "Not Applicable" then.
#  - Functions go when they are disabled, with their types and params, and come back without.
#
# Chosen:
#
#  - An id that is not in the list of the function is EINVAL, whyever it is not; a second id for a
#    function that has one EBUSY; a file that cannot be read EIO.
#  - Params, placements and instances before there is a type are EPERM. All go with the type.
#  - sriov_numvfs takes what the kernel's own drivers/pci/iov.c takes, and is EBUSY while a VM runs.
#    NVIDIA's driver takes it from sriov-manage only; the simulator from anybody.

# shellcheck disable=SC2154 # conformance.bash sets them
load conformance.bash

mtty=/sys/class/mdev_bus/mtty/mdev_supported_types
mdpy=/sys/class/mdev_bus/mdpy/mdev_supported_types
mbochs=/sys/class/mdev_bus/mbochs/mdev_supported_types
ccw1=/sys/bus/css/devices/0.0.0001/mdev_supported_types/vfio_ccw-io
ccw2=/sys/bus/css/devices/0.0.0002/mdev_supported_types/vfio_ccw-io
ap=/sys/devices/vfio_ap/matrix/mdev_supported_types/vfio_ap-passthrough
m60=/sys/bus/pci/devices/0000:86:00.0
l40s=/sys/bus/pci/devices/0000:41:00.0
vf0=$l40s/virtfn0/nvidia
vf1=$l40s/virtfn1/nvidia

teardown() {
  no_devices_left
}

# --- create ------------------------------------------------------------------------------------

@test "create: 36 bytes are a UUID" {
  machine samples "$mtty"
  put "$mtty/mtty-2/create" "$A"
  answered "ok 36"
  there "$devices/$A"
}

@test "create: the 37th byte may be anything" {
  machine samples "$mtty"
  put "$mtty/mtty-1/create" "$A\\n"
  answered "ok 37"
  put "$mtty/mtty-1/create" "${B}X"
  answered "ok 37"
  there "$devices/$B"
}

@test "create: what is not a UUID is EINVAL" {
  machine samples "$mtty"
  local text
  for text in not-a-uuid "${A%?}" "${A//-/}" "{$A}" "${A%?}g" "${A/-/x}" "$A\\n\\n" "$A:1" "\\n"; do
    put "$mtty/mtty-1/create" "$text"
    answered EINVAL
  done
  has "$mtty/mtty-1/available_instances" 24
  entries "$devices" ""
}

@test "create: more than a page is no UUID either" {
  machine samples "$mtty"
  put "$mtty/mtty-1/create" "$(printf '%05000d' 0)"
  answered EINVAL
}

@test "create: a write of nothing reaches no driver" {
  machine samples "$mtty"
  put "$mtty/mtty-1/create" ""
  answered "ok 0"
  entries "$devices" ""
}

@test "create: the nil UUID is accepted" {
  machine samples "$mtty"
  put "$mtty/mtty-1/create" 00000000-0000-0000-0000-000000000000
  answered "ok 36"
  there "$devices/00000000-0000-0000-0000-000000000000"
}

@test "create: upper case appears in lower case" {
  machine samples "$mtty"
  put "$mtty/mtty-1/create" "${C^^}"
  answered "ok 36"
  there "$devices/$C"
  gone "$devices/${C^^}"
}

@test "create: a UUID in use is EEXIST on every type and parent, in any case" {
  machine samples "$mtty" "$mdpy"
  put "$mtty/mtty-2/create" "$C"
  put "$mtty/mtty-2/create" "$C"
  answered EEXIST
  put "$mtty/mtty-1/create" "${C^^}"
  answered EEXIST
  put "$mdpy/mdpy-vga/create" "$C"
  answered EEXIST
}

@test "create cannot be read" {
  machine samples "$mtty"
  on_kernel || [ "$(id -u)" -ne 0 ] || skip "the simulator cannot refuse root to open a file"
  ! cat "$ROOT$mtty/mtty-1/create" || complain "create could be read"
}

@test "the modes of a type's files" {
  machine samples "$mtty"
  mode "$mtty/mtty-1/create" 200
  mode "$mtty/mtty-1/available_instances" 444
  mode "$mtty/mtty-1/name" 444
  mode "$mtty/mtty-1/device_api" 444
  mode "$mtty/mtty-1/devices" 755
}

# --- the device --------------------------------------------------------------------------------

@test "a new device has its directory, links and files when create returns" {
  machine samples "$mtty"
  put "$mtty/mtty-2/create" "$A"
  local path=/sys/devices/virtual/mtty/mtty/$A
  leads "$devices/$A" "../../../devices/virtual/mtty/mtty/$A"
  leads "$path/driver" ../../../../../bus/mdev/drivers/mtty
  leads "$path/iommu_group" ../../../../../kernel/iommu_groups/0
  leads "$path/mdev_type" ../mdev_supported_types/mtty-2
  leads "$path/subsystem" ../../../../../bus/mdev
  leads "$mtty/mtty-2/devices/$A" "../../../$A"
  leads "/sys/kernel/iommu_groups/0/devices/$A" "../../../../devices/virtual/mtty/mtty/$A"
  leads "/sys/bus/mdev/drivers/mtty/$A" "../../../../devices/virtual/mtty/mtty/$A"
  mode "$path/remove" 200
  has "$path/uevent" DRIVER=mtty
  has "$path/vendor/sample_mdev_dev" "This is MDEV $A"
  entries "$path/vfio-dev" vfio0
}

@test "mdpy and mbochs tell about a device below vendor/" {
  machine samples "$mdpy" "$mbochs"
  put "$mdpy/mdpy-vga/create" "$A"
  has "$devices/$A/vendor/resolution" 640x480
  put "$mbochs/mbochs-large/create" "$B"
  has "$devices/$B/vendor/memory" "64 MB"
}

@test "group numbers are the lowest free ones" {
  machine samples "$mtty"
  put "$mtty/mtty-1/create" "$A"
  put "$mtty/mtty-1/create" "$B"
  leads "/sys/devices/virtual/mtty/mtty/$B/iommu_group" ../../../../../kernel/iommu_groups/1
  there /dev/vfio/1
  put "$devices/$A/remove" 1
  gone /dev/vfio/0
  put "$mtty/mtty-1/create" "$C"
  leads "/sys/devices/virtual/mtty/mtty/$C/iommu_group" ../../../../../kernel/iommu_groups/0
}

# --- room --------------------------------------------------------------------------------------

@test "mtty: the types share 24 ports, then ENOSPC" {
  machine samples "$mtty"
  has "$mtty/mtty-1/available_instances" 24
  has "$mtty/mtty-2/available_instances" 12
  put "$mtty/mtty-2/create" "$A"
  has "$mtty/mtty-1/available_instances" 22
  has "$mtty/mtty-2/available_instances" 11
  local i
  for i in 01 02 03 04 05 06 07 08 09 10 11; do
    put "$mtty/mtty-2/create" "11111111-2222-4333-8444-6666666666$i"
    answered "ok 36"
  done
  has "$mtty/mtty-1/available_instances" 0
  put "$mtty/mtty-2/create" "$B"
  answered ENOSPC
  put "$mtty/mtty-1/create" "$B"
  answered ENOSPC
  gone "$devices/$B"
}

@test "mtty: one port is no room for two" {
  machine samples "$mtty"
  put "$mtty/mtty-1/create" "$A"
  has "$mtty/mtty-1/available_instances" 23
  has "$mtty/mtty-2/available_instances" 11
}

@test "mdpy: the types share one count of 4, then EUSERS" {
  machine samples "$mdpy"
  local i
  for i in 1 2 3 4; do
    put "$mdpy/mdpy-vga/create" "11111111-2222-4333-8444-66666666660$i"
    answered "ok 36"
    has "$mdpy/mdpy-vga/available_instances" $((4 - i))
    has "$mdpy/mdpy-hd/available_instances" $((4 - i))
  done
  put "$mdpy/mdpy-hd/create" "$B"
  answered EUSERS
}

@test "mbochs: the types share 256 MB, then ENOSPC" {
  machine samples "$mbochs"
  has "$mbochs/mbochs-small/available_instances" 64
  has "$mbochs/mbochs-medium/available_instances" 16
  local i
  for i in 1 2 3 4; do
    put "$mbochs/mbochs-large/create" "11111111-2222-4333-8444-66666666660$i"
    answered "ok 36"
    has "$mbochs/mbochs-large/available_instances" $((4 - i))
  done
  put "$mbochs/mbochs-small/create" "$B"
  answered ENOSPC
}

@test "EEXIST comes before the lack of room" {
  machine samples "$mdpy" "$mtty"
  local i
  for i in 1 2 3 4; do
    put "$mdpy/mdpy-vga/create" "11111111-2222-4333-8444-66666666660$i"
  done
  put "$mdpy/mdpy-vga/create" 11111111-2222-4333-8444-666666666601
  answered EEXIST
}

# --- remove ------------------------------------------------------------------------------------

@test "remove: 0 and nothing do nothing, what is no number is EINVAL" {
  machine samples "$mtty"
  put "$mtty/mtty-1/create" "$A"
  put "$devices/$A/remove" 0
  answered "ok 1"
  put "$devices/$A/remove" ""
  answered "ok 0"
  put "$devices/$A/remove" x
  answered EINVAL
  there "$devices/$A"
}

@test "remove: any number but 0 removes, with all links and the count" {
  machine samples "$mtty"
  put "$mtty/mtty-1/create" "$A"
  put "$mtty/mtty-1/create" "$B"
  put "$mtty/mtty-1/create" "$C"
  put "$devices/$A/remove" "1\\n"
  answered "ok 2"
  put "$devices/$B/remove" 2
  answered "ok 1"
  put "$devices/$C/remove" 0x1
  answered "ok 3"
  entries "$devices" ""
  entries "$mtty/mtty-1/devices" ""
  gone "/sys/devices/virtual/mtty/mtty/$A"
  gone /dev/vfio/0
  has "$mtty/mtty-1/available_instances" 24
  put "$devices/$A/remove" 1
  answered open:ENOENT
}

@test "remove: a device that is held blocks its writer until it is let go" {
  machine samples "$mtty"
  put "$mtty/mtty-1/create" "$A"
  hold "$A"
  put_meanwhile "$devices/$A/remove" 1
  eventually gone "$devices/$A"
  sleep 0.2
  still_writing
  gone "$mtty/mtty-1/devices/$A"
  has "$mtty/mtty-1/available_instances" 23
  put "$devices/$A/remove" 1
  answered open:ENOENT
  put "$mtty/mtty-1/create" "$A"
  answered EEXIST
  let_go "$A"
  put_returns
  answered "ok 1"
  has "$mtty/mtty-1/available_instances" 24
  put "$mtty/mtty-1/create" "$A"
  answered "ok 36"
}

@test "a driver that goes takes its devices along" {
  machine samples "$mtty" /sys/module/mtty
  put "$mtty/mtty-1/create" "$A"
  if on_kernel; then
    rmmod mtty || skip "mtty cannot be unloaded"
  else
    "$MDEVSIM" unplug "$ROOT" mtty
  fi
  gone "$devices/$A"
  gone /sys/class/mdev_bus/mtty
  on_kernel || return 0
  modprobe mtty || insmod "${CONFORMANCE_MODULES:-/lib/modules}/mtty.ko"
}

# --- s390x: channel I/O ------------------------------------------------------------------------

@test "ccw: one device for each subchannel, then EUSERS" {
  machine s390-ccw "$ccw1" "$ccw2"
  has "$ccw1/available_instances" 1
  has "$ccw1/device_api" vfio-ccw
  has "$ccw1/name" "I/O subchannel (Non-QDIO)"
  put "$ccw1/create" "$A"
  answered "ok 36"
  has "$ccw1/available_instances" 0
  put "$ccw1/create" "$B"
  answered EUSERS
  put "$ccw1/create" "$A"
  answered EEXIST
  put "$ccw2/create" "$A"
  answered EEXIST
  put "$ccw2/create" "${C^^}"
  answered "ok 36"
  there "$devices/$C"
}

@test "ccw: what is not a UUID is EINVAL" {
  machine s390-ccw "$ccw1"
  local text
  for text in notauuid "${A%?}" "${A%?}z" "{$A}" "${A//-/x}" "\\n" "$A:1"; do
    put "$ccw1/create" "$text"
    answered EINVAL
  done
  has "$ccw1/available_instances" 1
}

@test "ccw: a new device's links" {
  machine s390-ccw "$ccw1"
  put "$ccw1/create" "$A"
  leads "$devices/$A" "../../../devices/css0/0.0.0001/$A"
  leads "/sys/devices/css0/0.0.0001/$A/driver" ../../../../bus/mdev/drivers/vfio_ccw_mdev
  leads "/sys/devices/css0/0.0.0001/$A/mdev_type" ../mdev_supported_types/vfio_ccw-io
  leads "/sys/devices/css0/0.0.0001/$A/iommu_group" ../../../../kernel/iommu_groups/0
  has "$devices/$A/uevent" DRIVER=vfio_ccw_mdev
  mode "$devices/$A/remove" 200
}

@test "ccw: remove" {
  machine s390-ccw "$ccw1"
  put "$ccw1/create" "$A"
  put "$devices/$A/remove" 0
  answered "ok 1"
  put "$devices/$A/remove" abc
  answered EINVAL
  there "$devices/$A"
  put "$devices/$A/remove" 1
  answered "ok 1"
  has "$ccw1/available_instances" 1
}

@test "ccw: a subchannel that loses its driver loses its device" {
  machine s390-ccw "$ccw2"
  put "$ccw2/create" "$A"
  if on_kernel; then
    put /sys/bus/css/drivers/vfio_ccw/unbind 0.0.0002
    answered "ok 8"
  else
    "$MDEVSIM" unplug --unbind "$ROOT" 0.0.0002
  fi
  gone "$devices/$A"
  gone /sys/class/mdev_bus/0.0.0002
  gone "${ccw2%/*}"
  there /sys/bus/css/devices/0.0.0002/driver_override
  on_kernel || return 0
  put /sys/bus/css/drivers/vfio_ccw/bind 0.0.0002
  answered "ok 8"
}

@test "ccw: a device that is held blocks its remover, and keeps its subchannel and its UUID" {
  machine s390-ccw "$ccw1" "$ccw2"
  put "$ccw1/create" "$A"
  hold "$A"
  put_meanwhile "$devices/$A/remove" 1
  eventually gone "$devices/$A"
  still_writing
  has "$ccw1/available_instances" 0
  put "$ccw1/create" "$B"
  answered EUSERS
  put "$ccw2/create" "$A"
  answered EEXIST
  let_go "$A"
  put_returns
  answered "ok 1"
  has "$ccw1/available_instances" 1
}

# --- s390x: crypto adapters --------------------------------------------------------------------

# Cards 3, 4 and 5 with domains 4 and 0x47; 3 and 4 with both domains are lent.
lent_queues() {
  machine "${1:-s390-ap}" "$ap" /sys/bus/ap/devices/03.0004 /sys/bus/ap/devices/05.0047
  put /sys/bus/ap/apmask -3,-4
  answered "ok 5"
  put /sys/bus/ap/aqmask -4,-0x47
  answered "ok 8"
}

assign() {
  put "$devices/$A/$1" "$2"
}

@test "ap: a queue of the host is EADDRNOTAVAIL, and the refused half is not kept" {
  machine s390-ap "$ap" /sys/bus/ap/devices/03.0004
  has "$ap/available_instances" 65536
  put "$ap/create" "$A"
  answered "ok 36"
  has "$ap/available_instances" 65535
  assign assign_adapter 3
  answered "ok 1"
  assign assign_domain 4
  answered EADDRNOTAVAIL
  has "$devices/$A/matrix" 03.
  assign unassign_adapter 3
  answered "ok 1"
  assign unassign_domain 4
  answered "ok 1"
  has "$devices/$A/matrix" ""
}

@test "ap: masks lend queues to vfio_ap" {
  lent_queues
  has /sys/bus/ap/apmask 0xe7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
  has /sys/bus/ap/aqmask 0xf7fffffffffffffffeffffffffffffffffffffffffffffffffffffffffffffff
  leads /sys/bus/ap/devices/03.0004/driver ../../../../bus/ap/drivers/vfio_ap
  has /sys/bus/ap/devices/03.0004/status unassigned
}

@test "ap: the matrix is every adapter with every domain" {
  lent_queues
  put "$ap/create" "$A"
  assign assign_adapter 3
  assign assign_adapter 0x04
  answered "ok 4"
  assign assign_domain 4
  answered "ok 1"
  assign assign_domain 0x47
  answered "ok 4"
  assign assign_control_domain 4
  assign assign_control_domain 0xff
  answered "ok 4"
  has "$devices/$A/matrix" '03.0004\n03.0047\n04.0004\n04.0047'
  has "$devices/$A/guest_matrix" '03.0004\n03.0047\n04.0004\n04.0047'
  has "$devices/$A/control_domains" '0004\n00ff'
  has /sys/bus/ap/devices/03.0004/status assigned
}

@test "ap: errors of assign" {
  lent_queues
  put "$ap/create" "$A"
  assign assign_domain 4
  assign assign_domain 0x47
  assign assign_adapter 256
  answered ENODEV
  assign assign_domain 300
  answered ENODEV
  assign assign_adapter abc
  answered EINVAL
  assign assign_adapter "\\n"
  answered EINVAL
  assign assign_adapter 5
  answered "ok 1"
  assign assign_adapter 9
  answered "ok 1"
  assign assign_domain 10
  answered EADDRNOTAVAIL
  assign unassign_adapter 77
  answered "ok 2"
  assign assign_adapter 5
  answered "ok 1"
  has "$devices/$A/matrix" '05.0004\n05.0047\n09.0004\n09.0047'
  has "$devices/$A/guest_matrix" '05.0004\n05.0047'
}

@test "ap: a queue of another device is EADDRINUSE" {
  lent_queues
  put "$ap/create" "$A"
  put "$ap/create" "$B"
  assign assign_adapter 3
  assign assign_domain 4
  put "$devices/$B/assign_adapter" 3
  answered "ok 1"
  put "$devices/$B/assign_domain" 4
  answered EADDRINUSE
  put "$devices/$B/unassign_adapter" 3
  put "$devices/$B/assign_domain" 4
  answered "ok 1"
  has "$devices/$B/matrix" .0004
  put "$devices/$B/assign_adapter" 3
  answered EADDRINUSE
  put "$devices/$B/assign_control_domain" 4
  answered "ok 1"
}

@test "ap: the host cannot take back what a device has" {
  machine s390-ap "$ap" /sys/bus/ap/devices/03.0004
  put /sys/bus/ap/apmask -3
  answered "ok 2"
  put "$ap/create" "$A"
  assign assign_adapter 3
  assign assign_domain 4
  put /sys/bus/ap/apmask +3
  answered EBUSY
  put /sys/bus/ap/apmask 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
  answered EBUSY
  assign assign_adapter 4
  answered EADDRNOTAVAIL
  has "$devices/$A/matrix" 03.0004
  put "$devices/$A/remove" 1
  put /sys/bus/ap/apmask +3
  answered "ok 2"
}

@test "ap: a queue is the host's only while both masks have it" {
  lent_queues
  put "$ap/create" "$A"
  assign assign_adapter 3
  assign assign_domain 4
  put /sys/bus/ap/apmask +3
  answered "ok 2"
}

@test "ap: ap_config takes all masks or none" {
  lent_queues s390-ap-6.12
  put "$ap/create" "$A"
  [ -e "$ROOT$devices/$A/ap_config" ] || skip "this kernel has no ap_config"
  local zero=0x0000000000000000000000000000000000000000000000000000000000000000
  local three=0x1000000000000000000000000000000000000000000000000000000000000000
  local four=0x0800000000000000000000000000000000000000000000000000000000000000
  has "$devices/$A/ap_config" "$zero,$zero,$zero"
  assign ap_config "$three,$four,$four"
  answered "ok 200"
  has "$devices/$A/ap_config" "$three,$four,$four"
  has "$devices/$A/matrix" 03.0004
  assign ap_config bogus
  answered EINVAL
  assign ap_config 3,4,4
  answered EADDRNOTAVAIL
  assign ap_config 3,4
  answered EINVAL
  assign ap_config $'3,4\n'
  answered EADDRNOTAVAIL
  has "$devices/$A/ap_config" "$three,$four,$four"
  assign ap_config "$zero,$zero,$zero,more"
  answered "ok 205"
  has "$devices/$A/matrix" ""
}

# --- the RFC's dialect -------------------------------------------------------------------------

rfc() {
  machine m60 "$m60/mdev_supported_types/11/create" "$m60/mdev_destroy"
  types=$m60/mdev_supported_types
}

@test "rfc: the mail's type 11" {
  rfc
  has "$types/11/name" "GRID M60-0B"
  has "$types/11/fb_length" 512M
  has "$types/11/resolution" 2560x1600
  has "$types/11/heads" 2
  has "$types/11/max_instances" 16
  has "$types/11/requires_group" 1
  mode "$types/11/create" 200
  mode "$types/11/params" 200
  mode "$types/11/name" 444
  mode "$m60/mdev_destroy" 200
  gone "$types/12/requires_group"
}

@test "rfc: create takes a UUID, with one newline or without" {
  rfc
  put "$types/11/create" "$A"
  answered "ok 36"
  put "$types/11/create" "$B\\n"
  answered "ok 37"
  there "$devices/$A"
  there "$m60/$B"
  gone "$devices/$A/mdev_type"
  gone "$devices/$A/remove"
  on_kernel || there "$devices/$A/iommu_group"
  [ "$(readlink -f "$ROOT$m60/$A/subsystem")" = "$(readlink -f "$ROOT/sys/bus/mdev")" ]
  has "$types/11/max_instances" 14
}

@test "rfc: create takes a group behind the UUID" {
  rfc
  put "$types/11/create" "$A:1\\n"
  answered "ok 39"
  has "$devices/$A/vendor/group" 1
  put "$types/11/create" "$B:4294967295"
  answered "ok 47"
  put "$types/11/create" "$C"
  has "$devices/$C/vendor/group" ""
}

@test "rfc: a group for a type that requires none is EINVAL" {
  rfc
  put "$types/12/create" "$A:1"
  answered EINVAL
  put "$types/12/create" "$A"
  answered "ok 36"
}

@test "rfc: what is neither UUID nor group is EINVAL" {
  rfc
  local text
  for text in x "${A%?}" "{$A}" "$A\\n\\n" "${A}X" "$A:" "$A:0" "$A:-1" "$A:one" "$A:4294967296" \
    "$A:1:1" "$A:1 " "\\n"; do
    put "$types/11/create" "$text"
    answered EINVAL
  done
  has "$types/11/max_instances" 16
}

@test "rfc: a UUID in use is EEXIST, in any case" {
  rfc
  put "$types/11/create" "${C^^}:1"
  there "$devices/$C"
  put "$types/11/create" "$C"
  answered EEXIST
}

@test "rfc: one type leaves no room for the others, and 16 none for a 17th" {
  rfc
  put "$types/11/create" "$A"
  has "$types/11/max_instances" 15
  has "$types/12/max_instances" 0
  has "$types/13/max_instances" 0
  put "$types/12/create" "$B"
  answered ENOSPC
  local i
  for i in 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16; do
    put "$types/11/create" "11111111-2222-4333-8444-6666666666$i"
    answered "ok 36"
  done
  has "$types/11/max_instances" 0
  put "$types/11/create" "$B"
  answered ENOSPC
}

@test "rfc: params are for the devices that are created while they are set" {
  rfc
  put "$types/11/params" "frame_rate_limiter=0\\n"
  answered "ok 21"
  put "$types/11/create" "$A"
  put "$types/11/params" "\\n"
  answered "ok 1"
  put "$types/11/create" "$B"
  has "$devices/$A/vendor/params" frame_rate_limiter=0
  has "$devices/$B/vendor/params" ""
}

@test "rfc: params of one type are not another's" {
  rfc
  put "$types/11/params" "a=1\\n"
  put "$types/13/create" "$A"
  has "$devices/$A/vendor/params" ""
  put "$types/11/params" "\\n"
}

@test "rfc: a write of nothing does not clear params, and a page is the most" {
  rfc
  put "$types/11/params" "a=1\\n"
  put "$types/11/params" ""
  answered "ok 0"
  put "$types/11/create" "$A"
  has "$devices/$A/vendor/params" a=1
  put "$types/11/params" "$(printf '%05000d' 0)"
  answered "ok 4096"
  put "$types/11/params" "\\n"
}

@test "rfc: mdev_destroy" {
  rfc
  put "$types/11/create" "$A:7"
  put "$m60/mdev_destroy" "$B"
  answered ENODEV
  put "$m60/mdev_destroy" x
  answered EINVAL
  put "$m60/mdev_destroy" "$A:7"
  answered EINVAL
  there "$devices/$A"
  put "$m60/mdev_destroy" "${A^^}\\n"
  answered "ok 37"
  gone "$devices/$A"
  gone "$m60/$A"
  has "$types/11/max_instances" 16
  has "$types/12/max_instances" 4
  put "$m60/mdev_destroy" "$A"
  answered ENODEV
}

# --- NVIDIA's virtual functions -------------------------------------------------------------------

# lists FUNCTION ID...: it can be made one of these and no others, in any order.
lists() {
  local now
  now=$(sed -n 's/^\([0-9][0-9]*\) *: .*/\1/p' "$ROOT$1/creatable_vgpu_types" | sort -n | xargs)
  [ "$now" = "${*:2}" ] || complain "$1 lists '$now', not '${*:2}'"
}

@test "vf: a function and its files" {
  machine nvidia-vf "$vf0"
  local vf=/sys/bus/pci/devices/0000:41:00.4
  leads "$l40s/virtfn0" ../0000:41:00.4
  leads "$l40s/virtfn4" ../0000:41:01.0
  leads "$vf/physfn" ../0000:41:00.0
  leads "$vf/driver" ../../../../bus/pci/drivers/nvidia
  there "$vf/iommu_group"
  entries "$vf/vfio-dev" vfio0
  entries "$vf/nvidia" \
    "creatable_vgpu_types current_vgpu_type gpu_instance_id placement_id vgpu_params warm_update"
  has "$vf/vendor" 0x10de
  has "$l40s/sriov_totalvfs" 8
  has "$l40s/sriov_numvfs" 8
  gone /sys/bus/mdev
  gone /sys/class/mdev_bus
}

@test "vf: the list has a heading, then ids and names" {
  machine nvidia-vf "$vf0"
  has "$vf0/creatable_vgpu_types" "ID    : vGPU Name
1145  : NVIDIA L40S-1B
1149  : NVIDIA L40S-1Q
1150  : NVIDIA L40S-2Q
1155  : NVIDIA L40S-12Q
1157  : NVIDIA L40S-24Q
1158  : NVIDIA L40S-48Q"
  has "$vf0/current_vgpu_type" 0
  mode "$vf0/creatable_vgpu_types" 444
  mode "$vf0/current_vgpu_type" 644
}

@test "vf: an id makes a vGPU, and the other lists collapse to its size" {
  machine nvidia-vf "$vf0"
  put "$vf0/current_vgpu_type" '1145\n'
  answered "ok 5"
  has "$vf0/current_vgpu_type" 1145
  lists "$vf0"
  lists "$vf1" 1145 1149
  put "$vf1/current_vgpu_type" 1150
  answered EINVAL
  put "$vf1/current_vgpu_type" 1149
  answered "ok 4"
  put "$vf0/current_vgpu_type" 0
  put "$vf1/current_vgpu_type" 0
  lists "$vf1" 1145 1149 1150 1155 1157 1158
}

@test "vf: a full card leaves idle functions with the heading alone" {
  machine nvidia-vf "$vf0"
  put "$vf0/current_vgpu_type" 1157
  lists "$vf1" 1157
  put "$vf1/current_vgpu_type" 1157
  has "$l40s/virtfn2/nvidia/creatable_vgpu_types" "ID    : vGPU Name"
  put "$l40s/virtfn2/nvidia/current_vgpu_type" 1157
  answered EINVAL
}

@test "vf: what is no id, or no number, or a second one" {
  machine nvidia-vf "$vf0"
  put "$vf0/current_vgpu_type" 7
  answered EINVAL
  put "$vf0/current_vgpu_type" nvidia-1145
  answered EINVAL
  put "$vf0/current_vgpu_type" 0
  answered "ok 1"
  put "$vf0/current_vgpu_type" 1145
  put "$vf0/current_vgpu_type" 1145
  answered EBUSY
  has "$vf0/current_vgpu_type" 1145
}

@test "vf: in heterogeneous mode sizes mix, each at a place" {
  machine nvidia-vf-mixed "$vf0"
  has "$vf0/placement_id" "Not Applicable"
  put "$vf0/current_vgpu_type" 1157
  lists "$vf1" 1145 1149 1150 1155 1157
  put "$vf1/current_vgpu_type" 1155
  has "$vf0/placement_id" 0
  has "$vf1/placement_id" 24
  put "$vf1/placement_id" 12
  answered EINVAL
  put "$vf1/placement_id" 36
  answered "ok 2"
  has "$vf1/placement_id" 36
  put "$vf1/current_vgpu_type" 0
  has "$vf1/placement_id" "Not Applicable"
  put "$vf1/placement_id" 0
  answered EPERM
}

@test "vf: without that mode nobody writes a placement" {
  machine nvidia-vf "$vf0"
  put "$vf0/current_vgpu_type" 1157
  has "$vf0/placement_id" "Not Applicable"
  mode "$vf0/placement_id" 444
}

@test "vf: a GPU instance is chosen where there are any, and goes with the vGPU" {
  machine nvidia-vf-mixed "$vf0"
  put "$vf0/gpu_instance_id" 1
  answered EPERM
  put "$vf0/current_vgpu_type" 1157
  has "$vf0/gpu_instance_id" 4294967295
  put "$vf0/gpu_instance_id" 9
  answered EINVAL
  put "$vf0/gpu_instance_id" 3
  has "$vf0/gpu_instance_id" 3
  put "$vf0/current_vgpu_type" 0
  has "$vf0/gpu_instance_id" 4294967295
}

@test "vf: params belong to the vGPU and go with it" {
  machine nvidia-vf "$vf0"
  put "$vf0/vgpu_params" 'a=1\n'
  answered EPERM
  put "$vf0/current_vgpu_type" 1145
  put "$vf0/vgpu_params" 'frame_rate_limiter=0,disable_vnc=1\n'
  answered "ok 35"
  has "$vf0/vgpu_params" frame_rate_limiter=0,disable_vnc=1
  put "$vf0/vgpu_params" nonsense
  answered EINVAL
  put "$vf0/current_vgpu_type" 0
  put "$vf0/current_vgpu_type" 1145
  has "$vf0/vgpu_params" ""
}

@test "vf: while a VM runs nothing is taken away or changed" {
  machine nvidia-vf "$vf0"
  on_kernel && skip "a VM that opens a vGPU is more than these tests have"
  put "$vf0/current_vgpu_type" 1145
  hold 0000:41:00.4
  put "$vf0/current_vgpu_type" 0
  answered EPERM
  put "$vf0/vgpu_params" a=1
  answered EPERM
  put "$l40s/sriov_numvfs" 0
  answered EBUSY
  let_go 0000:41:00.4
  put "$vf0/current_vgpu_type" 0
  answered "ok 1"
}

@test "vf: functions that are disabled take all with them, and come back idle" {
  machine nvidia-vf "$vf0"
  on_kernel && skip "NVIDIA's driver takes sriov_numvfs from sriov-manage only"
  put "$vf0/current_vgpu_type" 1145
  put "$l40s/sriov_numvfs" 4
  answered EBUSY
  put "$l40s/sriov_numvfs" 8
  answered "ok 1"
  has "$vf0/current_vgpu_type" 1145
  put "$l40s/sriov_numvfs" 9
  answered ERANGE
  put "$l40s/sriov_numvfs" 0
  answered "ok 1"
  gone /sys/bus/pci/devices/0000:41:00.4
  gone "$l40s/virtfn0"
  entries /sys/bus/pci/drivers/nvidia 0000:41:00.0
  entries /sys/kernel/iommu_groups ""
  put "$l40s/sriov_numvfs" 3
  entries /sys/bus/pci/drivers/nvidia "0000:41:00.0 0000:41:00.4 0000:41:00.5 0000:41:00.6"
  has "$vf0/current_vgpu_type" 0
  gone "$l40s/virtfn3"
}

@test "vf: none are enabled after a reboot" {
  machine nvidia-vf-off "$l40s/sriov_numvfs"
  on_kernel && skip "other tests need them enabled"
  has "$l40s/sriov_totalvfs" 8
  has "$l40s/sriov_numvfs" 0
  gone "$l40s/virtfn0"
  put "$l40s/sriov_numvfs" 8
  answered "ok 1"
  lists "$vf0" 1145 1149 1150 1155 1157 1158
}
