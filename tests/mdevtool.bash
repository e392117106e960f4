# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the test files use what is set here; bats sets the rest
# The language of the tests of mdevtool. A test builds a machine, gives a command, and says what
# came of it:
#
#   machine m60
#   mdevtool create --type 11 --uuid "$A" --group 1
#   succeeds
#   wrote 11/create "$A:1"
#   wrote_nothing_else
#
# Nouns set up a situation, verbs check what is. A verb that finds something else says what it
# found and fails; as bats ends a test at its first failure, verbs stand alone, not in conditions.
# After `mdevtool` there are $status, $output (stdout) and $stderr, as bats' run sets them.

bats_require_minimum_version 1.5.0
load /usr/lib/bats/bats-support/load.bash
load /usr/lib/bats/bats-assert/load.bash

top_srcdir=${top_srcdir:-$(cd "$BATS_TEST_DIRNAME/.." && pwd)}
top_builddir=${top_builddir:-$top_srcdir}
MDEVTOOL=${MDEVTOOL:-$top_builddir/mdevtool}
MDEVSIM=${MDEVSIM:-$top_builddir/tests/mdevsim/mdevsim}

unset MDEVTOOL_ROOT
export LC_ALL=C.UTF-8 NO_COLOR=1

# What devices are made as. D shares its first eight digits with A, C has letters.
A=2f0c2d5e-9b1e-4f4e-8a53-5f0f1c7f9a11
B=7d1c0a42-3c55-4d0b-9f6e-0c2b8e1d7b22
C=abcdefab-cdef-4abc-8def-abcdefabcde3
D=2f0c2d5e-0000-4000-8000-00000000000d

# Where the mail's card is, and libvirt's name for it.
card=0000:86:00.0
node=pci_0000_86_00_0
types=/sys/bus/pci/devices/$card/mdev_supported_types

# NVIDIA's card whose virtual functions are vGPUs, and these.
gpu=0000:41:00.0
vfs=(0000:41:00.{4..7} 0000:41:01.{0..3})

surroundings=()

### Where tests run

# The machines of a test that makes thousands lie in memory, where there is some to be had.
in_memory() {
  if [ -w /dev/shm ]; then
    BATS_TEST_TMPDIR=$(mktemp -d /dev/shm/mdevtool-XXXXXXXX)
    memory=$BATS_TEST_TMPDIR
  fi
}

forget_memory() {
  [ -z "${memory-}" ] || rm -rf "$memory"
}

# figure NAME NUMBER: what the test has tried, or lost; tests/count adds them up.
figure() {
  [ "$2" -le 1 ] || echo "# $1: $2" >&3
  [ -z "${MDEVTOOL_FIGURES-}" ] || printf '%s\t%s\n' "$1" "$2" >>"$MDEVTOOL_FIGURES"
}

### Nouns

# machine NAME: a new machine, as tests/machines/NAME.machine describes it.
machine() {
  root=$BATS_TEST_TMPDIR/$1
  build_machine "$top_srcdir/tests/machines/$1.machine"
}

build_machine() {
  "$MDEVSIM" build "$1" "$root"
  chmod 0755 "$root"
  faults=()
  seen=0
  rooms_at_first=$(rooms)
}

# many_parents N TYPES: a new machine with so many, each of so many types.
many_parents() {
  root=$BATS_TEST_TMPDIR/many
  "$top_srcdir/tests/bench/machine" -v parents="$1" -v types="$2" >"$root.machine"
  build_machine "$root.machine"
}

# fault FAULT...: befalls the next command, in the words of "mdevsim run".
fault() {
  faults+=("$@")
}

# mdevtool ARGUMENT...: the program on that machine, its drivers answering.
mdevtool() {
  play "$MDEVTOOL" --root "$root" "$@"
}

# play COMMAND...: any other command there.
play() {
  local with=("${faults[@]}")
  faults=()
  skip_what_was_written
  state_before=$(state)
  # the third is for "command not found" and the like, which bats warns of
  run --separate-stderr "${surroundings[@]}" "$MDEVSIM" run "$root" "${with[@]}" -- "$@"
  if [ "$status" -eq 77 ]; then
    skip "$stderr"
  fi
}

# nobody_calls ARGUMENT...: the program on that machine, by a user without rights; its drivers do not answer.
nobody_calls() {
  local up=$root
  needs setpriv
  [ "$(id -u)" -eq 0 ] || skip "only root can become nobody"
  cp "$MDEVTOOL" "$BATS_TEST_TMPDIR/mdevtool"
  while [ "$up" != / ]; do
    chmod a+x "$up"
    up=$(dirname "$up")
  done
  run --separate-stderr setpriv --reuid 65534 --regid 65534 --clear-groups "$BATS_TEST_TMPDIR/mdevtool" --root "$root" "$@"
}

# The next checks begin with what the next command writes.
skip_what_was_written() {
  local journal
  read_journal
  seen=${#journal[@]}
}

# device UUID TYPE [ARGUMENT...]: one of ours, made before the test begins.
device() {
  mdevtool create --uuid "$1" --type "${@:2}"
  succeeds
  skip_what_was_written
}

# foreign_device UUID TYPE-DIRECTORY: one that somebody else makes, through a shell as it were.
foreign_device() {
  play bash -c "echo $1 > '$root$2/create'"
  succeeds
  skip_what_was_written
}

# foreign_vgpu VF ID: somebody else gives a virtual function a type; 0 takes it away.
foreign_vgpu() {
  play bash -c "echo $2 >'$(file_of "$1" current_vgpu_type)'"
  succeeds
  skip_what_was_written
}

# file_of VF FILE: where the machine has it.
file_of() {
  echo "$root/sys/bus/pci/devices/$1/nvidia/$2"
}

# enabled_vfs N: so many of the card's are enabled from here on, as sriov-manage does it.
enabled_vfs() {
  play bash -c "echo $1 >'$root/sys/bus/pci/devices/$gpu/sriov_numvfs'"
  succeeds
  skip_what_was_written
}

# definition UUID TYPE [ARGUMENT...]: one that is kept before the test begins, on the mail's card.
definition() {
  mdevtool define --uuid "$1" --type "$2" --parent "$card" "${@:3}"
  succeeds
}

# foreign_definition PARENT UUID TEXT: one that somebody else keeps.
foreign_definition() {
  mkdir -p "$root/etc/mdevctl.d/$1"
  printf '%s' "$3" >"$root/etc/mdevctl.d/$1/$2"
}

# many_definitions N PARENT TYPE: so many that start by themselves.
many_definitions() {
  mkdir -p "$root/etc/mdevctl.d/$2"
  awk -v n="$1" -v dir="$root/etc/mdevctl.d/$2" -v type="$3" 'BEGIN {
    for (i = 1; i <= n; i++) {
      file = sprintf("%s/%08x-0000-4000-8000-%012x", dir, i * 7919, i)
      printf "{\"mdev_type\": \"%s\", \"start\": \"auto\", \"attrs\": []}", type >file
      close(file)
    }
  }'
}

# holds UUID [PID COMMAND CMDLINE]: a process opens the device; without more a QEMU, PID 4711,
# whose VM is called web-1.
holds() {
  "$MDEVSIM" hold "$root" "$@"
}

# holds_cdev UUID [PID COMMAND CMDLINE]: the same through iommufd, as QEMU does when it is told to.
holds_cdev() {
  "$MDEVSIM" hold --cdev "$root" "$@"
}

# releases UUID: whoever holds it closes it.
releases() {
  "$MDEVSIM" release "$root" "$1"
}

# document TEXT: a file of that content; its name is in $document.
document() {
  document=$BATS_TEST_TMPDIR/document
  printf '%s\n' "$1" >"$document"
}

# another_type NAME: a copy of type 12, which nobody counts.
another_type() {
  chmod -R u+rw "$root$types/12"
  cp -r "$root$types/12" "$root$types/$1"
}

# soname LIBRARY: the file's name that LIBRARY (libxml2, libudev) is loaded by.
soname() {
  [ -e "$top_builddir/config.h" ] || skip "the build's config.h is not here"
  sed -n "s/^#define ${1^^}_SONAME \"\(.*\)\"/\1/p" "$top_builddir/config.h"
}

# without LIBRARY: mdevtool cannot load it from here on.
without() {
  local name
  name=$(soname "$1")
  mkdir -p "$BATS_TEST_TMPDIR/broken"
  : >"$BATS_TEST_TMPDIR/broken/$name"
  surroundings=(env "LD_LIBRARY_PATH=$BATS_TEST_TMPDIR/broken")
}

# needs_hwdb: skips the test where no hardware database is installed.
needs_hwdb() {
  local file
  for file in {/etc/systemd/hwdb,/etc/udev,/usr/lib/systemd/hwdb,/usr/lib/udev,/lib/udev}/hwdb.bin; do
    [ ! -e "$file" ] || return 0
  done
  skip "no hardware database is installed"
}

# needs PROGRAM...: skips the test where one is not installed.
needs() {
  local program
  for program; do
    command -v "$program" >/dev/null || skip "$program is not installed"
  done
}

### What is known of the machine

# The lines that drivers' answers left, PATH, TEXT and RESULT each, in ${journal[@]}.
read_journal() {
  journal=()
  [ ! -e "$root/.mdevsim/journal" ] || mapfile -t journal <"$root/.mdevsim/journal"
}

# The room of every type, a line each; of virtual functions, what they are and can be.
rooms() {
  (cd "$root/sys" && grep -rH --include={max,available}_instances --include=creatable_vgpu_types \
    --include=current_vgpu_type '' devices | sort) || true
}

# All that mdevtool keeps, by content; locks are nothing to keep.
state() {
  local files=(find "$root/run/mdevtool" "$root/etc" -type f ! -path '*/lock/*')
  {
    "${files[@]}"
    "${files[@]}" -exec grep -H '' {} +
  } 2>/dev/null | sort
}

escaped() {
  local text=$1
  text=${text//\\/\\\\}
  text=${text//$'\t'/\\t}
  printf '%s' "${text//$'\n'/\\n}"
}

complain() {
  local journal
  read_journal
  {
    printf '%s\n' "$@"
    printf -- '-- status %s, stdout:\n%s\n-- stderr:\n%s\n' "${status-}" "${output-}" "${stderr-}"
    printf -- '-- written since:\n'
    printf '%s\n' "${journal[@]:seen:24}"
  } >&2
  return 1
}

### Verbs: how it ended

succeeds() {
  [ "$status" -eq 0 ] || complain "it failed"
}

# fails STATUS [PART...]: with that status; each part is in the message.
fails() {
  [ "$status" -eq "$1" ] || complain "it did not end with status $1"
  shift
  warns "$@"
}

# says TEXT: stdout is exactly that.
says() {
  [ "$output" = "$1" ] || complain "stdout is not:" "$1"
}

says_nothing() {
  says ""
}

# mentions PART...: each is somewhere in stdout.
mentions() {
  local part
  for part; do
    [[ "$output" == *"$part"* ]] || complain "stdout does not mention '$part'"
  done
}

mentions_no() {
  local part
  for part; do
    [[ "$output" != *"$part"* ]] || complain "stdout mentions '$part'"
  done
}

# warns PART...: each is somewhere in stderr.
warns() {
  local part
  for part; do
    [[ "$stderr" == *"$part"* ]] || complain "stderr has no '$part'"
  done
}

warns_not_of() {
  local part
  for part; do
    [[ "$stderr" != *"$part"* ]] || complain "stderr has '$part'"
  done
}

is_silent() {
  [ -z "$stderr" ] || complain "stderr is not empty"
}

# hints PART...: each is in a line that begins with "hint: ".
hints() {
  local part hint
  hint=$(grep '^hint: ' <<<"$stderr") || complain "there is no hint"
  for part; do
    [[ "$hint" == *"$part"* ]] || complain "the hint has no '$part'"
  done
}

# made N: stdout is N UUIDs of version 4, one a line, and the devices are there; in $uuids.
made() {
  local uuid
  mapfile -t uuids <<<"$output"
  [ "${#uuids[@]}" -eq "$1" ] || complain "there are not $1 lines"
  for uuid in "${uuids[@]}"; do
    [[ "$uuid" =~ ^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$ ]] ||
      complain "'$uuid' is no UUID of version 4"
    device_exists "$uuid"
  done
}

# json FILTER [VALUE]: what jq finds in stdout is VALUE; without one, true.
json() {
  local found
  found=$(jq -r "$1" <<<"$output") || complain "jq cannot read stdout"
  [ "$found" = "${2-true}" ] || complain "$1 is '$found', not '${2-true}'"
}

### Verbs: what was written

# The next line of the journal, split into $path, $text and $result.
next_write() {
  local journal
  read_journal
  [ "$seen" -lt "${#journal[@]}" ] || return 1
  IFS=$'\t' read -r path text result <<<"${journal[seen]}"
  seen=$((seen + 1))
}

# wrote FILE TEXT: the next store was TEXT and a newline to a path that ends in FILE, and the driver
# took all of it.
wrote() {
  local path text result wanted
  wanted=$(escaped "$2")\\n
  next_write || complain "nothing more was written, not even '$2' to $1"
  [[ "$path" == */"$1" && "$text" == "$wanted" ]] ||
    complain "the next was '$text' to $path, not '$wanted' to $1"
  [[ "$result" =~ ^[0-9]+$ ]] || complain "'$text' to $path was answered with $result"
}

# tried FILE TEXT RESULT: the same, but the answer was RESULT.
tried() {
  local path text result wanted
  wanted=$(escaped "$2")\\n
  next_write || complain "nothing more was written, not even '$2' to $1"
  [[ "$path" == */"$1" && "$text" == "$wanted" && "$result" == "$3" ]] ||
    complain "the next was '$text' to $path, answered $result"
}

wrote_nothing_else() {
  local journal
  read_journal
  [ "${#journal[@]}" -eq "$seen" ] || complain "something else was written"
}

# Neither to a driver nor to what mdevtool keeps.
wrote_nothing() {
  wrote_nothing_else
  [ "$(state)" = "$state_before" ] || complain "what mdevtool keeps has changed:" "$(state)"
}

### Verbs: what is there

device_exists() {
  [ -e "$root/sys/bus/mdev/devices/$1" ] || [[ " $(configured_vfs) " == *" $(vf_of "$1") "* ]] ||
    complain "there is no device $1"
}

# The virtual functions that have a type.
configured_vfs() {
  local file type vf having=()
  for file in "$root"/sys/bus/pci/devices/*/nvidia/current_vgpu_type; do
    [ -e "$file" ] || continue
    read -r type <"$file"
    [ "$type" != 0 ] || continue
    vf=${file%/nvidia/*}
    having+=("${vf##*/}")
  done
  echo "${having[*]}"
}

# vf_of UUID: the virtual function that we know it as.
vf_of() {
  local path
  path=$(jq -r .path "$root/run/mdevtool/devices/$1" 2>/dev/null)
  case $path in
  /sys/bus/pci/devices/*) echo "${path##*/}" ;;
  *) echo none ;;
  esac
}

# vgpu VF ID [PARAMS]: that is what the virtual function is; 0 for nothing.
vgpu() {
  local dir=$root/sys/bus/pci/devices/$1/nvidia
  [ "$(cat "$dir/current_vgpu_type")" = "$2" ] ||
    complain "$1 has the type $(cat "$dir/current_vgpu_type"), not $2"
  [ "$(cat "$dir/vgpu_params")" = "${3-}" ] ||
    complain "$1 has the params $(cat "$dir/vgpu_params"), not ${3-}"
}

no_device() {
  local device
  for device in "$root"/sys/bus/mdev/devices/*; do
    [ ! -e "$device" ] || complain "there is a device ${device##*/}"
  done
  [ -z "$(configured_vfs)" ] || complain "$(configured_vfs) have a type"
}

is_gone() {
  if [ -e "$root/sys/bus/mdev/devices/$1" ]; then
    complain "the device $1 is still there"
  fi
  [ ! -e "$root/run/mdevtool/devices/$1" ] || complain "$1 is still recorded"
}

# recorded UUID: we know it as ours.
recorded() {
  [ -f "$root/run/mdevtool/devices/$1" ] || complain "$1 is not recorded"
}

# room TYPE is N: on every parent that has the type.
room() {
  local file found=
  for file in "$root"/sys/devices/*/*/{,*/}mdev_supported_types/"$1"/{max,available}_instances; do
    [ -e "$file" ] || continue
    found=yes
    [ "$(cat "$file")" = "$3" ] || complain "the room of $1 is $(cat "$file"), not $3"
  done
  [ -n "$found" ] || complain "there is no type $1"
}

# what KEY of UUID is VALUE, as the driver knows it: has UUID params frame_rate_limiter=0
has() {
  local line
  line=$(grep "^$2=" "$root/.mdevsim/devices/$1") || complain "$1 has no $2"
  [ "$line" = "$2=$3" ] || complain "$1 has $line, not $2=$3"
}

has_no() {
  ! grep -q "^$2=." "$root/.mdevsim/devices/$1" || complain "$1 has $2"
}

params_are_clear() {
  ! grep -H '^params\.[^=]*=.' "$root"/.mdevsim/parents/* >&2 || complain "params are still set"
}

no_journal_entry() {
  local left
  left=$(find "$root/run/mdevtool" -mindepth 1 \( -path '*/journal/*' -o -name '*.tmp' \) \
    2>/dev/null) || true
  [ -z "$left" ] || complain "there is $left"
}

# Every record belongs to a device.
no_stray_record() {
  local record
  for record in "$root"/run/mdevtool/devices/*; do
    [ -e "$record" ] || continue
    device_exists "${record##*/}"
  done
}

# mdevctl_has UUID TEXT: its file, below whatever parent, holds this and nothing else.
mdevctl_has() {
  local text
  text=$(cat "$root/etc/mdevctl.d"/*/"$1") || complain "$1 is not defined"
  [ "$(jq -c . <<<"$text")" = "$2" ] || complain "mdevctl's file of $1 is:" "$text"
}

# kept UUID KEY VALUE...: what `show` tells of the definition; "" for a key that is not there.
kept() {
  local uuid=$1
  shift
  mdevtool show "$uuid" --json
  succeeds
  while [ $# -gt 0 ]; do
    json ".definitions[0].$1 // \"\" | tostring" "$2"
    shift 2
  done
}

is_defined() {
  local file
  for file in "$root/etc/mdevctl.d"/*/"$1"; do
    [ -f "$file" ] || complain "$1 is not defined"
  done
}

# is_undefined UUID: and nothing is kept of it.
is_undefined() {
  local file
  for file in "$root/etc/mdevctl.d"/*/"$1" "$root/etc/mdevtool.d/$1"; do
    [ ! -e "$file" ] || complain "there is $file"
  done
}

# Where definitions lie, nothing else does.
definitions_are_tidy() {
  local file
  for file in "$root"/etc/mdevctl.d/*/{*,.*} "$root"/etc/{mdevctl,mdevtool}.d/.*; do
    [[ ! -f "$file" || "${file##*/}" =~ ^[0-9a-fA-F-]{36}$ ]] || complain "there is $file"
  done
}

# As if nothing had happened.
nothing_left() {
  no_device
  no_stray_record
  no_journal_entry
  params_are_clear
  [ "$(rooms)" = "$rooms_at_first" ] || complain "the rooms are:" "$(rooms)"
}

# Nothing is half done; devices may be there.
all_is_whole() {
  local device vf
  no_stray_record
  no_journal_entry
  params_are_clear
  for vf in $(configured_vfs); do
    grep -q "\"path\": \"/sys/bus/pci/devices/$vf\"" "$root"/run/mdevtool/devices/* ||
      complain "$vf is not recorded"
  done
  for device in "$root"/sys/bus/mdev/devices/*; do
    [ ! -e "$device" ] || recorded "${device##*/}"
  done
}

# The same XML, however it is spaced; product and vendor differ by what a machine knows of them.
canonical() {
  sed -E 's|(<product id=).*(/>\|</product>)|\1"…"/>|; s|(<vendor id=[^>]*)>.*</vendor>|\1/>|' |
    xmllint --noblanks - | xmllint --c14n -
}
