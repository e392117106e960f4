#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The trees of real kernels, as the machines describe them.
# shellcheck disable=SC2154 # set by what is loaded

load mdevtool.bash


### The kernel's sample drivers
@test "real trees: samples: every type of every driver, in text" {
  machine samples
  mdevtool list-types --noheadings --raw -o parent,type,free,api
  succeeds
  is_silent
  says "mbochs mbochs-large 4 vfio-pci
mbochs mbochs-medium 16 vfio-pci
mbochs mbochs-small 64 vfio-pci
mdpy mdpy-hd 4 vfio-pci
mdpy mdpy-vga 4 vfio-pci
mdpy mdpy-xga 4 vfio-pci
mtty mtty-1 24 vfio-pci
mtty mtty-2 12 vfio-pci"
}

@test "real trees: samples: and in JSON" {
  machine samples
  mdevtool list-types mdpy --type mdpy-vga --json
  succeeds
  json '.types[0].name' mdpy-vga
  json '.types[0].available' 4
  json '.types[0].available_instances' 4
  json '.types[0].device_api' vfio-pci
  json '.types[0].description' "virtual display, 640x480 framebuffer"
  json '.types[0] | has("fb_length") or has("heads")' false
}

@test "real trees: samples: create takes the shared ports, destroy gives them back" {
  machine samples
  mdevtool create --type mtty-2 --uuid "$A"
  succeeds
  wrote mtty-2/create "$A"
  wrote_nothing_else
  room mtty-1 is 22
  room mtty-2 is 11
  mdevtool list --json
  json '.devices[0].type' mtty-2
  json '.devices[0].parent' mtty
  mdevtool destroy "$A"
  nothing_left
}

@test "real trees: samples: full is full, with the kernel's word for it" {
  machine samples
  mdevtool create --type mtty-2 --count 12
  succeeds
  mdevtool create --type mtty-1
  fails 5 "cannot create 'mtty-1' (Single port serial) on 'mtty': no room, available_instances is 0"
}

@test "real trees: samples: the same type name on no two drivers, the same name in show" {
  machine samples
  mdevtool show "Dual port serial" --json
  succeeds
  json '.types | map(.id) == ["mtty-2"]'
}

@test "real trees: samples: a set across drivers" {
  machine samples
  document '[{"type":"mtty-1"},{"type":"mdpy-hd"},{"type":"mbochs-small"}]'
  mdevtool create "$document" --group auto
  succeeds
  made 3
  mdevtool list --group 1 --json
  json '.devices | map(.parent) | sort == ["mbochs", "mdpy", "mtty"]'
  mdevtool destroy --group 1
  nothing_left
}

@test "real trees: samples: a set across drivers of which the last one fails" {
  machine samples
  document '[{"type":"mtty-1"},{"type":"mdpy-hd"},{"type":"mbochs-small"}]'
  fault --fail '*/mbochs-small/create=ENODEV'
  mdevtool create "$document"
  fails 3 "device 3 of 3" mbochs-small
  nothing_left
}

### s390: channel I/O

@test "real trees: s390-ccw: subchannels of one instance each" {
  machine s390-ccw
  mdevtool list-types --noheadings --raw -o parent,type,free,api
  succeeds
  is_silent
  says "0.0.0001 vfio_ccw-io 1 vfio-ccw
0.0.0002 vfio_ccw-io 1 vfio-ccw"
  mdevtool create --type vfio_ccw-io --count 2
  succeeds
  room vfio_ccw-io is 0
  mdevtool create --type vfio_ccw-io
  fails 5 "no room on any of 2 parents"
}

@test "real trees: s390-ccw: libvirt's name of a subchannel" {
  machine s390-ccw
  mdevtool create --parent css_0_0_0002 --type "I/O subchannel (Non-QDIO)" --uuid "$A"
  succeeds
  wrote "0.0.0002/mdev_supported_types/vfio_ccw-io/create" "$A"
}

### s390: crypto

@test "real trees: s390-ap: one parent, no description" {
  machine s390-ap
  mdevtool list-types --json
  succeeds
  is_silent
  json '.types | length' 1
  json '.types[0].id' vfio_ap-passthrough
  json '.types[0].device_api' vfio-ap
  json '.types[0].available' 65536
  json '.types[0] | has("description")' false
}

@test "real trees: s390-ap: adapters, domains and control domains are assigned in order" {
  machine s390-ap
  play sh -c "echo -4 >'$root/sys/bus/ap/apmask' && echo -0x47 >'$root/sys/bus/ap/aqmask'"
  succeeds
  mdevtool create --parent ap_matrix --type vfio_ap-passthrough --uuid "$A" \
    --attr assign_adapter=4 --attr assign_domain=0x47 --attr assign_control_domain=0x47
  succeeds
  wrote vfio_ap-passthrough/create "$A"
  wrote "$A/assign_adapter" 4
  wrote "$A/assign_domain" 0x47
  wrote "$A/assign_control_domain" 0x47
  wrote_nothing_else
  [ "$(cat "$root/sys/devices/vfio_ap/matrix/$A/matrix")" = 04.0047 ] || complain "the matrix"
}

@test "real trees: s390-ap: a queue that is the host's, and nothing is left" {
  machine s390-ap
  mdevtool create --type vfio_ap-passthrough --uuid "$A" \
    --attr assign_adapter=3 --attr assign_domain=4
  [ "$status" -ne 0 ] || complain "it succeeded"
  warns assign_ "Cannot assign requested address"
  nothing_left
}

@test "real trees: s390-ap: a queue that another device has" {
  machine s390-ap
  play sh -c "echo -4 >'$root/sys/bus/ap/apmask' && echo -0x47 >'$root/sys/bus/ap/aqmask'"
  device "$A" vfio_ap-passthrough --attr assign_adapter=4 --attr assign_domain=0x47
  mdevtool create --type vfio_ap-passthrough --uuid "$B" \
    --attr assign_adapter=4 --attr assign_domain=0x47
  fails 6 assign_domain "Address already in use"
  is_gone "$B"
  device_exists "$A"
}

@test "real trees: s390-ap: Linux 6.12 takes the whole matrix in one file" {
  machine s390-ap-6.12
  local none mask
  none=0x$(printf '0%.0s' {1..64})
  mask=0x$(printf '0%.0s' {1..1})8$(printf '0%.0s' {1..62})
  mdevtool create --type vfio_ap-passthrough --uuid "$A" --attr "ap_config=$none,$none,$mask"
  succeeds
  wrote vfio_ap-passthrough/create "$A"
  wrote "$A/ap_config" "$none,$none,$mask"
  wrote_nothing_else
}

### Intel GVT-g

@test "real trees: gvtg: types without a name; the description taken apart" {
  machine gvtg
  mdevtool list-types --json
  succeeds
  is_silent
  json '.types | map(.id) == ["i915-GVTg_V5_4", "i915-GVTg_V5_8"]'
  json '.types[0] | has("name")' false
  json '.types[0].resolution' 1920x1200
  json '.types[0].resolution_width' 1920
  json '.types[0].fb_length' 128MB
  json '.types[0].fb_length_bytes' 134217728
  json '.types[0].description | contains("high_gm_size: 512MB")'
  json '[.types[0].facts[]?] | length > 0'
  json '.types[0].facts.weight' 4
}

@test "real trees: gvtg: in a table, a line for each" {
  machine gvtg
  mdevtool list-types
  succeeds
  [ "${#lines[@]}" -eq 3 ] || complain "not three lines"
  mentions 128MB 1920x1200
}

@test "real trees: gvtg: sizes share the memory" {
  machine gvtg
  mdevtool create --type i915-GVTg_V5_8 --uuid "$A"
  succeeds
  mdevtool list-types --available --noheadings --raw -o type
  says i915-GVTg_V5_8
  mdevtool create --type i915-GVTg_V5_4
  fails 5 "cannot create 'i915-GVTg_V5_4' on '0000:00:02.0': no room"
}

### NVIDIA's mdev

@test "real trees: nvidia-mdev: the description taken apart" {
  machine nvidia-mdev
  mdevtool list-types --type 63 --json
  succeeds
  json '.types[0].name' "GRID T4-1Q"
  json '.types[0].fb_length' 1024M
  json '.types[0].fb_length_bytes' 1073741824
  json '.types[0].resolution' 5120x2880
  json '.types[0].heads' 4
  json '.types[0].facts.frl_config' 45
}

@test "real trees: nvidia-mdev: --params are the device's vgpu_params, after create" {
  machine nvidia-mdev
  mdevtool create --type 63 --uuid "$A" --params frame_rate_limiter=0,disable_vnc=1 --group 1
  succeeds
  is_silent
  wrote nvidia-63/create "$A"
  wrote "$A/nvidia/vgpu_params" frame_rate_limiter=0,disable_vnc=1
  wrote_nothing_else
  mdevtool list --json
  json '.devices[0].params' frame_rate_limiter=0,disable_vnc=1
  json '.devices[0].group' 1
  json '.devices[0] | has("params_ignored")' false
}

@test "real trees: nvidia-mdev: --params that the driver refuses undo the device" {
  machine nvidia-mdev
  mdevtool create --type 63 --uuid "$A" --params nonsense
  fails 8 nonsense
  nothing_left
}

@test "real trees: nvidia-mdev: one size excludes the others" {
  machine nvidia-mdev
  device "$A" 63
  mdevtool list-types --available --noheadings --raw -o type,free
  says "nvidia-63 15
nvidia-66 15"
  mdevtool create --type nvidia-64
  fails 5 "no room, available_instances is 0"
}

@test "real trees: nvidia-mdev: the attribute by its path, as libvirt would give it" {
  machine nvidia-mdev
  mdevtool create --type 63 --uuid "$A" --attr nvidia/vgpu_params=a=1
  succeeds
  wrote nvidia-63/create "$A"
  wrote "$A/nvidia/vgpu_params" a=1
}

### All together

@test "real trees: mixed: types of each dialect beside each other" {
  machine mixed
  mdevtool list-types --json
  succeeds
  is_silent
  json '.types | length' 12
  json '.types[] | select(.id == "11").max_instances' 16
  json '.types[] | select(.id == "vfio_ccw-io").available_instances' 1
  json '.types[] | select(.id == "vfio_ccw-io").device_api' vfio-ccw
  json '.types[] | select(.id == "1145").available' 8
  json '.types | map(has("available")) | all'
}

@test "real trees: mixed: one of each as a set, handed to a VM, destroyed" {
  machine mixed
  document '{"devices":[{"type":"12","params":"x"},{"type":"i915-GVTg_V5_8"},{"type":"vfio_ccw-io"}]}'
  mdevtool create "$document" --group auto
  succeeds
  made 3
  wrote 12/params x
  wrote 12/create "${uuids[0]}"
  wrote 12/params ""
  wrote i915-GVTg_V5_8/create "${uuids[1]}"
  wrote vfio_ccw-io/create "${uuids[2]}"
  wrote_nothing_else
  mdevtool start-vm-args --group 1
  succeeds
  mentions "vfio-pci,sysfsdev=/sys/bus/mdev/devices/${uuids[0]}" \
    "vfio-ccw,sysfsdev=/sys/bus/mdev/devices/${uuids[2]}"
  mdevtool destroy --group 1
  succeeds
  nothing_left
}

@test "real trees: empty: nothing, and no command fails for it" {
  machine empty
  local command
  for command in list list-types list-parents recover; do
    mdevtool "$command"
    succeeds
    says_nothing
  done
  mdevtool create --type 11
  fails 3 "'11'"
  mdevtool create --type 11 --parent 0000:86:00.0
  fails 3 "'0000:86:00.0'"
  hints module
}
