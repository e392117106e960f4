#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Every step of every plan fails, in each way that a kernel may choose, once and from then on, and so
# does every change of a file of ours. What was asked for is there as a whole, or not at all, or the
# journal knows what is left, the message sends to recover, and that mends it. The steps are those
# that a good run makes, so that a new one is tested the day it is written.
# shellcheck disable=SC2034,SC2154 # what is loaded uses and sets it

load many.bash

setup() {
  begin_many
}

teardown() {
  end_many
}

# Global, as bats reads this in a function.
declare -gA meaning=([EIO]="Input/output error" [EINVAL]="Invalid argument" [EBUSY]="resource busy"
  [EACCES]="Permission denied" [EPERM]="not permitted" [ENODEV]="No such device" [ENOENT]="No such file"
  [ENOSPC]="No space left" [EUSERS]="Too many users" [ENOMEM]="Cannot allocate memory"
  [EEXIST]="File exists" [EAGAIN]="temporarily unavailable" [EADDRINUSE]="Address already in use"
  [EADDRNOTAVAIL]="Cannot assign requested address" [EROFS]="Read-only file system"
  [EDQUOT]="quota exceeded")

# What the core and the drivers answer a creation, an attribute, a removal; what file systems do.
creation=(EINVAL EEXIST EUSERS ENOSPC EPERM ENOMEM ENODEV EIO EACCES EBUSY)
attribute=(EINVAL EADDRNOTAVAIL EADDRINUSE ENODEV EIO)
removal=(EINVAL ENOENT ENODEV EAGAIN EBUSY EIO EPERM)
# The drivers of virtual functions are known by their users' reports: EPERM is that of a VM that runs.
vgpu=(EINVAL EPERM EIO ENOSPC EBUSY ENODEV ENOMEM EACCES)
some=(EIO EINVAL EBUSY)
files=(ENOSPC EIO EROFS EDQUOT)

# Each device that is there, though the command has failed, and was not before, is named.
left_are_named() {
  local device uuid
  for device in $(on_machine); do
    [[ "$devices_before" != *"$device"* ]] || continue
    uuid=$(uuid_of "$device")
    [[ "$error" == *"$uuid"* || "$error" == *"mdevtool recover"* ]] || loses "$uuid is left, and not named"
  done
}

# told MEANING: the first cause comes first, before what undoing could not undo.
told() {
  [ ! -s "$BATS_TEST_TMPDIR/out" ] || [ -n "$each" ] || loses "it says something"
  [[ "${error%%; and *}" == *"$1"* ]] || loses "it does not say '$1' first"
}

# settled [MAY]: as before; as wanted, when that may be; or, where several things were to be done, each of them so.
settled() {
  local now
  whole
  now=$(there)
  [ "$now" = "$old" ] || { [ "$now" = "$new" ] && [ -n "$1" ]; } ||
    { [ -n "$each" ] && is_mixed; } || loses "it is neither as before nor as wanted: $now"
}

# One case, with what befalls it in ${how[@]}, and what the message has to say.
befallen() {
  local error devices_before left may=
  cases=$((cases + 1))
  prepare
  devices_before=$(on_machine)
  faults=("${how[@]}")
  go "${words[@]}"
  status_then=$status error=$(<"$BATS_TEST_TMPDIR/err")
  if [ "$status" -ne 0 ]; then
    told "$1"
    left_are_named
  fi
  [ "$status" -lt 125 ] || loses "it crashed"
  [ "$status" -ne 0 ] || may=yes
  left=("$root"/run/mdevtool/journal/* "$root"/etc/mdevctl.d/.mdevtool.unfinished)
  if [[ "$error" == *"mdevtool recover"* ]]; then
    must recover
    may=yes
  elif [ -e "${left[0]}" ] || [ -e "${left[-1]}" ]; then
    loses "the journal has something, and nobody says so"
  fi
  settled "$may"
}

# every_step_fails MACHINE COMMANDS COMMAND EACH ERRNO...: once, and with all that comes after it.
every_step_fails() {
  local each=${4// /} machine before words next old new written step errno later status_then
  compare "${@:1:3}"
  [ "$written" -gt 0 ] || loses "it has no steps"
  for ((step = 1; step <= written; step++)); do
    for errno in "${@:5}"; do
      how=(--fail "$step=$errno")
      befallen "${meaning[$errno]}"
      [ "$status_then" -ne 0 ] || loses "it did not matter"
    done
    how=(--fail "$step=${*:5:1}")
    for ((later = step + 1; later < step + 16; later++)); do
      how+=(--fail "$later=EIO")
    done
    befallen "${meaning[${*:5:1}]}"
    how=(--short "$step=0")
    befallen "did not take all"
    how=(--delay "$step=5")
    befallen nothing
    [ "$status_then" -eq 0 ] || loses "a delay matters"
  done
}

# all_steps_fail KIND...: one command a line, as MACHINE | BEFORE IT | COMMAND | KIND [| each].
all_steps_fail() {
  local machine before command kind each
  untraced
  while IFS='|' read -r machine before command kind each; do
    local -n errnos=${kind// /}
    every_step_fails "$machine" "$before" "$command" "$each" "${errnos[@]}"
  done
  figure "fault cases" "$cases"
}

# changes WORD...: how many changes the command makes up to the last of a file of ours; then it prints.
changes() {
  prepare
  faults=(--fail file:0=EIO)
  rm -f "$root/.mdevsim/changes"
  go "$@"
  awk '/^\/(run|etc)\// { last = NR } END { print last + 0 }' "$root/.mdevsim/changes"
}

# all_changes_fail: the same for files, as MACHINE | BEFORE IT | COMMAND [| each]. An errno each, or
# all of them where there is time.
all_changes_fail() {
  local machine before command each words next old new written number errno end status_then
  untraced
  while IFS='|' read -r machine before command each; do
    each=${each// /}
    compare "$machine" "$before" "$command"
    end=$(changes "${words[@]}")
    [ "$end" -gt 0 ] || loses "it changes no file"
    for ((number = 1; number <= end; number++)); do
      for errno in "${files[@]}"; do
        [ -n "${MDEVTOOL_THOROUGH-}" ] || errno=${files[number % ${#files[@]}]}
        how=(--fail "file:$number=$errno")
        befallen "${meaning[$errno]}"
        [ -n "${MDEVTOOL_THOROUGH-}" ] || break
      done
    done
  done
  figure "fault cases" "$cases"
}

@test "faults: create, in all the ways that drivers refuse" {
  all_steps_fail <<END
m60     | | create --type 11 --group 1 --params x --uuid $A | creation
samples | | create --type mtty-2 --uuid $A                  | creation
END
}

@test "faults: create, of sets and with attributes" {
  all_steps_fail <<END
m60         | | create --type 11 --group 1 --params x --count 3                    | some
m60x2       | | create --type 11 --params x --count 2 --placement spread           | some
nvidia-mdev | | create --type 63 --uuid $A --params frame_rate_limiter=0           | attribute
s390-ap     | | create --type vfio_ap-passthrough --uuid $A --attr assign_control_domain=3 --attr assign_control_domain=4 | attribute
END
}

@test "faults: destroy" {
  all_steps_fail <<END
m60     | create --type 11 --group 1 --count 3 --name x; create --type 11 --name y | destroy --group 1 | removal | each
samples | create --type mtty-2 --uuid $A                                           | destroy $A        | removal
END
}

@test "faults: start" {
  all_steps_fail <<END
m60     | define --type 11 --uuid $A --name desk --params x --group 1 | start desk         | some
m60     | define --type 11 --count 2 --name x --params x              | start x-1 x-2      | some
samples | define --type mtty-1 --parent mtty --count 2 --auto         | start --auto       | some | each
END
}

@test "faults: mdevctl" {
  all_steps_fail <<END
samples | mdevctl define -u $A -p mtty -t mtty-1    | mdevctl start -u $A | some
samples | mdevctl start -u $A -p mtty -t mtty-1     | mdevctl stop -u $A  | removal
END
}

@test "faults: files of create, destroy and start" {
  all_changes_fail <<END
m60 | | create --type 11 --group auto --params x --count 2 --name x
m60 | create --type 11 --group 1 --count 2 --name x         | destroy --group 1 | each
m60 | define --type 11 --uuid $A --name desk --params x     | start desk
END
}

@test "faults: files of define, modify and undefine" {
  all_changes_fail <<END
m60 | | define --type 11 --uuid $A --group 1 --params x --name desk
m60 | | define --type 11 --count 2 --name x --auto
m60 | create --type 11 --group 1 --params x --uuid $A --name desk | define $A --auto
m60 | define --type 11 --uuid $A --name desk --params x | modify $A --name chair --params y --group 7 | each
m60 | define --type 11 --count 2 --name x --params x    | undefine x-1 x-2 | each
samples | | mdevctl define -u $A -p mtty -t mtty-1 -a
END
}

# nothing_made COMMAND...: the driver takes it, and does nothing.
nothing_happens() {
  mdevtool "$@"
  fails 1 "the driver took it, but"
}

@test "faults: a driver that accepts but does nothing is found out" {
  fresh m60
  fault --swallow '*/create'
  nothing_happens create --type 11 --params x --uuid "$A"
  mended
  fresh m60
  fault --swallow 5
  nothing_happens create --type 11 --params x --count 2
  mended
  fresh samples
  device "$A" mtty-1
  fault --swallow '*/remove'
  nothing_happens destroy "$A"
  all_is_whole
  device_exists "$A"
  fresh m60
  definition "$A" 11
  fault --swallow '*/create'
  nothing_happens start "$A"
  mended
  fresh nvidia-vf
  fault --swallow 3
  nothing_happens create --type 1145 --count 2 --params a=1
  mended
  device "$A" 1145
  fault --swallow '*/current_vgpu_type'
  nothing_happens destroy "$A"
  all_is_whole
  device_exists "$A"
  figure "fault cases" 6
}

@test "faults: a removal that never returns is reported, and the journal knows of it" {
  local command
  for command in "destroy --wait 0 $A" "destroy --wait 1 $A"; do
    fresh m60
    device "$A" 11 --group 1
    fault --never '*/mdev_destroy'
    # shellcheck disable=SC2086 # its words
    mdevtool $command
    fails 6 "$A" "has not finished"
    hints "mdevtool recover"
    mdevtool recover
    succeeds
    nothing_left
  done
  figure "fault cases" 2
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

fresh() {
  rm -rf "${BATS_TEST_TMPDIR:?}/$1"
  machine "$1"
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
  mkdir -p "$root/run/mdevtool/journal/.$card.tmp/x"
  mdevtool create --type 11 --uuid "$A"
  [ "$status" -ne 0 ] || complain "it succeeded without a journal"
  wrote_nothing_else
}

### With a VM

# Who has become the VM's, or is left, though the command has failed, is named.
is_accounted_for() {
  local device uuid
  left_are_named
  for device in $(in_vm); do
    uuid=$(uuid_of "$device")
    [[ "$held_before" == *"$device"* || "$error" == *"$uuid"* ]] || loses "the VM has $uuid, and nobody says so"
  done
}

# befallen_with_vm CAUSE...: one case, with ${vm_faults[@]}; one of the causes is what the message begins with.
befallen_with_vm() {
  local error devices_before held_before cause causes=
  cases=$((cases + 1))
  how=("${vm_faults[@]}" "${faults_then[@]}")
  prepare
  devices_before=$(on_machine) held_before=$(in_vm) faults=("${faults_then[@]}")
  go "${words[@]}"
  vm_is_idle
  error=$(<"$BATS_TEST_TMPDIR/err")
  [ "$status" -lt 125 ] || loses "it crashed"
  if [ "$status" -ne 0 ]; then
    for cause in "$@"; do
      [[ "${error%%; and *}" != *"$cause"* ]] || causes=yes
    done
    [ -n "$causes" ] || loses "it does not say '$*' first"
    is_accounted_for
  else
    [ "$(there)" = "$new" ] || loses "it is not as wanted"
  fi
  [[ "$error" != *"mdevtool recover"* ]] || must recover
  whole
}

declare -gA told_of=([error:no]=": no" [close]="has closed the connection" [half]="has closed the connection"
  [die]="has closed the connection" [garbage]="speaks no QMP" ['reply:{"return":']="speaks no QMP")

# How many messages the VM has sent: greetings, and replies.
replies() {
  grep -c '^{\|^serves' "$vm.log" || true
}

# every_message_fails MACHINE COMMANDS COMMAND REFUSED: what the VM sends, in each way that a peer may choose, on its
# own, and behind the second of REFUSED, which the VM has refused; and every sending, and all of them. Unless
# thorough, a third of the messages and sendings, each in one way.
every_message_fails() {
  local machine before words old new written number first last vm_faults=() faults_then=()
  local ways=("${!told_of[@]}") way=-1 each_way stride=3
  [ -z "${MDEVTOOL_THOROUGH-}" ] || stride=1
  compare "${@:1:3}"
  vm_is_idle
  last=$(replies)
  prepare
  vm_is_idle
  first=$(replies)
  [ "$last" -gt "$first" ] || loses "the VM was told nothing"
  for ((number = first + 1; number <= last; number += stride)); do
    for each_way in "${ways[@]}"; do
      way=$(((way + 1) % ${#ways[@]}))
      vm_faults=(--fault "#$number=${ways[way]}")
      befallen_with_vm "${told_of[${ways[way]}]}"
      vm_faults=(--fault "$4#2=error:no more" --fault "#$((number + 1))=${ways[way]}")
      befallen_with_vm "${told_of[${ways[way]}]}" ": no more"
      [ -n "${MDEVTOOL_THOROUGH-}" ] || break
    done
  done
  vm_faults=()
  for number in $(sendings "${words[@]}" | awk -v n="$stride" "NR % n == 1 % n"); do
    faults_then=(--fail "file:$number=EPIPE")
    befallen_with_vm "Broken pipe"
  done
  faults_then=(--fail "file:socket:*=EPIPE")
  befallen_with_vm "Broken pipe"
}

# sendings WORD...: which of the changes that the command makes are messages.
sendings() {
  prepare
  faults=(--fail file:0=EIO)
  rm -f "$root/.mdevsim/changes"
  go "$@"
  awk '/^socket:/ { print NR }' "$root/.mdevsim/changes"
}

# The same for each line: MACHINE | BEFORE IT | COMMAND | REFUSED
all_messages_fail() {
  local machine before command refused
  untraced
  while IFS='|' read -r machine before command refused; do
    every_message_fails "$machine" "$before" "$command" "${refused// /}"
  done
  figure "fault cases" "$cases"
}

@test "faults: attach and detach" {
  all_messages_fail <<END
m60       | create --type 11 --group 1 --count 2 --name x; vm | attach x-1 x-2 --qmp $vm | device_add
nvidia-vf | create --type 1145 --count 2 --name x; vm         | attach x-1 x-2 --qmp $vm | device_add
m60       | create --type 11 --group 1 --count 2 --name x; vm; attach x-1 x-2 --qmp $vm | detach x-1 x-2 --qmp $vm | device_del
END
}

@test "faults: create --attach" {
  all_messages_fail <<END
m60       | vm | create --type 11 --group 1 --count 2 --params x --name x --attach $vm       | device_add
nvidia-vf | vm | create --type 1145 --count 2 --params a=1 --name x --attach $vm             | device_add
END
}

### Virtual functions

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

# refused_at_every_step NAME ARGUMENT...: with each errno in turn.
refused_at_every_step() {
  local step errno steps
  steps_of "$@"
  for ((step = 1; step <= steps; step++)); do
    for errno in "${errnos[@]}"; do
      fresh "$1"
      fault --fail "$step=$errno"
      mdevtool "${@:2}"
      [ "$status" -ne 0 ] || complain "step $step with $errno did not matter"
      warns "${meaning[$errno]}"
      says_nothing
      mended
    done
  done
}

@test "faults: virtual functions, made" {
  all_steps_fail <<END
nvidia-vf       | | create --type 1145 --uuid $A --params a=1                    | vgpu
nvidia-vf       | | create --type 1145 --count 3 --params a=1                    | some
nvidia-vf-mixed | | create --type 1155 --uuid $A --attr nvidia/placement_id=24   | vgpu
nvidia-vf       | define --type 1145 --uuid $A --name desk --params a=1 | start desk | vgpu
nvidia-vf       | define --type 1145 --parent $gpu --count 2 --auto | start --auto   | some | each
END
}

@test "faults: virtual functions, destroyed" {
  all_steps_fail <<END
nvidia-vf | create --type 1145 --count 3 --group 1 --params a=1 | destroy --group 1 | vgpu | each
END
}

@test "faults: files of virtual functions" {
  all_changes_fail <<END
nvidia-vf | | create --type 1145 --group auto --params a=1 --count 2 --name x
nvidia-vf | create --type 1145 --group 1 --count 2 --name x     | destroy --group 1 | each
nvidia-vf | define --type 1145 --uuid $A --name desk --params a=1 | start desk
END
}

@test "faults: virtual functions whose files cannot be read" {
  local file command
  for file in creatable_vgpu_types current_vgpu_type; do
    for command in "create --type 1145 --params a=1" "create --type 1145 --count 2" "start $A"; do
      fresh nvidia-vf
      mdevtool define --type 1145 --parent "$gpu" --uuid "$A"
      succeeds
      sed -i "\$aunreadable=$file" "$root/.mdevsim/parents/$gpu"
      # shellcheck disable=SC2086 # its words
      mdevtool $command
      [ "$status" -ne 0 ] || complain "it succeeded"
      warns "$file" "Input/output error"
      says_nothing
      wrote_nothing_else
      sed -i '/^unreadable=/d' "$root/.mdevsim/parents/$gpu"
      nothing_left
    done
  done
  figure "fault cases" 6
}

@test "faults: one of each dialect" {
  errnos=(EIO)
  document '[{"type":"11","params":"x"},{"type":"1145","params":"a=1"},{"type":"vfio_ccw-io"}]'
  refused_at_every_step mixed create "$document" --group 1
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
