#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Every command is killed before and after every write to a driver, and before every other change
# that it makes: a file made, written, flushed, renamed, removed, a line printed. (Before a change is
# after the one before it.) Then the next command runs that writes there, and nothing may tell of it
# any more: what was asked for is there as a whole, or none of it is.
#
# With a VM every message to it is such a change, too.
#
# Where to kill is not listed: each loop goes on until a run has come to its end.
# shellcheck disable=SC2034,SC2154 # what is loaded uses and sets it

load many.bash

setup() {
  begin_many
}

teardown() {
  end_many
}

# survived: whoever comes next mends it all.
survived() {
  local now
  # every other time by hand first
  [ $((cases % 2)) -eq 0 ] || must recover
  must "${next[@]}"
  whole
  [ -z "$("$MDEVTOOL" --root "$root" recover --dry-run 2>/dev/null)" ] || loses "something is left to recover"
  now=$(there)
  [ "$now" = "$old" ] || [ "$now" = "$new" ] || { [ -n "$each" ] && is_mixed; } ||
    loses "it is neither as before nor as wanted: $now"
}

# The same where a VM has what was handed over before: it goes on, or dies, and the next has another. Of
# a set that the VM did not get as a whole there is what it holds, and nothing else.
survived_with_vm() {
  local now lives=$((cases % 2))
  vm_is_idle
  [ "$lives" -eq 1 ] || vm_dies
  [ $((cases / 2 % 2)) -eq 0 ] || must recover
  [ -n "$vm_pid" ] || a_holding_vm
  must "${next[@]}"
  whole
  now=$(there)
  case $each in
  all) [ "$lives" -eq 0 ] || [ "$(in_vm)" = "$(on_machine)" ] || loses "the VM has not all that is there" ;;
  none) [ -z "$(in_vm)" ] || loses "the VM still has $(in_vm)" ;;
  esac
  [ "$now" = "$old" ] || [ "$now" = "$new" ] || { [ "$lives" -eq 1 ] && is_mixed; } ||
    loses "it is neither as before nor as wanted: $now"
  can_be_taken_away
}

# can_be_taken_away: all that there is, first from the VM.
can_be_taken_away() {
  local devices
  mapfile -t devices < <("$MDEVTOOL" --root "$root" list --raw --noheadings -o uuid)
  must detach "${devices[@]}" --qmp "$vm"
  must destroy "${devices[@]}"
  whole
  [ -z "$(on_machine)" ] || loses "something is left: $(on_machine)"
}

# killed_everywhere FAULT PREFIX: with that fault at 1, 2, … until there is nothing more to kill; at every
# third of them unless all are asked for, as there are many.
killed_everywhere() {
  local number stride=3
  [ -z "${MDEVTOOL_THOROUGH-}" ] || stride=1
  for ((number = 1; ; number += stride)); do
    prepare
    how=(--crash "$2$number")
    [ "$1" = --crash ] || how+=("$1" "$2$number")
    faults=("${how[@]}")
    go "${words[@]}"
    [ "$status" -eq 137 ] || break
    cases=$((cases + 1))
    "$survived"
  done
  [ "$status" -eq 0 ] || loses "it failed by itself"
  [ "$number" -gt 1 ] || loses "it was never killed"
}

# killed MACHINE COMMANDS COMMAND NEXT [each]: all of it, for one command.
killed() {
  local each=${5// /} survived=survived machine before words next old new written
  compare "${@:1:4}"
  [ -z "$vm_pid" ] || survived=survived_with_vm
  killed_everywhere --crash file:
  [ "$written" -gt 0 ] || return 0
  killed_everywhere --kill-before ''
  killed_everywhere --crash ''
}

# all_killed: one command a line, as MACHINE | BEFORE IT | COMMAND | NEXT [| each].
all_killed() {
  local machine before command next each
  untraced
  while IFS='|' read -r machine before command next each; do
    killed "$machine" "$before" "$command" "$next" "$each"
  done
  figure "kill points" "$cases"
}

@test "crash: create" {
  all_killed <<END
m60         | | create --type 11 --group 1 --params x --uuid $A --name desk | create --type 11
m60         | | create --type 11 --group 1 --params x --count 2 --name x    | create --type 11 --params y
samples     | | create --type mtty-2 --uuid $A                              | create --type mtty-1
nvidia-mdev | | create --type 63 --params frame_rate_limiter=0 --uuid $A    | create --type 63
s390-ap     | | create --type vfio_ap-passthrough --count 2 --attr assign_control_domain=3 | create --type vfio_ap-passthrough
END
}

@test "crash: create on two cards" {
  all_killed <<END
m60x2 | | create --type 11 --params x --count 2 --placement spread --group auto | create --type 11 --count 2 --placement spread
END
}

@test "crash: destroy" {
  all_killed <<END
m60     | create --type 11 --group 1 --count 2 --name x; create --type 11 --name y | destroy --group 1 | create --type 11
samples | create --type mtty-2 --uuid $A | destroy $A | create --type mtty-1
END
}

@test "crash: define, modify, undefine" {
  all_killed <<END
m60 | | define --type 11 --uuid $A --group 1 --params x --name desk         | define --type 11 --uuid $B
m60 | | define --type 11 --count 3 --name x --auto                          | define --type 11 --uuid $B
m60 | create --type 11 --group 1 --params x --uuid $A --name desk | define $A --auto | define --type 11 --uuid $B
m60 | define --type 11 --uuid $A --name desk --params x | modify $A --name chair --params y --group 7 --auto | define --type 11 --uuid $B
m60 | define --type 11 --count 2 --name x --params x | undefine x-1 x-2     | define --type 11 --uuid $B
m60 | define --type 11 --uuid $A --name desk --params x | undefine $A       | define --type 11 --uuid $B
END
}

@test "crash: start" {
  all_killed <<END
m60     | define --type 11 --uuid $A --name desk --params x --group 1 | start desk   | create --type 11
samples | define --type mtty-1 --parent mtty --count 2 --auto         | start --auto | create --type mtty-1 | each
END
}

@test "crash: one of each dialect" {
  local set=$BATS_TEST_TMPDIR/set
  echo '[{"type":"11","params":"x"},{"type":"1145","params":"a=1"},{"type":"vfio_ccw-io"}]' >"$set"
  all_killed <<END
mixed | | create $set --group 1 | recover
mixed | create $set --group 1 | destroy --group 1 | recover
END
}

@test "crash: mdevctl" {
  all_killed <<END
samples | | mdevctl define -u $A -p mtty -t mtty-1 -a | mdevctl define -u $B -p mtty -t mtty-1
samples | mdevctl define -u $A -p mtty -t mtty-1 | mdevctl modify -u $A --auto | mdevctl define -u $B -p mtty -t mtty-1
samples | mdevctl define -u $A -p mtty -t mtty-1 | mdevctl undefine -u $A | mdevctl define -u $B -p mtty -t mtty-1
samples | mdevctl define -u $A -p mtty -t mtty-1 | mdevctl start -u $A | mdevctl start -u $B -p mtty -t mtty-1
samples | mdevctl start -u $A -p mtty -t mtty-1 | mdevctl stop -u $A | mdevctl start -u $B -p mtty -t mtty-1
samples | mdevctl define -u $A -p mtty -t mtty-1 -a | mdevctl start-parent-mdevs mtty | mdevctl start -u $B -p mtty -t mtty-1
END
}

@test "crash: virtual functions, made and destroyed" {
  all_killed <<END
nvidia-vf        | | create --type 1145 --uuid $A --group 1 --params a=1 --name desk  | create --type 1149
nvidia-vf        | | create --type 1145 --params a=1 --count 3 --name x --group auto  | create --type 1149 --params b=2
nvidia-vf-mixed  | | create --type 1155 --uuid $A --attr nvidia/placement_id=24       | create --type 1155
nvidia-vf-strict | | create --type 1145 --uuid $A --params a=1                        | create --type 1149
nvidia-vf        | create --type 1145 --uuid $A --params a=1 | destroy $A             | create --type 1149
nvidia-vf        | create --type 1145 --group 1 --count 3 --name x --params a=1; create --type 1149 --name y | destroy --group 1 | create --type 1145
END
}

@test "crash: virtual functions, defined and started" {
  all_killed <<END
nvidia-vf | | define --type 1145 --parent $gpu --uuid $A --group 1 --params a=1 --name desk | define --type 1149 --uuid $B
nvidia-vf | create --type 1145 --params a=1 --uuid $A --name desk | define $A --auto        | define --type 1149 --uuid $B
nvidia-vf | define --type 1145 --uuid $A --name desk --params a=1 | modify $A --name chair --params b=2 --auto | define --type 1149 --uuid $B
nvidia-vf | define --type 1145 --count 2 --name x --params a=1 | undefine x-1 x-2           | define --type 1149 --uuid $B
nvidia-vf | define --type 1145 --uuid $A --name desk --params a=1 --group 1 | start desk    | create --type 1149
nvidia-vf | define --type 1145 --count 2 --name x --params a=1 | start x-1 x-2              | create --type 1149
nvidia-vf | define --type 1145 --parent $gpu --count 2 --auto | start --auto                | create --type 1149 | each
END
}

# The last column: how many of the devices a VM that lives on has in the end.
@test "crash: attach and detach" {
  all_killed <<END
m60       | create --type 11 --group 1 --count 2 --name x; vm | attach x-1 x-2 --qmp $vm | attach x-1 x-2 --qmp $vm | all
nvidia-vf | create --type 1145 --count 2 --name x; vm         | attach x-1 x-2 --qmp $vm | attach x-1 x-2 --qmp $vm | all
m60       | create --type 11 --group 1 --count 2 --name x; vm; attach x-1 x-2 --qmp $vm | detach x-1 x-2 --qmp $vm | detach x-1 x-2 --qmp $vm | none
nvidia-vf | create --type 1145 --count 2 --name x; vm; attach x-1 x-2 --qmp $vm         | detach x-1 x-2 --qmp $vm | detach x-1 x-2 --qmp $vm | none
END
}

@test "crash: create --attach" {
  all_killed <<END
m60       | vm | create --type 11 --group 1 --count 2 --name x --params x --attach $vm | create --type 11 --group 1 --attach $vm | all
samples   | vm | create --type mtty-1 --uuid $A --attach $vm                           | create --type mtty-1 --attach $vm | all
nvidia-vf | vm | create --type 1145 --count 2 --params a=1 --attach $vm                | create --type 1149 --attach $vm | all
END
}

@test "crash: recover" {
  all_killed <<END
m60 | killed-at-2 create --type 11 --count 2 --params x --name x | recover | create --type 11
m60 | create --type 11 --name x; killed-at-1 destroy x           | recover | create --type 11
nvidia-vf | killed-at-2 create --type 1145 --count 2 --params a=1 --name x | recover | create --type 1149
nvidia-vf | create --type 1145 --count 2 --group 1; killed-at-2 destroy --group 1 | recover | create --type 1149
m60 | killed-at-file:26 define --type 11 --count 2 --name x      | recover | define --type 11 --uuid $B
END
}
