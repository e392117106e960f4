#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# mdevtool on s390x, a big-endian machine, on the kernel's own drivers.
#
#   real                 vfio_ccw, on subchannels of QEMU's emulated channel subsystem
#   real, imagined cards the AP bus and vfio_ap; apmock.c answers the AP instructions for
#                        adapters 3, 4 and 5 with domains 4 and 0x47
#
# No VM can be started in here, as the emulated machine has no SIE instruction: a process that
# opens devices as QEMU does stands in for one.

# shellcheck disable=SC2154,SC2012 # names of guest.bash; directories of plain names

bats_load_library bats-support
bats_load_library bats-assert
load guest.bash

bats_require_minimum_version 1.5.0

teardown() {
  for pid in "${holder:-}" "${background:-}"; do
    [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
  done
  remove_all
  [ ! -e "$ap/apmask" ] || give_queues_back
}

# --- drivers come ----------------------------------------------------------------------------

@test "before any driver is there, nothing is listed and nothing fails" {
  modprobe -r vfio_ap vfio_ccw mtty mdpy mbochs 2>/dev/null || true
  gone /sys/class/mdev_bus
  for command in list-parents list-types list; do
    run -0 --separate-stderr mdevtool "$command"
    refute_output
  done
  run -0 mdevtool list-types --json
  assert_output --partial '"types": []'
}

@test "a subchannel becomes a parent when vfio_ccw drives it" {
  modprobe vfio_ccw
  run -0 --separate-stderr mdevtool list-parents
  refute_output
  run -3 mdevtool show "$CCW"
  bind_to_vfio_ccw "$CCW"
  run -0 mdevtool list-parents --raw --noheadings -o parent,driver
  assert_output "$CCW vfio_ccw"
}

@test "parents of all drivers" {
  load_drivers
  run -0 mdevtool list-parents --raw --noheadings -o parent
  assert_equal "$(sort <<<"$output")" "$(ls /sys/class/mdev_bus | sort)"
}

# --- types -----------------------------------------------------------------------------------

# A jq takes a second here, so that host.bats compares what these two leave.
@test "JSON of parents, types and devices, and the kernel's own files, for the host to compare" {
  reserve_queue
  mdevtool create --parent "$CCW2" --type vfio_ccw-io --uuid "$A"
  mdevtool create --parent matrix --type vfio_ap-passthrough --uuid "$B" \
    --attr assign_adapter=3 --attr assign_domain=4
  for list in list-parents list-types list; do
    mdevtool "$list" --json >"/results/$list.json"
  done
  kernel_parents >/results/list-parents.kernel
  kernel_types >/results/list-types.kernel
  kernel_devices >/results/list.kernel
  assert_equal "$(wc -l </results/list.kernel)" 2
}

@test "types and devices as tables say what the kernel's files say" {
  mdevtool create --parent "$CCW" --type vfio_ccw-io --uuid "$A"
  run -0 mdevtool list-types --raw --noheadings -o parent,type,free,api
  assert_equal "$(sort <<<"$output")" "$(kernel_types | cut -d '|' -f 1,2,4,5 | tr '|' ' ')"
  assert_line "$CCW vfio_ccw-io 0 vfio-ccw"
  assert_line "$CCW2 vfio_ccw-io 1 vfio-ccw"
  assert_line 'matrix vfio_ap-passthrough 65536 vfio-ap'
  run -0 mdevtool list --raw --noheadings -o uuid,parent,type
  assert_output "$(kernel_devices | cut -d '|' -f 1,2,3 | tr '|' ' ')"
}

@test "a subchannel goes by every name that it has" {
  for name in "$CCW" css_0_0_0001 "/sys/devices/css0/$CCW" "/sys/class/mdev_bus/$CCW"; do
    run -0 mdevtool list-types --raw --noheadings -o parent "$name"
    assert_output "$CCW"
  done
  for name in matrix ap_matrix /sys/devices/vfio_ap/matrix; do
    run -0 mdevtool list-types --raw --noheadings -o parent "$name"
    assert_output matrix
  done
}

@test "node device XML says what the kernel's files say" {
  run -0 mdevtool show "$CCW" --xml
  assert_line --partial '<name>css_0_0_0001</name>'
  assert_line --partial "<type id='vfio_ccw-io'>"
  assert_line --partial "<name>$(<"$ccw_type/name")</name>"
  assert_line --partial "<attribute name='available_instances'>$(<"$ccw_type/available_instances")<"
  run -0 mdevtool show matrix --xml=libvirt
  assert_line --partial '<name>ap_matrix</name>'
  assert_line --partial '<driver><name>vfio_ap</name></driver>'
  assert_line --partial "<type id='vfio_ap-passthrough'>"
  assert_line --partial "<deviceAPI>$(<"$ap_type/device_api")</deviceAPI>"
  assert_line --partial "<availableInstances>$(<"$ap_type/available_instances")</availableInstances>"
}

# --- channel I/O -----------------------------------------------------------------------------

@test "create, hand to QEMU, destroy" {
  run -0 --separate-stderr mdevtool create --parent "$CCW" --type vfio_ccw-io --uuid "$A"
  assert_output "$A"
  there "$mdev/$A"
  assert_equal "$(cat "$ccw_type/available_instances")" 0

  run -0 mdevtool list --raw --noheadings -o uuid,parent,type
  assert_output "$A $CCW vfio_ccw-io"
  run -0 mdevtool show "$A" --json
  assert_output --partial "\"uuid\": \"$A\""
  assert_output --partial '"state": "active"'

  run -0 --separate-stderr mdevtool start-vm-args "$A"
  assert_output -- "-device vfio-ccw,sysfsdev=/sys/bus/mdev/devices/$A"
  echo "$output" >/results/start-vm-args # for host.bats

  run -0 mdevtool destroy "$A"
  gone "$mdev/$A"
  assert_equal "$(cat "$ccw_type/available_instances")" 1
}

@test "--dry-run prints the steps and takes none" {
  run -0 mdevtool create --parent "$CCW" --type vfio_ccw-io --uuid "$A" --dry-run
  assert_output --partial "echo '$A' > "
  gone "$mdev/$A"
  sh -c "$output"
  there "$mdev/$A"
}

@test "a subchannel has room for one device: a second is refused" {
  mdevtool create --parent "$CCW" --type vfio_ccw-io --uuid "$A"
  run -5 mdevtool create --parent "$CCW" --type vfio_ccw-io --uuid "$B"
  assert_output --partial "cannot create 'vfio_ccw-io'"
  assert_output --partial "no room, available_instances is 0"
  gone "$mdev/$B"
}

@test "without a parent, the one with room is taken" {
  mdevtool create --parent "$CCW" --type vfio_ccw-io
  run -0 --separate-stderr mdevtool create --type vfio_ccw-io --uuid "$B"
  assert_equal "$(basename "$(dirname "$(readlink -f "$mdev/$B")")")" "$CCW2"
  run -5 mdevtool create --type vfio_ccw-io
}

@test "a UUID that is in use is refused, on any parent and in any case" {
  mdevtool create --parent "$CCW" --type vfio_ccw-io --uuid "$B"
  run -4 mdevtool create --parent "$CCW2" --type vfio_ccw-io --uuid "$B"
  assert_output --partial "$B"
  run -4 mdevtool create --parent mtty --type mtty-1 --uuid "${B^^}"
}

@test "what is no UUID, type or parent changes nothing" {
  run -8 mdevtool create --parent "$CCW" --type vfio_ccw-io --uuid "${A%?}"
  run -3 mdevtool create --parent "$CCW" --type vfio_ccw
  run -3 mdevtool create --parent 0.0.0999 --type vfio_ccw-io
  assert_equal "$(ls "$mdev")" ''
}

@test "a set that does not fit is not begun, or undone" {
  run -5 mdevtool create --type vfio_ccw-io --count 3
  assert_equal "$(ls "$mdev")" ''
  run -0 --separate-stderr mdevtool create --type vfio_ccw-io --count 2
  assert_equal "$(sort <<<"$output")" "$(ls "$mdev" | sort)"
}

@test "a device that somebody else made is listed as foreign and can be destroyed" {
  echo "$A" >"$ccw_type/create"
  run -0 mdevtool list "$A" --json
  assert_output --partial '"state": "foreign"'
  run -0 mdevtool destroy "$A"
  gone "$mdev/$A"
}

# --- crypto adapters -------------------------------------------------------------------------

@test "vfio_ap: a queue of the host is refused in the kernel's words, and the device is undone" {
  run -7 mdevtool create --parent matrix --uuid "$A" --type vfio_ap-passthrough \
    --attr assign_adapter=3 --attr assign_domain=4
  assert_output --partial "cannot write '4' to '$mdev/$A/assign_domain': Cannot assign requested address"
  gone "$mdev/$A"
  assert_equal "$(cat "$ap_type/available_instances")" 65536
  run -0 mdevtool list
  refute_output --partial "$A"
}

@test "vfio_ap: attributes are written in order once the queue is reserved" {
  reserve_queue
  run -0 --separate-stderr mdevtool create --parent matrix --uuid "$A" --type vfio_ap-passthrough \
    --attr assign_adapter=3 --attr assign_domain=4 --attr assign_control_domain=0x47
  assert_equal "$(cat "$mdev/$A/matrix")" 03.0004
  assert_equal "$(cat "$mdev/$A/control_domains")" 0047
  assert_equal "$(cat "$ap/devices/03.0004/status")" assigned
  run -0 mdevtool start-vm-args "$A"
  assert_output -- "-device vfio-ap,sysfsdev=/sys/bus/mdev/devices/$A"
  run -0 mdevtool destroy "$A"
  assert_equal "$(cat "$ap/devices/03.0004/status")" unassigned
}

@test "vfio_ap: the order of the attributes is the user's" {
  run -0 mdevtool create --parent matrix --uuid "$A" --type vfio_ap-passthrough --dry-run \
    --attr assign_domain=4 --attr assign_adapter=3 --attr assign_domain=0x47
  assert_equal "$(grep -o 'assign_[a-z]*' <<<"$output" | tr '\n' ' ')" \
    'assign_domain assign_adapter assign_domain '
}

@test "vfio_ap: a queue of another device is refused, and the other keeps it" {
  reserve_queue
  mdevtool create --parent matrix --uuid "$A" --type vfio_ap-passthrough \
    --attr assign_adapter=3 --attr assign_domain=4
  run -6 mdevtool create --parent matrix --uuid "$B" --type vfio_ap-passthrough \
    --attr assign_adapter=3 --attr assign_domain=4
  assert_output --partial 'Address already in use'
  gone "$mdev/$B"
  assert_equal "$(cat "$mdev/$A/matrix")" 03.0004
}

@test "vfio_ap: a set is undone when the attributes of one are refused" {
  reserve_queue
  cat >"$BATS_TEST_TMPDIR/set.json" <<JSON
[ { "uuid": "$A", "parent": "matrix", "type": "vfio_ap-passthrough",
    "attrs": [ { "assign_adapter": "3" }, { "assign_domain": "4" } ] },
  { "uuid": "$B", "parent": "matrix", "type": "vfio_ap-passthrough",
    "attrs": [ { "assign_adapter": "4" }, { "assign_domain": "0x47" } ] } ]
JSON
  run -7 mdevtool create "$BATS_TEST_TMPDIR/set.json"
  assert_output --partial 'device 2 of 2 failed'
  gone "$mdev/$A"
  gone "$mdev/$B"
  assert_equal "$(cat "$ap/devices/03.0004/status")" unassigned
}

@test "vfio_ap: libvirt's XML, read by the libxml2 of a big-endian machine" {
  reserve_queue
  cat >"$BATS_TEST_TMPDIR/device.xml" <<XML
<device>
  <parent>ap_matrix</parent>
  <capability type='mdev'>
    <type id='vfio_ap-passthrough'/>
    <uuid>$A</uuid>
    <attr name='assign_adapter' value='3'/>
    <attr name='assign_domain' value='4'/>
  </capability>
</device>
XML
  run -0 --separate-stderr mdevtool create "$BATS_TEST_TMPDIR/device.xml"
  assert_output "$A"
  assert_equal "$(<"$mdev/$A/matrix")" 03.0004
}

@test "vfio_ap: a definition keeps its attributes, and is started with them" {
  reserve_queue
  mdevtool define --parent matrix --uuid "$A" --type vfio_ap-passthrough \
    --attr assign_adapter=3 --attr assign_domain=4
  gone "$mdev/$A"
  run -0 --separate-stderr mdevtool start "$A"
  assert_output "$A"
  assert_equal "$(<"$mdev/$A/matrix")" 03.0004
}

# Masks of 256 bits, counted from the left: adapter 3, domain 4, control domain 0x47. The driver's
# parser and its checks are real, in Linux 6.12; 6.1 has no such file.
@test "vfio_ap: ap_config sets the whole matrix with one write, where the kernel has it" {
  local zeros config unreserved attribute=(--parent matrix --uuid "$A" --type vfio_ap-passthrough --attr)
  zeros=$(printf '%064d' 0)
  config=0x1${zeros:1},0x08${zeros:2},0x${zeros:0:16}01${zeros:18}
  unreserved=0x08${zeros:2},0x${zeros:0:16}01${zeros:18},0x$zeros
  reserve_queue
  if [[ $(uname -r) == 6.1.* ]]; then
    run -8 mdevtool create "${attribute[@]}" "ap_config=$config"
    assert_output --partial ap_config
    gone "$mdev/$A"
    return
  fi
  run -0 --separate-stderr mdevtool create "${attribute[@]}" "ap_config=$config"
  assert_output "$A"
  assert_equal "$(<"$mdev/$A/matrix") $(<"$mdev/$A/control_domains")" '03.0004 0047'
  assert_equal "$(<"$mdev/$A/ap_config")" "$config"
  assert_equal "$(<"$ap/devices/03.0004/status")" assigned

  # what the driver says is what a definition keeps, and is made of it again
  mdevtool define "$A"
  mdevtool destroy "$A"
  assert_equal "$(<"$ap/devices/03.0004/status")" unassigned
  run -0 mdevtool export "$A" --format mdevctl
  assert_output --partial "$config"
  mdevtool start "$A"
  assert_equal "$(<"$mdev/$A/ap_config")" "$config"
  mdevtool destroy "$A"
  mdevtool undefine "$A"

  # adapter 4 with domain 0x47 is the host's; a mask that is none
  run -7 mdevtool create "${attribute[@]}" "ap_config=$unreserved"
  assert_output --partial 'Cannot assign requested address'
  gone "$mdev/$A"
  run -8 mdevtool create "${attribute[@]}" ap_config=bogus
  assert_output --partial 'Invalid argument'
  gone "$mdev/$A"
}

@test "vfio_ap: an attribute that the driver does not have, or does not take, undoes the device" {
  run -8 mdevtool create --parent matrix --uuid "$A" --type vfio_ap-passthrough --attr no_such=1
  gone "$mdev/$A"
  run -3 mdevtool create --parent matrix --uuid "$A" --type vfio_ap-passthrough \
    --attr assign_adapter=3 --attr assign_domain=999
  assert_output --partial 'No such device'
  gone "$mdev/$A"
}

# --- parents go ------------------------------------------------------------------------------

@test "a parent that loses its driver takes its device along, and mdevtool copes" {
  mdevtool create --parent "$CCW" --type vfio_ccw-io --uuid "$A" --name disk
  unbind_from_vfio_ccw "$CCW"
  run -0 mdevtool list
  refute_output --partial "$A"
  run -3 mdevtool show "$A"
  run -3 mdevtool destroy disk
  run -3 mdevtool create --parent "$CCW" --type vfio_ccw-io
  run -0 mdevtool recover
  bind_to_vfio_ccw "$CCW"
  run -0 --separate-stderr mdevtool create --parent "$CCW" --type vfio_ccw-io --uuid "$A" --name disk
  assert_output "$A"
}

# What is allowed: the parent is there or it is not; what was made is gone at once (1); of a list
# the rest is there, with a warning or without. Nothing hangs, nothing is left over.
@test "a parent that comes and goes under running commands" {
  others=$(($(kernel_types | wc -l) - 1))
  come_and_go "$CCW2" >"$BATS_TEST_TMPDIR/rounds" 2>/dev/null 3>&- &
  background=$!
  for _ in {1..8}; do
    run --separate-stderr mdevtool list-types --json
    assert [ "$(grep -c '"id": ' <<<"$output")" -ge "$others" ]
    if [ "$status" -ne 0 ]; then # it went while it was read, and had come back by then
      assert_equal "$status" 1
      assert_regex "$stderr" "^warning: [^ ]*/$CCW2/"
    fi
    run mdevtool create --parent "$CCW2" --type vfio_ccw-io --uuid "$B"
    assert_regex "$status" '^[013]$'
    run -0 mdevtool list
    run mdevtool destroy "$B"
    assert_regex "$status" '^[03]$'
  done
  kill "$background"
  wait "$background" || true
  assert [ "$(wc -l <"$BATS_TEST_TMPDIR/rounds")" -ge 4 ]
  bind_to_vfio_ccw "$CCW2"
  run -0 mdevtool recover
  run -0 --separate-stderr mdevtool create --parent "$CCW2" --type vfio_ccw-io --uuid "$A"
  assert_output "$A"
}

@test "a driver that is unloaded takes its parents and devices along" {
  mdevtool create --parent "$CCW" --type vfio_ccw-io --uuid "$A"
  rmmod vfio_ccw
  run -0 mdevtool list-parents
  refute_output --partial "$CCW"
  run -0 mdevtool list
  refute_output --partial "$A"
  load_drivers
  run -0 mdevtool create --parent "$CCW" --type vfio_ccw-io --uuid "$A"
}

# --- devices in use --------------------------------------------------------------------------

@test "a device that a process holds is not destroyed, and the process is named" {
  mdevtool create --parent "$CCW" --type vfio_ccw-io --uuid "$A"
  hold "$A"
  SECONDS=0
  run -6 mdevtool destroy "$A"
  assert [ "$SECONDS" -le 3 ]
  assert_output --partial "held by hold (PID $holder)"
  there "$mdev/$A"
  assert_equal "$(<"$ccw_type/available_instances")" 0
  run -0 mdevtool list "$A" --json
  assert_output --partial "\"pid\": $holder"
  assert_output --partial '"command": "hold"'
  run -6 mdevtool start-vm-args "$A"
  let_go
  run -0 mdevtool destroy "$A"
  gone "$mdev/$A"
}

@test "--wait waits for the holder, and no longer than said" {
  mdevtool create --parent "$CCW" --type vfio_ccw-io --uuid "$A"
  hold "$A"
  SECONDS=0
  run -6 mdevtool destroy --wait 2 "$A"
  assert [ "$SECONDS" -ge 2 ]
  assert [ "$SECONDS" -le 6 ]
  there "$mdev/$A"
  (sleep 1; kill "$holder") 3>&- &
  run -0 mdevtool destroy --wait 20 "$A"
  gone "$mdev/$A"
}

@test "a holder that cannot be seen: the removal is left pending, and recover completes it" {
  mdevtool create --parent "$CCW" --type vfio_ccw-io --uuid "$A"
  hold "$A"
  SECONDS=0
  run -6 mdevtool_blindfolded destroy --wait 2 "$A"
  assert [ "$SECONDS" -le 6 ]
  gone "$mdev/$A"
  assert_equal "$(cat "$ccw_type/available_instances")" 0
  run -0 mdevtool list --json
  assert_line --partial "$A"
  assert_output --partial '"state": "pending-removal"'
  run -6 mdevtool destroy "$A"
  run -5 mdevtool create --parent "$CCW" --type vfio_ccw-io --uuid "$A"
  run -4 mdevtool create --parent "$CCW2" --type vfio_ccw-io --uuid "$A"
  run -0 mdevtool create --parent "$CCW2" --type vfio_ccw-io --uuid "$B"
  run -0 mdevtool recover
  there "$mdev/$B"
  run -0 mdevtool list --raw --noheadings -o uuid,state
  assert_line "$A pending-removal"

  let_go
  eventually grep -qx 1 "$ccw_type/available_instances"
  run -0 mdevtool recover
  run -0 mdevtool list --raw --noheadings -o uuid,state
  assert_output "$B active"
  run -0 --separate-stderr mdevtool create --parent "$CCW" --type vfio_ccw-io --uuid "$A"
  assert_output "$A"
}
