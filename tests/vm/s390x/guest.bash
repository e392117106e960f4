# SPDX-License-Identifier: GPL-2.0-or-later
# What guest.bats and guest-tests need in the guest.
# shellcheck shell=bash disable=SC2034

css=/sys/bus/css/devices
mdev=/sys/bus/mdev/devices
ap=/sys/bus/ap

# Subchannels nobody else uses, and a type for each driver.
CCW=0.0.0001
CCW2=0.0.0002
ccw_type=$css/$CCW/mdev_supported_types/vfio_ccw-io
ap_type=/sys/devices/vfio_ap/matrix/mdev_supported_types/vfio_ap-passthrough

# UUIDs to create
A=11111111-2222-4333-8444-555555555551
B=22222222-2222-4333-8444-555555555552

load_drivers() {
  modprobe -a vfio_iommu_type1 vfio_ccw mtty mdpy mbochs zcrypt_cex4 vfio_ap
  bind_to_vfio_ccw "$CCW"
  bind_to_vfio_ccw "$CCW2"
}

driver_of() {
  basename "$(readlink "$1/driver")"
}

bind_to_vfio_ccw() {
  [ "$(driver_of "$css/$1")" != vfio_ccw ] || return 0
  echo vfio_ccw >"$css/$1/driver_override"
  [ ! -e "$css/$1/driver" ] || echo "$1" >"$css/$1/driver/unbind"
  echo "$1" >/sys/bus/css/drivers_probe
  [ "$(driver_of "$css/$1")" = vfio_ccw ]
}

unbind_from_vfio_ccw() {
  echo "$1" >/sys/bus/css/drivers/vfio_ccw/unbind
}

# A subchannel loses and gets its driver again and again, and each time there is a line.
come_and_go() {
  while true; do
    unbind_from_vfio_ccw "$1" || true
    bind_to_vfio_ccw "$1" || true
    echo
  done
}

# The queue of adapter 3 and domain 4 is taken from the host, for vfio_ap.
reserve_queue() {
  echo -3 >"$ap/apmask"
  echo -4 >"$ap/aqmask"
}

give_queues_back() {
  echo +0-255 >"$ap/apmask"
  echo +0-255 >"$ap/aqmask"
}

# hold UUID: a process opens the device as a VM does; its PID is in $holder
hold() {
  local group
  group=$(basename "$(readlink "$mdev/$1/iommu_group")")
  /tests/tools/hold "$group" "$1" 60 >"$BATS_TEST_TMPDIR/hold" 3>&- &
  holder=$!
  eventually grep -q held "$BATS_TEST_TMPDIR/hold"
}

let_go() {
  kill "$holder"
  wait "$holder" || true
}

# Tries a command for five seconds.
eventually() {
  local i
  for ((i = 0; i < 50; i++)); do
    ! "$@" || return 0
    sleep 0.1
  done
  echo "never came true: $*"
  return 1
}

# Runs mdevtool where the holders of devices cannot be seen: no processes in
# /proc, no groups in /dev/vfio.
mdevtool_blindfolded() {
  # shellcheck disable=SC2016 # for the shell within
  unshare -m sh -c 'mount -t tmpfs none /proc && mount -t tmpfs none /dev/vfio && exec mdevtool "$@"' \
    mdevtool "$@"
}

# The kernel's own files, in the order of mdevtool's lists: a parent with its driver and the number
# of its types; a type with its name, room and API; a device with parent, type and IOMMU group.
kernel_parents() {
  local parent driver types
  for parent in /sys/class/mdev_bus/*; do
    driver=''
    [ ! -e "$parent/driver" ] || driver=$(driver_of "$parent")
    types=("$parent"/mdev_supported_types/*)
    printf '%s|%s|%d\n' "${parent##*/}" "$driver" ${#types[@]}
  done | sort
}

kernel_types() {
  local type parent
  for type in /sys/class/mdev_bus/*/mdev_supported_types/*; do
    parent=${type%/mdev_supported_types/*}
    printf '%s|%s|%s|%s|%s\n' "${parent##*/}" "${type##*/}" "$(<"$type/name")" \
      "$(<"$type/available_instances")" "$(<"$type/device_api")"
  done | sort
}

kernel_devices() {
  local device parent type group
  for device in "$mdev"/*; do
    parent=$(dirname "$(readlink -f "$device")")
    type=$(readlink "$device/mdev_type")
    group=$(readlink "$device/iommu_group")
    printf '%s|%s|%s|%s\n' "${device##*/}" "${parent##*/}" "${type##*/}" "${group##*/}"
  done | sort
}

there() {
  [ -e "$1" ] || { echo "$1 is not there"; return 1; }
}

gone() {
  [ ! -e "$1" ] || { echo "$1 is still there"; return 1; }
}

# Whatever a test left, taken away behind mdevtool's back.
remove_all() {
  local device
  for device in "$mdev"/*; do
    [ ! -e "$device/remove" ] || echo 1 >"$device/remove"
  done
  rm -rf /run/mdevtool /etc/mdevtool.d /etc/mdevctl.d
}
