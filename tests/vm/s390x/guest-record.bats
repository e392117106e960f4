#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# contrib/mdev-record on s390x. host.bats replays the recording, and compares.

# shellcheck disable=SC2154 # names of guest.bash

bats_load_library bats-support
bats_load_library bats-assert
load guest.bash

bats_require_minimum_version 1.5.0

# Without the sample drivers: x86 has them, and recording a type takes a second here. mdevtool
# forgets its own devices, since it will see others' ones in the recording.
@test "mdev-record records this machine" {
  rmmod mtty mdpy mbochs
  reserve_queue
  mdevtool create --parent "$CCW" --type vfio_ccw-io --uuid "$A"
  mdevtool create --parent matrix --type vfio_ap-passthrough --uuid "$B" \
    --attr assign_adapter=3 --attr assign_domain=4
  rm -r /run/mdevtool
  /tests/mdev-record >/results/guest.machine
  for list in list-parents list-types list; do
    mdevtool "$list" --json >"/results/$list"
  done
  run -0 grep "^l /sys/devices/css0/$CCW/$A/mdev_type " /results/guest.machine
  run -0 grep "^f /sys/devices/vfio_ap/matrix/$B/matrix = 03.0004" /results/guest.machine
}
