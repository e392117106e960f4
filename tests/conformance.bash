# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034 # the test file uses what is set here
# What conformance.bats needs to ask a simulated machine and a real kernel the same questions.
#
#   CONFORMANCE_KERNEL=1  ask the running kernel, as root; only bash, coreutils, store and hold
#                         are needed, and the drivers must be loaded and bound already
#   CONFORMANCE_ROOT      with it: where /sys is found (default: nothing before /sys)
#   MDEVSIM, STORE, HOLD  the programs; by default those beside their sources or in top_builddir
#
# Plain bash only, as a guest has no more. A path is the machine's own, "/sys/…".

tests=${top_builddir:+$top_builddir/tests}
tests=${tests:-$BATS_TEST_DIRNAME}
MDEVSIM=${MDEVSIM:-$tests/mdevsim/mdevsim}
STORE=${STORE:-$tests/tools/store}
HOLD=${HOLD:-$tests/tools/hold}

# What a device is created as; C has letters.
A=11111111-2222-4333-8444-555555555551
B=11111111-2222-4333-8444-555555555552
C=aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeee3

devices=/sys/bus/mdev/devices

on_kernel() {
  [ "${CONFORMANCE_KERNEL:-}" = 1 ]
}

# machine NAME PATH...: builds the simulated machine, or skips unless the kernel has every path.
machine() {
  local path status=0
  if on_kernel; then
    ROOT=${CONFORMANCE_ROOT:-}
    shift
    for path; do
      [ -e "$ROOT$path" ] || skip "this kernel has no $path"
    done
    return
  fi
  ROOT=$BATS_TEST_TMPDIR/machine
  "$MDEVSIM" build "$BATS_TEST_DIRNAME/machines/$1.machine" "$ROOT"
  "$MDEVSIM" run "$ROOT" -- true || status=$?
  [ "$status" -ne 77 ] || skip "no seccomp user notification here"
  return "$status"
}

# Takes away all devices, and gives the AP queues back to the host.
no_devices_left() {
  local device all
  [ -n "${holder:-}" ] && kill "$holder" 2>/dev/null
  on_kernel || return 0
  for device in "$ROOT$devices"/*; do
    if [ -e "$device/remove" ]; then
      "$STORE" "$device/remove" 1
    elif [ -e "$device/../mdev_destroy" ]; then
      "$STORE" "$device/../mdev_destroy" "${device##*/}"
    fi
  done
  for device in "$ROOT/sys/bus/pci/devices/0000:41:00.0"/virtfn*/nvidia/current_vgpu_type; do
    [ ! -e "$device" ] || "$STORE" "$device" 0
  done
  if [ -e "$ROOT/sys/bus/ap/apmask" ]; then
    all=0x$(printf 'f%.0s' {1..64})
    "$STORE" "$ROOT/sys/bus/ap/apmask" "$all" "$ROOT/sys/bus/ap/aqmask" "$all"
  fi
  return 0
}

# put FILE TEXT: one write(2); its answer ("ok COUNT" or the errno's name) goes to $answer.
put() {
  if on_kernel; then
    answer=$("$STORE" "$ROOT$1" "$2") || true
  else
    answer=$("$MDEVSIM" run "$ROOT" -- "$STORE" "$ROOT$1" "$2") || true
  fi
}

complain() {
  printf '%s\n' "$*"
  return 1
}

answered() {
  [ "$answer" = "$1" ] || complain "answered '$answer', not '$1'"
}

# has FILE TEXT: the file says so; \n in TEXT is a newline, the last one is not compared.
has() {
  local text wanted
  text=$(cat "$ROOT$1") || complain "cannot read $1"
  printf -v wanted '%b' "$2"
  [ "$text" = "$wanted" ] || complain "$1 has '$text', not '$wanted'"
}

leads() {
  local target
  target=$(readlink "$ROOT$1") || complain "$1 is no link"
  [ "$target" = "$2" ] || complain "$1 leads to '$target', not '$2'"
}

there() {
  [ -e "$ROOT$1" ] || complain "$1 is not there"
}

gone() {
  if [ -e "$ROOT$1" ] || [ -L "$ROOT$1" ]; then
    complain "$1 is still there"
  fi
}

mode() {
  local now
  now=$(stat -c %a "$ROOT$1")
  [ "$now" = "$2" ] || complain "$1 has mode $now, not $2"
}

# entries DIRECTORY NAMES: it holds these and no others, in alphabetical order.
entries() {
  local now
  now=$(cd "$ROOT$1" && shopt -s nullglob && echo *)
  [ "$now" = "$2" ] || complain "$1 holds '$now', not '$2'"
}

# Tries for five seconds.
eventually() {
  local i
  for ((i = 0; i < 100; i++)); do
    "$@" >/dev/null && return
    sleep 0.05
  done
  "$@"
}

# hold UUID: a process opens the device as a VM does. let_go UUID: it closes it.
hold() {
  local group
  if ! on_kernel; then
    "$MDEVSIM" hold "$ROOT" "$1"
    return
  fi
  [ -x "$HOLD" ] || skip "there is no $HOLD"
  group=$(readlink -f "$ROOT$devices/$1/iommu_group")
  "$HOLD" "${group##*/}" "$1" 60 >"$BATS_TEST_TMPDIR/held" 3>&- &
  holder=$!
  eventually grep -q held "$BATS_TEST_TMPDIR/held"
}

let_go() {
  if on_kernel; then
    kill "$holder"
    holder=
  else
    "$MDEVSIM" release "$ROOT" "$1"
  fi
}

# put_meanwhile FILE TEXT: as put, in the background; put_returns waits for its answer.
put_meanwhile() {
  if on_kernel; then
    "$STORE" "$ROOT$1" "$2" >"$BATS_TEST_TMPDIR/answer" 3>&- &
  else
    "$MDEVSIM" run "$ROOT" --linger -- "$STORE" "$ROOT$1" "$2" \
      >"$BATS_TEST_TMPDIR/answer" 3>&- &
  fi
  writer=$!
}

put_returns() {
  wait "$writer" || true
  answer=$(cat "$BATS_TEST_TMPDIR/answer")
}

still_writing() {
  kill -0 "$writer" 2>/dev/null || complain "the write has returned: $(cat "$BATS_TEST_TMPDIR/answer")"
}
