#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Every step of every plan fails once, in several ways, and each time nothing may be left behind. The
# steps are those that a good run makes, so that a new one is tested the day it is written.
# shellcheck disable=SC2154 # set by what is loaded

load mdevtool.bash

declare -A words=([EIO]="Input/output error" [EINVAL]="Invalid argument" [EBUSY]="resource busy"
  [EACCES]="Permission denied" [ENODEV]="No such device" [ENOSPC]="No space left"
  [EADDRNOTAVAIL]="Cannot assign requested address")

# fresh NAME: the machine as it was described, made ready by prepare.
fresh() {
  rm -rf "${BATS_TEST_TMPDIR:?}/$1"
  machine "$1"
  prepare
}

prepare() {
  :
}

# steps_of NAME ARGUMENT...: how many writes a good run makes, in $steps; as many as the dry run says.
steps_of() {
  local journal before
  fresh "$1"
  mdevtool "${@:2}" --dry-run
  succeeds
  steps=$(grep -c '^echo' <<<"$output")
  read_journal
  before=${#journal[@]}
  mdevtool "${@:2}"
  succeeds
  read_journal
  [ "$steps" -eq $((${#journal[@]} - before)) ] || complain "the dry run has $steps steps"
  [ "$steps" -gt 0 ] || complain "it has no steps"
}

# Nothing is left; or the journal still knows it, and the message sends to recover, which mends it.
mended() {
  if [ -n "$(ls -A "$root/run/mdevtool/journal" 2>/dev/null)" ]; then
    hints "mdevtool recover"
    mdevtool recover
    succeeds
  fi
  nothing_left
}

# every_step_fails NAME ARGUMENT...: with each errno in turn.
every_step_fails() {
  local step errno steps
  steps_of "$@"
  for ((step = 1; step <= steps; step++)); do
    for errno in "${errnos[@]}"; do
      fresh "$1"
      fault --fail "$step=$errno"
      mdevtool "${@:2}"
      [ "$status" -ne 0 ] || complain "step $step with $errno did not matter"
      warns "${words[$errno]}"
      says_nothing
      mended
    done
  done
}

@test "faults: the mail's sequence" {
  errnos=(EIO EINVAL EBUSY EACCES ENODEV ENOSPC)
  every_step_fails m60 create --type 11 --group 1 --params x --uuid "$A"
}

@test "faults: a set of the mail's devices" {
  errnos=(EINVAL)
  every_step_fails m60 create --type 11 --group 1 --params x --count 3
}

@test "faults: a set on two cards" {
  errnos=(EIO)
  every_step_fails m60x2 create --type 11 --params x --count 2 --placement spread
}

@test "faults: the kernel's sequence" {
  errnos=(EIO EINVAL ENOSPC)
  every_step_fails samples create --type mtty-2 --uuid "$A"
}

@test "faults: attributes" {
  errnos=(EIO EADDRNOTAVAIL)
  every_step_fails s390-ap create --type vfio_ap-passthrough --uuid "$A" \
    --attr assign_control_domain=3 --attr assign_control_domain=4
}

@test "faults: vgpu_params" {
  errnos=(EIO EINVAL)
  every_step_fails nvidia-mdev create --type 63 --uuid "$A" --params frame_rate_limiter=0
}

@test "faults: a virtual function and its params" {
  errnos=(EIO EINVAL EBUSY ENODEV)
  every_step_fails nvidia-vf create --type 1145 --uuid "$A" --params a=1
}

@test "faults: a set of virtual functions" {
  errnos=(EIO)
  every_step_fails nvidia-vf create --type 1145 --count 3 --params a=1
}

@test "faults: a virtual function's place" {
  errnos=(EIO EINVAL)
  every_step_fails nvidia-vf-mixed create --type 1155 --uuid "$A" --attr nvidia/placement_id=24
}

@test "faults: one of each dialect" {
  errnos=(EIO)
  document '[{"type":"11","params":"x"},{"type":"1145","params":"a=1"},{"type":"vfio_ccw-io"}]'
  every_step_fails mixed create "$document" --group 1
}

@test "faults: a short count is a failure at every step" {
  local step steps
  steps_of m60 create --type 11 --group 1 --params xy --uuid "$A"
  for ((step = 1; step <= steps; step++)); do
    fresh m60
    fault --short "$step=0"
    mdevtool create --type 11 --group 1 --params xy --uuid "$A"
    fails 1 "did not take all"
    mended
  done
}

@test "faults: the undoing itself fails at every step" {
  local step
  for step in 6 7; do
    fresh m60
    fault --fail 5=EINVAL --fail "$step=EIO"
    mdevtool create --type 11 --count 2 --params x
    fails 8 "Invalid argument"
    warns_not_of "nothing of the set is left"
    mended
  done
}

@test "faults: destroy, every step of a set; what is left is whole and goes at the second try" {
  local step errno
  for errno in EIO EBUSY EPERM; do
    for step in 1 2 3; do
      fresh m60
      device "$A" 11 --group 1
      device "$B" 11 --group 1
      device "$C" 11 --group 1
      fault --fail "$step=$errno"
      mdevtool destroy --group 1
      [ "$status" -ne 0 ] || complain "step $step with $errno did not matter"
      all_is_whole
      mdevtool destroy --group 1
      succeeds
      nothing_left
    done
  done
}

@test "faults: destroy of virtual functions, every step of a set" {
  local step errno
  for errno in EIO EBUSY EPERM; do
    for step in 1 2 3; do
      fresh nvidia-vf
      mdevtool create --type 1145 --count 3 --group 1 --params a=1
      fault --fail "$step=$errno"
      mdevtool destroy --group 1
      [ "$status" -ne 0 ] || complain "step $step with $errno did not matter"
      all_is_whole
      mdevtool destroy --group 1
      succeeds
      nothing_left
    done
  done
}

@test "faults: virtual functions are disabled at every step" {
  local step
  for step in 1 2 3 4; do
    fresh nvidia-vf
    fault --exec "$step=$MDEVSIM run \$MDEVSIM_DIR -- sh -c \
      'echo 0 >\$MDEVSIM_DIR/sys/bus/pci/devices/$gpu/sriov_numvfs'"
    mdevtool create --type 1145 --count 2 --params a=1
    [ "$status" -ne 0 ] || complain "it succeeded without functions"
    no_stray_record
    no_journal_entry
    enabled_vfs 8
    nothing_left
  done
}

@test "faults: the parent is unplugged at every step" {
  local step
  for step in 1 2 3; do
    fresh samples
    fault --exec "$step=$MDEVSIM unplug \$MDEVSIM_DIR mtty"
    mdevtool create --type mtty-1 --count 3
    [ "$status" -ne 0 ] || complain "it succeeded without a parent"
    no_stray_record
    no_journal_entry
    no_device
  done
}

@test "faults: what cannot be recorded is undone" {
  machine m60
  mkdir -p "$root/run/mdevtool/devices/.$A.tmp/x"
  mdevtool create --type 11 --uuid "$A" --params x
  [ "$status" -ne 0 ] || complain "it succeeded without a record"
  warns "$A"
  rm -r "$root/run/mdevtool/devices/.$A.tmp"
  nothing_left
}

@test "faults: without a journal nothing is begun" {
  machine m60
  mkdir -p "$root/run/mdevtool/journal/.$A.tmp/x"
  mdevtool create --type 11 --uuid "$A"
  [ "$status" -ne 0 ] || complain "it succeeded without a journal"
  wrote_nothing_else
}
