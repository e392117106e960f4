#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The simulator itself: descriptions, faults, the journal, held devices and many writers. What its
# drivers answer is in conformance.bats.

# Each test is a subshell of its own, and conformance.bash sets the names it shares.
# shellcheck disable=SC2030,SC2031,SC2154
bats_require_minimum_version 1.5.0
load conformance.bash

mtty=/sys/class/mdev_bus/mtty/mdev_supported_types
mbochs=/sys/class/mdev_bus/mbochs/mdev_supported_types
real=/sys/devices/virtual/mtty/mtty

# run_in_machine [FAULT...] -- COMMAND...: bats' run of mdevsim run.
run_in_machine() {
  run "$MDEVSIM" run "$ROOT" "$@"
}

journal_is() {
  local text
  printf -v text '%b' "$1"
  [ "$(cat "$ROOT/.mdevsim/journal")" = "$text" ] || complain "$(cat "$ROOT/.mdevsim/journal")"
}

@test "build: directories, files and links as described" {
  ROOT=$BATS_TEST_TMPDIR/made
  cat >"$BATS_TEST_TMPDIR/some.machine" <<'END'
# a comment

d /sys/a/b 0700
f /sys/a/text 0600 = two\nlines\t\\ \x41 = and more\n
f /sys/a/empty =
f /sys/a/nothing
l /sys/x/link ../a/b
f /sys/with\x20blank = y
END
  "$MDEVSIM" build "$BATS_TEST_TMPDIR/some.machine" "$ROOT"
  mode /sys/a/b 700
  mode /sys/a/text 600
  mode /sys/a/empty 444
  [ "$(cat "$ROOT/sys/a/text"; echo .)" = $'two\nlines\t\\ A = and more\n.' ]
  [ ! -s "$ROOT/sys/a/empty" ]
  [ ! -s "$ROOT/sys/a/nothing" ]
  leads /sys/x/link ../a/b
  has "/sys/with blank" y
  there /etc
  there /run
  leads /proc/self/ns/pid "pid:[4026531836]"
  there /proc/1/comm
}

@test "build: a mistake is named with its line" {
  local line
  for line in 'x /sys' 'd' 'd sys' 'd /sys/../etc' 'f /sys/a 9 = x' 'l /sys/a' 'driver /sys/a' \
    'driver /sys/a nosuch' 'driver /sys/a mtty pool' 'include' 'include itself.machine'; do
    printf '# one\n%s\n' "$line" >"$BATS_TEST_TMPDIR/itself.machine"
    rm -rf "$BATS_TEST_TMPDIR/made"
    run "$MDEVSIM" build "$BATS_TEST_TMPDIR/itself.machine" "$BATS_TEST_TMPDIR/made"
    [ "$status" -eq 125 ] || complain "$line: $status $output"
  done
  [[ "$output" == *":2: includes are nested too deeply" ]]
}

@test "build: every machine of tests/machines" {
  local file
  for file in "$BATS_TEST_DIRNAME"/machines/*.machine; do
    "$MDEVSIM" build "$file" "$BATS_TEST_TMPDIR/$(basename "$file")"
  done
}

@test "build: not over another machine" {
  machine samples
  run "$MDEVSIM" build "$BATS_TEST_DIRNAME/machines/empty.machine" "$ROOT"
  [ "$status" -eq 125 ]
}

@test "run: the command's exit status, signal and output are its own" {
  machine samples
  run_in_machine -- sh -c 'echo out; echo err >&2; exit 3'
  [ "$status" -eq 3 ]
  [ "$output" = $'out\nerr' ]
  run_in_machine -- sh -c 'kill -TERM $$'
  [ "$status" -eq 143 ]
  run -127 "$MDEVSIM" run "$ROOT" -- /no/such/command
  [ "$status" -eq 127 ]
}

@test "run: a wrong call is refused" {
  machine samples
  run_in_machine
  [ "$status" -eq 2 ]
  run_in_machine --fail 1=ENOSUCH -- true
  [ "$status" -eq 125 ]
  run_in_machine --unknown -- true
  [ "$status" -eq 125 ]
  run_in_machine --
  [ "$status" -eq 125 ]
  run "$MDEVSIM" run "$BATS_TEST_TMPDIR" -- true
  [ "$status" -eq 125 ]
}

@test "run: not inside another run" {
  machine samples
  run_in_machine -- "$MDEVSIM" run "$ROOT" -- true
  [ "$status" -eq 125 ]
  [[ "$output" == *"a run inside a run is not possible" ]]
}

@test "run: the umask of the command stays" {
  machine samples
  umask 077
  run_in_machine -- sh -c umask
  [ "$output" = 0077 ]
}

@test "run: a shell's echo is heard too" {
  machine samples
  run_in_machine -- bash -c "echo $A > $ROOT$mtty/mtty-2/create && ls $ROOT$devices"
  [ "$output" = "$A" ]
}

@test "run: one after the other goes on where the last one ended" {
  machine samples
  put "$mtty/mtty-1/create" "$A"
  put "$mtty/mtty-1/create" "$B"
  has "$mtty/mtty-1/available_instances" 22
  put "$devices/$A/remove" 1
  has "$mtty/mtty-1/available_instances" 23
}

@test "run: a file that only the kernel writes is EACCES even for root" {
  [ "$(id -u)" -eq 0 ] || skip "not root"
  machine samples
  put "$mtty/mtty-1/available_instances" 99
  answered EACCES
  has "$mtty/mtty-1/available_instances" 24
}

@test "run: a file that was removed after it was opened is ENODEV" {
  machine samples
  put "$mtty/mtty-1/create" "$A"
  run_in_machine -- bash -c "exec 9>$ROOT$devices/$A/remove; echo 1 >&9; echo 1 >&9"
  [[ "$output" == *"No such device"* ]]
}

@test "run: other files of the tree are plain files" {
  machine s390-ccw
  put /sys/bus/css/devices/0.0.0003/driver_override vfio_ccw
  answered "ok 8"
  has /sys/bus/css/devices/0.0.0003/driver_override vfio_ccw
  journal_is ""
}

@test "run: DIR/sys mounted at /sys in a namespace of its own" {
  machine samples
  unshare -m true 2>/dev/null || skip "no mount namespace here"
  run_in_machine -- unshare -m sh -c \
    "mount --bind $ROOT/sys /sys && echo $A > $mtty/mtty-1/create && ls $devices"
  [ "$output" = "$A" ]
}

@test "journal: path, escaped text and result" {
  machine samples
  put "$mtty/mtty-1/create" "$A\\n"
  put "$mtty/mtty-1/create" "a\\\\b\\n"
  put "$devices/$A/remove" "1\\n"
  journal_is "$real/mdev_supported_types/mtty-1/create\t$A\\\\n\t37
$real/mdev_supported_types/mtty-1/create\ta\\\\\\\\\\\\\\\\b\\\\n\tEINVAL
$real/$A/remove\t1\\\\n\t2"
}

@test "fault: fail by number, by glob and so many times" {
  machine samples
  local create=$ROOT$mtty/mtty-1/create
  run_in_machine --fail 2=EIO -- "$STORE" "$create" "$A" "$create" "$B" "$create" "$B"
  [ "$output" = $'ok 36\nEIO\nok 36' ]
  run_in_machine --fail '*/mtty-1/create=ENOMEM*2' -- \
    "$STORE" "$create" "$C" "$create" "$C" "$create" "$C"
  [ "$output" = $'ENOMEM\nENOMEM\nok 36' ]
  run_in_machine --fail='*/remove=EAGAIN' -- "$STORE" "$ROOT$devices/$A/remove" 1
  [ "$output" = EAGAIN ]
  there "$devices/$A"
}

@test "run: with closed descriptors, which the command finds closed too" {
  machine samples
  local create=$ROOT$mtty/mtty-1/create
  # shellcheck disable=SC2016 # the inner shell's
  run timeout -s KILL 30 sh -c 'exec "$@" <&- 2>&-' - "$MDEVSIM" run "$ROOT" -- \
    sh -c '"$@"; ls /proc/self/fd' - "$STORE" "$create" "$A" "$create" "$A"
  [ "${lines[*]:0:2}" = "ok 36 EEXIST" ] || complain "$output"
  # ls opens the directory as the lowest that is free
  [ "${lines[*]:2:2}" = "0 1" ] || complain "$output"
  [[ " ${lines[*]:2} " != *" 2 "* ]] || complain "$output"
  there "$devices/$A"
}

@test "fault: short and swallow keep the write from the driver" {
  machine samples
  local create=$ROOT$mtty/mtty-1/create
  run_in_machine --short 1=5 --swallow 2 -- "$STORE" "$create" "$A" "$create" "$A"
  [ "$output" = $'ok 5\nok 36' ]
  gone "$devices/$A"
}

@test "fault: delay" {
  machine samples
  local before=${EPOCHREALTIME/./}
  run_in_machine --delay '*=300' -- "$STORE" "$ROOT$mtty/mtty-1/create" "$A"
  [ "$output" = "ok 36" ]
  [ $((${EPOCHREALTIME/./} - before)) -ge 300000 ]
}

@test "fault: kill before and after the driver acts" {
  machine samples
  run_in_machine --kill-before 1 -- "$STORE" "$ROOT$mtty/mtty-1/create" "$A"
  [ "$status" -eq 137 ]
  gone "$devices/$A"
  journal_is ""
  run_in_machine --kill-after '*/create' -- "$STORE" "$ROOT$mtty/mtty-1/create" "$A"
  [ "$status" -eq 137 ]
  there "$devices/$A"
  journal_is "$real/mdev_supported_types/mtty-1/create\t$A\t36"
}

@test "fault: a write that never returns ends with the command" {
  machine samples
  run_in_machine --never '*/create' -- \
    sh -c "'$STORE' '$ROOT$mtty/mtty-1/create' $A & sleep 0.2; echo done"
  [ "$output" = "done" ]
  gone "$devices/$A"
}

@test "fault: another tool interferes" {
  machine samples
  run_in_machine --exec "1='$MDEVSIM' run '$ROOT' -- '$STORE' '$ROOT$mtty/mtty-1/create' $A" -- \
    "$STORE" "$ROOT$mtty/mtty-1/create" "$A"
  [ "$output" = $'ok 36\nEEXIST' ]
  run_in_machine --exec "1='$MDEVSIM' unplug '$ROOT' mtty" -- "$STORE" "$ROOT$mtty/mtty-1/create" "$B"
  [ "$output" = ENODEV ]
  gone "$devices/$A"
  gone /sys/class/mdev_bus/mtty
  entries /sys/kernel/iommu_groups ""
}

@test "a device that comes after another one of its UUID has another inode" {
  machine samples
  local before
  put "$mtty/mtty-1/create" "$A"
  before=$(stat -c %i "$ROOT$real/$A")
  put "$devices/$A/remove" 1
  gone "$real/$A"
  put "$mtty/mtty-1/create" "$A"
  [ "$(stat -c %i "$ROOT$real/$A")" != "$before" ]
}

@test "held: the process and its descriptors" {
  machine m60
  put /sys/bus/pci/devices/0000:86:00.0/mdev_supported_types/11/create "$A"
  "$MDEVSIM" hold "$ROOT" "$A"
  has /proc/4711/comm qemu-system-x86
  [ "$(tr '\0' ' ' <"$ROOT/proc/4711/cmdline")" = \
    "qemu-system-x86_64 -name guest=web-1,debug-threads=on -S " ]
  [[ "$(readlink "$ROOT"/proc/4711/fd/*)" == *"/dev/vfio/0"* ]]
  leads /proc/4711/ns/pid "pid:[4026531836]"
  "$MDEVSIM" hold "$ROOT" "$A" 12 cat 'cat\x00x\x00'
  [ "$(tr '\0' ' ' <"$ROOT/proc/12/cmdline")" = "cat x " ]
  "$MDEVSIM" release "$ROOT" "$A"
  gone /proc/4711
  gone /proc/12
}

@test "held: through iommufd" {
  machine samples
  put "$mtty/mtty-1/create" "$A"
  put "$mtty/mtty-1/create" "$B"
  "$MDEVSIM" hold --cdev "$ROOT" "$B"
  "$MDEVSIM" hold "$ROOT" "$A"
  run readlink "$ROOT"/proc/4711/fd/*
  [ "$output" = "/dev/iommu
/dev/vfio/devices/vfio1
/dev/vfio/vfio
/dev/vfio/0
anon_inode:[vfio-device]" ] || complain "$output"
  "$MDEVSIM" release "$ROOT" "$B"
  run readlink "$ROOT"/proc/4711/fd/*
  [[ "$output" != */vfio1* && "$output" == */dev/vfio/0* ]] || complain "$output"
  "$MDEVSIM" release "$ROOT" "$A"
  gone /proc/4711
}

@test "held: one process with two devices" {
  machine samples
  put "$mtty/mtty-1/create" "$A"
  put "$mtty/mtty-1/create" "$B"
  "$MDEVSIM" hold "$ROOT" "$A"
  "$MDEVSIM" hold "$ROOT" "$B"
  "$MDEVSIM" release "$ROOT" "$A"
  run readlink "$ROOT"/proc/4711/fd/*
  [[ "$output" != *"/dev/vfio/0"* ]]
  [[ "$output" == *"/dev/vfio/1"* ]]
}

@test "held: who waits for the device ends with the command, and its removal goes on" {
  machine samples
  put "$mtty/mtty-1/create" "$A"
  hold "$A"
  run_in_machine -- sh -c "'$STORE' '$ROOT$devices/$A/remove' 1 & sleep 0.2; ls $ROOT$devices; echo done"
  [ "$output" = "done" ]
  has "$mtty/mtty-1/available_instances" 23
  there "$real/$A"
  [[ "$(tail -n 1 "$ROOT/.mdevsim/journal")" == *"/remove"*"blocked" ]]
  let_go "$A"
  gone "$real/$A"
  has "$mtty/mtty-1/available_instances" 24
}

@test "held: with --linger who waits is answered" {
  machine samples
  put "$mtty/mtty-1/create" "$A"
  hold "$A"
  (sleep 0.4 && "$MDEVSIM" release "$ROOT" "$A") 3>&- &
  run_in_machine --linger -- sh -c "'$STORE' '$ROOT$devices/$A/remove' 1 & sleep 0.1; echo done"
  [ "$output" = $'done\nok 1' ]
}

@test "held: a signal that kills the waiting writer does not stop the removal" {
  machine samples
  put "$mtty/mtty-1/create" "$A"
  hold "$A"
  run_in_machine -- timeout -s KILL 0.3 "$STORE" "$ROOT$devices/$A/remove" 1
  [ "$status" -eq 137 ]
  gone "$devices/$A"
  let_go "$A"
  gone "$real/$A"
}

@test "held: mdev_destroy blocks the same way" {
  machine m60
  local m60=/sys/bus/pci/devices/0000:86:00.0
  put "$m60/mdev_supported_types/11/create" "$A:1"
  hold "$A"
  put_meanwhile "$m60/mdev_destroy" "$A"
  eventually gone "$devices/$A"
  has "$m60/mdev_supported_types/11/max_instances" 15
  let_go "$A"
  put_returns
  answered "ok 36"
}

@test "the command itself may hold, release and unplug" {
  machine samples
  run_in_machine -- bash -c "echo $A > $ROOT$mtty/mtty-1/create
    '$MDEVSIM' hold '$ROOT' $A; '$MDEVSIM' release '$ROOT' $A; '$MDEVSIM' unplug '$ROOT' mtty"
  [ "$status" -eq 0 ]
  gone "$real"
}

@test "state: what a device of the RFC was made with" {
  machine m60
  local types=/sys/bus/pci/devices/0000:86:00.0/mdev_supported_types
  put "$types/11/params" 'a=1,b="x"\n'
  put "$types/11/create" "$A:7\\n"
  local state=/.mdevsim/devices/$A
  [ "$(grep -E '^(parent|type|group|params)=' "$ROOT$state")" = "parent=0000:86:00.0
type=11
group=7
params=a=1,b=\"x\"" ]
}

@test "nvidia: sizes exclude each other, params belong to the device" {
  machine nvidia-mdev
  local types=/sys/class/mdev_bus/0000:3b:00.0/mdev_supported_types
  has "$types/nvidia-63/available_instances" 16
  put "$types/nvidia-63/create" "$A"
  has "$types/nvidia-63/available_instances" 15
  has "$types/nvidia-66/available_instances" 15
  has "$types/nvidia-64/available_instances" 0
  put "$types/nvidia-64/create" "$B"
  answered EUSERS
  put "$devices/$A/nvidia/vgpu_params" "frame_rate_limiter=0,disable_vnc=1\\n"
  answered "ok 35"
  has "$devices/$A/nvidia/vgpu_params" frame_rate_limiter=0,disable_vnc=1
  put "$devices/$A/nvidia/vgpu_params" nonsense
  answered EINVAL
  has "$devices/$A/nvidia/vgpu_params" frame_rate_limiter=0,disable_vnc=1
  put "$devices/$A/nvidia/vgpu_params" " "
  has "$devices/$A/nvidia/vgpu_params" ""
}

@test "nvidia-vf: without a heading, and files that cannot be read before there is a type" {
  machine nvidia-vf-strict
  local vf=/sys/bus/pci/devices/0000:41:00.4/nvidia file
  [ "$(head -n 1 "$ROOT$vf/creatable_vgpu_types")" = "1145  : NVIDIA L40S-1B" ]
  for file in vgpu_params placement_id gpu_instance_id; do
    run_in_machine -- head -n 1 "$ROOT$vf/$file"
    [[ "$output" == *"Input/output error"* ]] || complain "$file: $output"
  done
  run_in_machine -- head -n 1 "$ROOT$vf/current_vgpu_type"
  [ "$output" = 0 ]
  put "$vf/current_vgpu_type" 1145
  run_in_machine -- head -n 1 "$ROOT$vf/placement_id"
  [ "$output" = "Not Applicable" ]
}

@test "nvidia-vf: the card goes with its functions" {
  machine nvidia-vf
  put /sys/bus/pci/devices/0000:41:00.4/nvidia/current_vgpu_type 1145
  "$MDEVSIM" unplug "$ROOT" 0000:41:00.0
  entries /sys/bus/pci/devices ""
  entries /sys/kernel/iommu_groups ""
  entries /.mdevsim/devices ""
}

@test "nvidia-vf: a function that is enabled again has another inode" {
  machine nvidia-vf
  local card=/sys/bus/pci/devices/0000:41:00.0 before
  before=$(stat -Lc %i "$ROOT$card/virtfn0")
  put "$card/sriov_numvfs" 0
  put "$card/sriov_numvfs" 8
  [ "$(stat -Lc %i "$ROOT$card/virtfn0")" != "$before" ]
}

@test "gvtg: types share memory" {
  machine gvtg
  local types=/sys/class/mdev_bus/0000:00:02.0/mdev_supported_types
  has "$types/i915-GVTg_V5_4/available_instances" 1
  put "$types/i915-GVTg_V5_8/create" "$A"
  has "$types/i915-GVTg_V5_4/available_instances" 0
  has "$types/i915-GVTg_V5_8/available_instances" 1
}

@test "64 writers of one run" {
  machine samples
  run_in_machine -- bash -c "for i in {10..73}; do
      '$STORE' '$ROOT$mbochs/mbochs-small/create' 11111111-2222-4333-8444-6666666666\$i &
    done; wait"
  [ "$(grep -c '^ok 36$' <<<"$output")" -eq 64 ]
  has "$mbochs/mbochs-small/available_instances" 0
  [ "$(wc -l <"$ROOT/.mdevsim/journal")" -eq 64 ]
  there /dev/vfio/63
  gone /dev/vfio/64
}

@test "16 runs at once on one machine, and one port too few" {
  machine samples
  local i
  for i in {10..25}; do
    "$MDEVSIM" run "$ROOT" -- "$STORE" \
      "$ROOT$mtty/mtty-2/create" "11111111-2222-4333-8444-6666666666$i" \
      >"$BATS_TEST_TMPDIR/answer.$i" 3>&- &
  done
  wait
  [ "$(cat "$BATS_TEST_TMPDIR"/answer.* | grep -c '^ok 36$')" -eq 12 ]
  [ "$(cat "$BATS_TEST_TMPDIR"/answer.* | grep -c '^ENOSPC$')" -eq 4 ]
  has "$mtty/mtty-1/available_instances" 0
}

@test "without any right: nobody runs it, or nobody below root" {
  [ "$(id -u)" -eq 0 ] || skip "not root: the whole file shows it"
  machine samples
  local home=$BATS_TEST_TMPDIR/nobody
  mkdir "$home"
  cp "$MDEVSIM" "$STORE" "$BATS_TEST_DIRNAME/machines/samples.machine" "$home"
  chmod -R a+rX "$home"
  chown 65534:65534 "$home"
  local up=$home
  while [ "$up" != / ]; do
    chmod a+x "$up"
    up=$(dirname "$up")
  done
  run setpriv --reuid 65534 --regid 65534 --clear-groups sh -c "cd $home &&
    ./${MDEVSIM##*/} build samples.machine m &&
    ./${MDEVSIM##*/} run m -- ./${STORE##*/} m$mtty/mtty-1/create $A m$mtty/mtty-1/create x \
      m$devices/$A/remove 1"
  [ "$output" = $'ok 36\nEINVAL\nok 1' ]
}
