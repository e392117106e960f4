# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the test files use what is set here, and set the rest
# For tests that run thousands of commands: their machines lie in memory, nothing is started that is
# not needed, and the cases come from tables, a command in each line:
#
#   MACHINE | COMMANDS BEFORE IT | COMMAND | ...
#
# A command is one of mdevtool, or of mdevctl when that is its first word; before the command a VM may
# be started, with "vm" and options of qmp-peer.

load mdevtool.bash
load vm.bash

# What setup() and teardown() of such a file do.
begin_many() {
  in_memory
  mkdir "$BATS_TEST_TMPDIR/bin"
  ln -s "$(realpath "$MDEVTOOL")" "$BATS_TEST_TMPDIR/bin/mdevctl"
  how=(nothing) vm_faults=()
  cases=0
}

end_many() {
  stops
  forget_memory
}

# go WORD...: a command of mdevtool, or of mdevctl when that is the first word, with what ${faults[@]}
# hold; what it says is in files, as thousands of these run.
go() {
  local program=("$MDEVTOOL" --root "$root")
  if [ "$1" = mdevctl ]; then
    program=("$BATS_TEST_TMPDIR/bin/mdevctl")
    shift
  fi
  status=0
  MDEVCTL_ENV_ROOT=$root "$MDEVSIM" run "$root" "${faults[@]}" -- "${program[@]}" "$@" \
    >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- || status=$?
}

# loses WHAT: a promise is broken.
loses() {
  output=$(<"$BATS_TEST_TMPDIR/out") stderr=$(<"$BATS_TEST_TMPDIR/err")
  complain "$1" "by: ${how[*]}" "in: ${words[*]}"
}

# must WORD...: a command that has to succeed.
must() {
  faults=()
  go "$@"
  [ "$status" -eq 0 ] || loses "'$*' failed"
}

# The machine as it is before the command, by commands that ';' separates; one behind "killed-at-N" is.
prepare() {
  local command at
  stops
  rm -rf "$root"
  "$MDEVSIM" build "$top_srcdir/tests/machines/$machine.machine" "$root"
  chmod 0755 "$root"
  while read -rd ';' -a command; do
    at=${command[0]-}
    if [[ "$at" == killed-at-* ]]; then
      faults=(--crash "${at#killed-at-}")
      go "${command[@]:1}"
      [ "$status" -eq 137 ] || loses "it was not killed: ${command[*]}"
    elif [ "$at" = vm ]; then
      a_holding_vm "${command[@]:1}"
    elif [ -n "$at" ]; then
      must "${command[@]}"
    fi
  done <<<"$before;"
}

# What there is, but for UUIDs that chance has made.
there() {
  {
    "$MDEVTOOL" --root "$root" list --raw -o name,parent,type,group,state
    [ ! -d "$root/etc/mdevctl.d" ] ||
      "$MDEVTOOL" --root "$root" list --defined --raw -o name,parent,type,group,start,state
  } 2>"$BATS_TEST_TMPDIR/err" | sort
  [ ! -s "$BATS_TEST_TMPDIR/err" ] || loses "a list has something to say"
}

# The virtual function that a record is about; fails when it is about something else.
slot_of() {
  [[ $(<"$1") =~ '"slot": "'([^\"]*)'"' ]] && echo "${BASH_REMATCH[1]}"
}

# Every record has its device, and the other way round.
records_match() {
  local record vf vfs slots=' '
  vfs=$(configured_vfs)
  for record in "$root"/run/mdevtool/devices/*; do
    [ -e "$record" ] || continue
    if vf=$(slot_of "$record"); then
      [[ " $vfs " == *" $vf "* ]] || loses "a record without a virtual function: $record"
      [[ "$slots" != *" $vf "* ]] || loses "two records of $vf"
      slots+="$vf "
    else
      [ -e "$root/sys/bus/mdev/devices/${record##*/}" ] || loses "a record without a device: $record"
    fi
  done
  for record in "$root"/sys/bus/mdev/devices/*; do
    [ ! -e "$record" ] || [ -e "$root/run/mdevtool/devices/${record##*/}" ] ||
      loses "a device without a record: $record"
  done
  for vf in $vfs; do
    [[ "$slots" == *" $vf "* ]] || loses "a virtual function without a record: $vf"
  done
}

# Nothing is half done, and nothing lies about.
whole() {
  local left record
  records_match
  left=$(find "$root/run" "$root/etc" -type f \( -path '*/journal/*' -o -name '.*' ! -path '*/lock/*' \))
  [ -z "$left" ] || loses "there is $left"
  for record in "$root"/.mdevsim/parents/*; do
    [[ ! $(<"$record") =~ (^|$'\n')params\.[^=]*=. ]] || loses "params are still set"
  done
}

# Of commands that do several things, each on its own: every one is as before or as wanted.
is_mixed() {
  ! comm -23 <(sort -u <<<"$now") <(sort -u <<<"$old"$'\n'"$new") | grep -q .
}

# a_holding_vm OPTION...: a VM with room for four more, which opens what it is given; ${vm_faults[@]} befall it.
a_holding_vm() {
  a_vm --machine "$root" --port rp1 --port rp2 --port rp3 --port rp4 "$@" "${vm_faults[@]}"
}

# What the VM has, and what there is, as the simulator calls them.
in_vm() {
  grep -ls '^held=.' "$root"/.mdevsim/devices/* | sed 's,.*/,,'
}

on_machine() {
  local device
  for device in "$root"/sys/bus/mdev/devices/*; do
    [ ! -e "$device" ] || echo "${device##*/}"
  done
  configured_vfs | tr -s ' ' '\n' | sed '/^$/d'
}

# uuid_of DEVICE: as we know it, when we do.
uuid_of() {
  local record
  for record in "$root"/run/mdevtool/devices/*; do
    if [ -e "$record" ] && [ "$(slot_of "$record")" = "$1" ]; then
      echo "${record##*/}"
      return
    fi
  done
  echo "$1"
}

# vm_dies: and the kernel closes what it had.
vm_dies() {
  local device
  stops
  for device in $(in_vm); do
    releases "$device"
  done
}

# How often a driver has been written to.
writes() {
  local journal
  read_journal
  echo "${#journal[@]}"
}


# compare MACHINE COMMANDS COMMAND [NEXT]: what there is without the command, in $old, and with it, in
# $new, when NEXT follows; how often it writes to drivers is in $written.
compare() {
  machine=${1// /} before=$2 how=(nothing)
  read -ra words <<<"$3"
  read -ra next <<<"${4-}"
  root=$BATS_TEST_TMPDIR/$machine seen=0
  prepare
  [ ${#next[@]} -eq 0 ] || must "${next[@]}"
  old=$(there)
  prepare
  written=$(writes)
  must "${words[@]}"
  written=$(($(writes) - written))
  [ ${#next[@]} -eq 0 ] || must "${next[@]}"
  new=$(there)
}

# untraced: bats follows each command, which takes longer than the command itself.
untraced() {
  trap - DEBUG
}

# cards N: a machine with so many of the mail's cards; their addresses are in ${addresses[@]}.
cards() {
  local i address
  addresses=()
  for ((i = 0; i < $1; i++)); do
    printf -v address '%04x:%02x:00.0' $((i / 128)) $((i % 128 + 16))
    addresses+=("$address")
    sed "s/$card/$address/g" "$top_srcdir/tests/machines/m60.machine"
  done >"$BATS_TEST_TMPDIR/cards.machine"
  root=$BATS_TEST_TMPDIR/cards faults=() seen=0
  "$MDEVSIM" build "$BATS_TEST_TMPDIR/cards.machine" "$root"
  chmod 0755 "$root"
  rooms_at_first=$(rooms)
}
