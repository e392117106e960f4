#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Trees that no honest kernel makes: whatever lies in the place of a file, the good is listed, the
# bad is named, nothing blocks, nothing leads out, and no byte reaches a terminal raw.
# shellcheck disable=SC2030,SC2031,SC2154 # set by what is loaded, in each test

load mdevtool.bash

teardown() {
  figure "hostile trees" 1
}

# is_clean: neither stdout nor stderr has a control character besides newlines.
is_clean() {
  [[ "$output$stderr" != *[$'\x01'-$'\x09'$'\x0b'-$'\x1f'$'\x7f']* ]] ||
    complain "there is a control character:" "$(printf '%q' "$output$stderr")"
}

# listed: with a warning that names each file, and types 11 and 13 listed whole.
listed() {
  local file
  mdevtool list-types
  fails 1
  mentions "GRID M60-0B" "GRID M60-1Q"
  is_clean
  for file; do
    warns "warning: " "$file"
  done
  mdevtool list-types --json
  fails 1
  is_clean
  json '[.types[] | select(.id == "11" or .id == "13") | .available] == [16, 8]'
  json '.warnings | length > 0'
}

# The files of type 12 may be changed.
open_type() {
  chmod -R u+w "$root$types/12"
}

### What NVIDIA's virtual functions may say

# list_of VF TEXT: creatable_vgpu_types is that, in the escapes of printf.
list_of() {
  local file=$root/sys/bus/pci/devices/$1/nvidia/creatable_vgpu_types
  chmod u+w "$file"
  printf '%b' "$2" >"$file"
}

# The other seven functions count, and the one that is odd is named.
seven_listed() {
  mdevtool list-types --json
  fails 1 "warning: " "${vfs[2]}/nvidia/$1"
  is_clean
  json '.types[] | select(.id == "1145").available' 7
  json '.warnings | length > 0'
}

@test "hostile: lists of types that are none" {
  local text
  for text in 'what is this\n' '1145 NVIDIA L40S-1B\n' '\x1b[31m : red\n' '../../x : dots\n' \
    '-1 : minus\n' '99999999999999999999 : large\n' '0 : nothing\n' '1145 : \n' \
    '1145 : one\n1145 : two\n' "$(printf '%05000d' 1) : long"; do
    rm -rf "${BATS_TEST_TMPDIR:?}/nvidia-vf"
    machine nvidia-vf
    list_of "${vfs[2]}" "ID    : vGPU Name\\n$text"
    seven_listed creatable_vgpu_types
    mdevtool create --type 1145 --count 7
    succeeds
    vgpu "${vfs[2]}" 0
  done
}

@test "hostile: a type's name that would write on the terminal" {
  machine nvidia-vf
  local vf
  for vf in "${vfs[@]}"; do
    list_of "$vf" 'ID    : vGPU Name\n1145  : NVIDIA \x1b[31m\x07red%s\n'
  done
  mdevtool list-types
  is_clean
  mdevtool list-types --json
  is_clean
}

@test "hostile: a function whose type is no number is neither idle nor ours" {
  machine nvidia-vf
  local text file=$root/sys/bus/pci/devices/${vfs[0]}/nvidia/current_vgpu_type
  for text in abc -1 '' $'\x1b[31m' 99999999999999999999; do
    printf '%s\n' "$text" >"$file"
    mdevtool list
    fails 1 "${vfs[0]}/nvidia/current_vgpu_type"
    is_clean
    mdevtool create --type 1145 --uuid "$A" --dry-run
    mentions "${vfs[1]}/nvidia/current_vgpu_type"
  done
}

@test "hostile: a directory in the place of a function's file is told, a FIFO does not block" {
  local file
  for file in creatable_vgpu_types current_vgpu_type; do
    rm -rf "${BATS_TEST_TMPDIR:?}/nvidia-vf"
    machine nvidia-vf
    rm "$root/sys/bus/pci/devices/${vfs[2]}/nvidia/$file"
    mkdir "$root/sys/bus/pci/devices/${vfs[2]}/nvidia/$file"
    seven_listed "$file"
    rmdir "$root/sys/bus/pci/devices/${vfs[2]}/nvidia/$file"
    mkfifo -m 0644 "$root/sys/bus/pci/devices/${vfs[2]}/nvidia/$file"
    mdevtool list-types --json
    is_clean
    json '.types[] | select(.id == "1145").available' 7
  done
}

@test "hostile: functions that lead elsewhere" {
  machine nvidia-vf
  local target pf
  pf=$(readlink -f "$root/sys/bus/pci/devices/$gpu")
  mkdir -p "$BATS_TEST_TMPDIR/outside/nvidia"
  printf '1145  : outside\n' >"$BATS_TEST_TMPDIR/outside/nvidia/creatable_vgpu_types"
  echo 0 >"$BATS_TEST_TMPDIR/outside/nvidia/current_vgpu_type"
  for target in "$BATS_TEST_TMPDIR/outside" ../../../../../../../../../../../../etc virtfn2 nowhere \
    ../0000:41:00.0 /; do
    ln -sfn "$target" "$pf/virtfn2"
    mdevtool list-types --json
    is_clean
    mentions_no outside
    json '.types[] | select(.id == "1145").available' 7
    mdevtool list
    mdevtool create --type 1145 --count 7 --dry-run
    succeeds
    mentions_no outside etc
  done
}

### What lies in the place of a file

@test "hostile: a FIFO in the place of a file does not block" {
  machine m60
  local file
  for file in name fb_length heads max_instances; do
    rm "$root$types/12/$file"
    mkfifo -m 0644 "$root$types/12/$file"
    listed "12/$file"
  done
}

@test "hostile: a directory in the place of a file" {
  machine m60
  local file
  for file in name heads max_instances; do
    rm "$root$types/12/$file"
    mkdir "$root$types/12/$file"
    listed "12/$file"
  done
}

@test "hostile: a file in the place of a type, and of all types" {
  machine m60
  rm -r "$root$types/12"
  echo x >"$root$types/12"
  mdevtool list-types --noheadings --raw -o type
  says "11
13"
  machine m60x2
  rm -r "$root$types"
  echo x >"$root$types"
  mdevtool list-types --noheadings --raw -o parent,type
  mentions "0000:87:00.0 11"
}

@test "hostile: links that go round in circles" {
  machine m60
  rm "$root$types/12/name"
  ln -s name "$root$types/12/name"
  listed "12/name"
  ln -s loop "$root$types/loop"
  listed "12/name"
  ln -s ../../mdev_supported_types "$root$types/11/again"
  ln -s evil "$root/sys/bus/pci/devices/evil"
  mkdir -p "$root/sys/class/mdev_bus"
  ln -s ../mdev_bus/round "$root/sys/class/mdev_bus/round"
  listed "12/name"
  mdevtool list-parents --noheadings --raw -o parent
  says "$card"
}

@test "hostile: a link in the place of a file leads nowhere, neither out nor within" {
  machine m60
  echo secret >"$BATS_TEST_TMPDIR/secret"
  local target
  for target in "$BATS_TEST_TMPDIR/secret" /etc/passwd \
    ../../../../../../../../../../../../../../../../../../../../etc/passwd ../11/name; do
    ln -sfn "$target" "$root$types/12/name"
    listed "12/name"
    mentions_no secret root:
    warns_not_of secret root:
  done
}

@test "hostile: absolute links of directories are the machine's own" {
  machine m60
  mkdir -p "$BATS_TEST_TMPDIR/outside/mdev_supported_types/99"
  echo secret >"$BATS_TEST_TMPDIR/outside/mdev_supported_types/99/name"
  mkdir -p "$root/sys/class/mdev_bus"
  ln -s "$BATS_TEST_TMPDIR/outside" "$root/sys/class/mdev_bus/0000:99:00.0"
  mdevtool list-types
  mentions "GRID M60-0B"
  mentions_no secret
  ln -sfn "/sys/devices/pci0000:80/0000:80:02.0/$card" "$root/sys/bus/pci/devices/$card"
  mdevtool list-types --noheadings --raw -o parent,type
  mentions "$card 11"
}

@test "hostile: a create file that is a link is not followed" {
  machine m60
  echo untouched >"$BATS_TEST_TMPDIR/target"
  rm "$root$types/11/create"
  ln -s "$BATS_TEST_TMPDIR/target" "$root$types/11/create"
  mdevtool create --type 11 --uuid "$A"
  [ "$status" -ne 0 ] || complain "it succeeded"
  rm "$root$types/11/create"
  ln -s name "$root$types/11/create"
  mdevtool create --type 11 --uuid "$A"
  [ "$status" -ne 0 ] || complain "it succeeded"
  [ "$(cat "$BATS_TEST_TMPDIR/target")" = untouched ] || complain "it was written to"
  no_stray_record
  no_journal_entry
}

@test "hostile: a create file that is a FIFO, a directory or missing fails at once" {
  machine m60
  rm "$root$types/11/create"
  mdevtool create --type 11
  [ "$status" -ne 0 ] || complain "it succeeded"
  warns "11/create"
  mkfifo "$root$types/11/create"
  mdevtool create --type 11
  [ "$status" -ne 0 ] || complain "it succeeded"
  warns "11/create"
  rm "$root$types/11/create"
  mkdir "$root$types/11/create"
  mdevtool create --type 11
  [ "$status" -ne 0 ] || complain "it succeeded"
  no_stray_record
  no_journal_entry
}

### What a file holds

@test "hostile: escapes, newlines and formats in what a driver says" {
  machine m60
  open_type
  printf '\e[31mred\e[0m %%n%%s\nsecond\tline\x7f\n' >"$root$types/12/name"
  mdevtool list-types
  succeeds
  is_clean
  mentions '\x1b[31mred' '%n%s'
  [ "${#lines[@]}" -eq 4 ] || complain "the newline was printed"
  mdevtool list-types --json
  is_clean
  json '.types | length' 3
  mdevtool show 12
  is_clean
  mdevtool show "$card" --xml
  is_clean
  needs xmllint
  xmllint --noout - <<<"$output" || complain "no XML"
}

@test "hostile: bytes that are no UTF-8" {
  machine m60
  open_type
  printf 'a\xff\xfe\xc0\x80b\n' >"$root$types/12/name"
  mdevtool list-types
  succeeds
  mentions '\xff'
  mdevtool list-types --json
  succeeds
  json '.types | length' 3
  mdevtool show "$card" --xml
  succeeds
  needs xmllint
  xmllint --noout - <<<"$output" || complain "no XML"
}

@test "hostile: control characters of Unicode do not reach the terminal" {
  machine m60
  open_type
  printf 'a\xc2\x9b31mb\xe2\x80\xaec\n' >"$root$types/12/name"
  mdevtool list-types
  [[ "$output" != *$'\xc2\x9b'* ]] || complain "U+009B was printed"
}

@test "hostile: a file of zeros, and one without an end of line" {
  machine m60
  open_type
  head -c 100 /dev/zero >"$root$types/12/name"
  printf 4 >"$root$types/12/heads"
  mdevtool list-types
  is_clean
  mentions "GRID M60-0B"
  printf '' >"$root$types/12/max_instances"
  mdevtool list-types
  fails 1 "12/max_instances"
}

@test "hostile: a file longer than a page is a warning" {
  machine m60
  open_type
  head -c 4097 /dev/zero | tr '\0' x >"$root$types/12/name"
  listed "12/name"
  head -c 1M /dev/zero | tr '\0' x >"$root$types/12/fb_length"
  listed "12/fb_length" "12/name"
}

@test "hostile: a name of 4 KB is shown whole or named, and the table stands" {
  machine m60
  open_type
  head -c 4000 /dev/zero | tr '\0' x >"$root$types/12/name"
  mdevtool list-types
  succeeds
  [ "${#lines[@]}" -eq 4 ] || complain "not four lines"
  mdevtool list-types --json
  json '.types[1].name | length' 4000
}

@test "hostile: numbers that are none" {
  local text
  for text in -1 x 99999999999999999999999 1e9 0x10 ' 4' $'4\n5' ''; do
    rm -rf "$BATS_TEST_TMPDIR/m60"
    machine m60
    open_type
    printf '%s\n' "$text" >"$root$types/12/max_instances"
    mdevtool list-types
    fails 1 "12/max_instances"
    mdevtool create --type 12
    [ "$status" -ne 0 ] || complain "'$text' gave room"
    no_device
  done
}

@test "hostile: sizes and resolutions that are none are shown as they are, not taken apart" {
  machine m60
  open_type
  echo 'much' >"$root$types/12/fb_length"
  echo 'axb' >"$root$types/12/resolution"
  mdevtool list-types --type 12 --json
  succeeds
  json '.types[0].fb_length' much
  json '.types[0].resolution' axb
  json '.types[0] | has("fb_length_bytes") or has("resolution_width")' false
  echo '99999999999999999999G' >"$root$types/12/fb_length"
  mdevtool list-types --type 12 --json
  json '.types[0] | has("fb_length_bytes")' false
}

### Names

@test "hostile: a type whose name has newlines, escapes and formats" {
  machine m60
  another_type $'e\nvil\e[31m%n'
  mdevtool list-types
  is_clean
  mentions 'vil\x1b[31m%n' "GRID M60-0B"
  [ "${#lines[@]}" -eq 5 ] || complain "not four types"
  mdevtool list-types --json
  is_clean
  json '.types | length' 4
  mdevtool show "$card" --xml
  is_clean
  needs xmllint
  xmllint --noout - <<<"$output" || complain "no XML"
}

@test "hostile: a type's name of 255 bytes" {
  machine m60
  local long
  long=$(printf 'x%.0s' {1..255})
  another_type "$long"
  mdevtool list-types
  succeeds
  mentions "$long"
}

@test "hostile: a parent whose name has newlines and escapes" {
  machine m60
  mkdir -p "$root/sys/class/mdev_bus"
  ln -s "../../devices/pci0000:80/0000:80:02.0/$card" "$root/sys/class/mdev_bus/"$'e\nvil\e[31m'
  mkdir -p "$root/sys/class/mdev_bus/"$'n\new/mdev_supported_types/'
  mdevtool list-parents
  is_clean
  mdevtool list-types
  is_clean
  mentions "GRID M60-0B"
  mdevtool list-parents --json
  is_clean
  json '.parents | length' 2
}

@test "hostile: what is no device among the devices is a warning" {
  machine m60
  device "$A" 11
  mkdir "$root/sys/bus/mdev/devices/"$'e\nvil\e[31m'
  ln -s nowhere "$root/sys/bus/mdev/devices/$B"
  ln -s / "$root/sys/bus/mdev/devices/$C"
  touch "$root/sys/bus/mdev/devices/$D"
  mdevtool list
  fails 1 "warning: " 'e\x0avil'
  is_clean
  mentions "$A"
  mdevtool list --json
  json '[.devices[] | select(.uuid == "'"$A"'")] | length' 1
  mdevtool destroy "$A"
  succeeds
}

@test "hostile: a process and a VM whose names have escapes" {
  machine m60
  device "$A" 11
  holds "$A" 99 $'ev\e[31mil\n%n' $'qemu\\x00-name\\x00guest=w\e[31meb\n%s\\x00'
  mdevtool list
  is_clean
  mentions '\x1b'
  [ "${#lines[@]}" -eq 2 ] || complain "not two lines"
  mdevtool destroy "$A"
  fails 6 'PID 99'
  is_clean
  mdevtool list --json
  is_clean
  json '.devices[0].holders[0].pid' 99
}

@test "hostile: processes that make no sense" {
  machine m60
  device "$A" 11
  mkdir -p "$root/proc/77" "$root/proc/78/fd" "$root/proc/99999999999999999999/fd"
  ln -s "/dev/vfio/0" "$root/proc/99999999999999999999/fd/3"
  ln -s "$(printf 'x%.0s' {1..3000})" "$root/proc/78/fd/0"
  mkfifo "$root/proc/78/fd/1" "$root/proc/78/cmdline"
  ln -s loop "$root/proc/78/comm"
  ln -s "/dev/vfio/0" "$root/proc/78/fd/2"
  mdevtool list
  is_clean
  mentions "$A"
  mdevtool destroy "$A"
  fails 6 "PID 78"
}

@test "hostile: words from outside in messages are printable" {
  machine m60
  local word=$'e\nvil\e[31m%n%s'
  local command
  for command in "list-types --type" "list-parents" "list" "show" "destroy" "start-vm-args" \
    "create --type" "create --type 11 --parent" "create --type 11 --uuid" "create --type 11 --name" \
    "create --type 11 --group" "create --type 11 --params" "create --type 11 --attr" \
    "create --type 11 --count" "create --type 11 --placement" "list -o" "destroy --wait" \
    "define" "define --type 11 --uuid" "define --type 11 --name" "define --type 11 --attr" "modify" \
    "modify --auto --parent" "undefine" "start" "start --auto --wait" "export" "export --format" \
    "list --defined" "list --defined -o" "show --xml" ""; do
    # shellcheck disable=SC2086 # words
    mdevtool $command "$word"
    [ "$status" -ne 0 ] || complain "it succeeded: $command"
    is_clean
  done
}

### Definitions

@test "hostile: what lies where definitions lie" {
  machine m60
  definition "$A" 11 --auto
  local dir=$root/etc/mdevctl.d/$card
  mkfifo "$dir/$B"
  ln -s "$C" "$dir/$C"
  ln -s /etc/passwd "$dir/$D"
  ln -s nowhere "$dir/00000000-0000-4000-8000-000000000007"
  printf '{"mdev_type": "\\u001b[31m", "start": "auto"}' >"$dir/00000000-0000-4000-8000-000000000001"
  printf '{"mdev_type": "11", "start": "auto", "attrs": [{"../../x": "1"}]}' \
    >"$dir/00000000-0000-4000-8000-000000000002"
  printf '{"mdev_type": "11", "start": "auto", "attrs": [{"remove": "1"}]}' \
    >"$dir/00000000-0000-4000-8000-000000000003"
  printf '[%.0s' {1..10000} >"$dir/00000000-0000-4000-8000-000000000004"
  truncate -s 100M "$dir/00000000-0000-4000-8000-000000000005"
  touch "$dir/"$'e\nvil\e[31m'
  mkdir "$root/etc/mdevctl.d/"$'e\nvil\e[31m'
  foreign_definition $'e\nvil\e[31m' 00000000-0000-4000-8000-000000000006 \
    '{"mdev_type": "11", "start": "auto"}'
  local before=$SECONDS command
  for command in "list --defined" "start --auto" export; do
    # shellcheck disable=SC2086 # words
    mdevtool $command
    [ "$status" -ne 0 ] || complain "it did not mind"
    is_clean
    mentions "$A"
    mentions_no root:
    warns_not_of root:
    warns "$B" "$C" 'e\x0avil' 000000000002:1: 000000000003:1: 000000000004:1:65 "16 MiB" \
      "$C: a symbolic link, which is not followed" "$D: a symbolic" "000000000007: a symbolic"
  done
  [ $((SECONDS - before)) -lt 20 ] || complain "that took too long"
  [ "$(find "$root/sys/bus/mdev/devices" -mindepth 1 | wc -l)" -eq 1 ] || complain "others were started"
}

# is_refused PATH: what is a link among the definitions is named and left alone, wherever it leads.
is_refused() {
  mdevtool list --defined
  fails 1 "warning: $1: a symbolic link, which is not followed"
  mentions_no "$A"
  for command in undefine start modify; do
    # shellcheck disable=SC2046 # words
    mdevtool $command "$A" $([ $command != modify ] || echo --auto)
    [ "$status" -ne 0 ] || complain "$command succeeded"
  done
  mdevtool start --auto
  fails 1 "$1: a symbolic link"
  mdevtool define --type 11 --parent "$card" --uuid "$A"
  [ "$status" -ne 0 ] || complain "it was defined"
  wrote_nothing
  [ "$(cat "$definition")" = "$text" ] || complain "it has changed"
}

@test "hostile: a link among the definitions leads nowhere, be it to a definition" {
  machine m60
  local definition=$root/etc/kept/$A text='{"mdev_type": "11", "start": "auto"}'
  mkdir -p "$root/etc/kept" "$root/etc/mdevctl.d/$card"
  printf '%s' "$text" >"$definition"
  ln -s "/etc/kept/$A" "$root/etc/mdevctl.d/$card/$A"
  is_refused "/etc/mdevctl.d/$card/$A"
  mdevtool undefine "$A"
  fails 8 "the definition '/etc/mdevctl.d/$card/$A': a symbolic link, which is not followed"
  hints "correct the file, or remove it"
  ln -sfn "$B" "$root/etc/mdevctl.d/$card/$A"
  is_refused "/etc/mdevctl.d/$card/$A"
  rm -r "$root/etc/mdevctl.d/$card"
  ln -s ../kept "$root/etc/mdevctl.d/$card"
  is_refused "/etc/mdevctl.d/$card"
  mdevtool define --type 11 --parent "$card" --uuid "$B"
  fails 8 "/etc/mdevctl.d/$card: a symbolic link, which is not followed"
  [ ! -e "$root/etc/kept/$B" ] || complain "it led out"
}

# is_not_believed PLACE: what lies there, or below, is named and not used, nor changed.
is_not_believed() {
  local before
  before=$(state)
  mdevtool list --defined
  fails 1 "/etc/$1" "others may change it"
  mentions_no "$A"
  mdevtool start --auto
  fails 1 "/etc/$1" "others may change it"
  no_device
  mdevtool start "$A"
  [ "$status" -ne 0 ] || complain "it was started"
  mdevtool modify "$A" --manual
  [ "$status" -ne 0 ] || complain "it was modified"
  mdevtool define --type 11 --parent "$card" --uuid "$A" --name desk
  [ "$status" -ne 0 ] || complain "it was defined"
  [ "$(state)" = "$before" ] || complain "what is kept has changed"
}

@test "hostile: where others may change definitions none is made, and those there are named" {
  machine m60
  definition "$A" 11 --name seat
  chmod 0775 "$root/etc/mdevctl.d/$card"
  mdevtool define --type 11 --parent "$card"
  fails 7 "/etc/mdevctl.d/$card: others may change it"
  warns_not_of "could not be removed"
  mdevtool start seat
  fails 3 "no definition 'seat'"
  hints "/etc/mdevctl.d/$card: others may change it"
  mdevtool show "$A"
  fails 3
  hints "/etc/mdevctl.d/$card: others may change it"
  definitions_are_tidy
}

@test "hostile: a definition that others may change is not believed" {
  local place
  for place in "mdevctl.d/$card/$A" "mdevctl.d/$card" mdevctl.d "mdevtool.d/$A" mdevtool.d; do
    rm -rf "${BATS_TEST_TMPDIR:?}/m60"
    machine m60
    definition "$A" 11 --auto --name desk
    chmod g+w "$root/etc/$place"
    is_not_believed "$place"
    chmod g-w,o+w "$root/etc/$place"
    is_not_believed "$place"
    chmod o-w "$root/etc/$place"
    if [ "$(id -u)" -eq 0 ]; then
      chown 65534 "$root/etc/$place"
      is_not_believed "$place"
      chown 0 "$root/etc/$place"
    fi
    mdevtool list --defined
    succeeds
    mentions "$A" desk
  done
  chmod g+w "$root/etc/mdevctl.d/$card/$A"
  mdevtool undefine "$A"
  fails 7 "the definition '/etc/mdevctl.d/$card/$A': others may change it"
  hints "chown root" "chmod go-w"
}

@test "hostile: what others say was left of definitions is not believed" {
  machine m60
  definition "$A" 11
  definition "$B" 11
  local journal=$root/etc/mdevctl.d/.mdevtool.unfinished
  left() {
    jq -n --arg a "$A" --arg b "$B" --arg parent "$card" '{operation: "define",
      definitions: [$a, $b | {parent: $parent, uuid: ., file: .}]}' >"$journal"
    chmod "$1" "$journal"
  }
  left 0666
  mdevtool recover
  succeeds
  mdevtool list --defined
  mentions "$A" "$B"
  [ ! -e "$journal" ] || complain "it is still there"
  left 0600
  mdevtool recover
  succeeds
  mdevtool list --defined
  mentions_no "$A" "$B"
}

### Files that may not be read

@test "hostile: a file that the user may not read" {
  [ "$(id -u)" -ne 0 ] || skip "root may read everything"
  machine m60
  chmod 0 "$root$types/12/name"
  listed "12/name"
  chmod 0 "$root$types/12"
  listed "mdev_supported_types/12"
  chmod 0755 "$root$types/12"
}

@test "hostile: the same as nobody, where root runs the tests" {
  [ "$(id -u)" -eq 0 ] || skip "the test before shows it"
  needs setpriv
  machine m60
  chmod 0 "$root$types/12/name"
  local up=$BATS_TEST_TMPDIR
  cp "$MDEVTOOL" "$BATS_TEST_TMPDIR/mdevtool"
  chmod a+rx "$BATS_TEST_TMPDIR/mdevtool"
  while [ "$up" != / ]; do
    chmod a+x "$up"
    up=$(dirname "$up")
  done
  run --separate-stderr setpriv --reuid 65534 --regid 65534 --clear-groups \
    "$BATS_TEST_TMPDIR/mdevtool" --root "$root" list-types
  fails 1 "12/name" "Permission denied"
  mentions "GRID M60-0B" "GRID M60-1Q"
  chmod 0 "$root$types/12"
  run --separate-stderr setpriv --reuid 65534 --regid 65534 --clear-groups \
    "$BATS_TEST_TMPDIR/mdevtool" --root "$root" list-types
  fails 1 "mdev_supported_types/12" "Permission denied"
  mentions "GRID M60-0B" "GRID M60-1Q"
}

@test "hostile: state that is not as we left it" {
  machine m60
  device "$A" 11 --name desk
  device "$B" 11 --name table
  local record=$root/run/mdevtool/devices/$A content
  for content in '' '[]' '{}' 'null' "{\"uuid\":\"$B\"}" '{"uuid":1,"parent":2}' "$(printf '[%.0s' {1..5000})"; do
    printf '%s' "$content" >"$record"
    mdevtool list --json
    json '.devices | length' 2
    json ".devices[] | select(.uuid == \"$B\").name" table
    is_clean
  done
  rm "$record"
  mkfifo "$record"
  mdevtool list --json
  json '.devices | length' 2
  rm "$record"
  ln -s /etc/passwd "$record"
  mdevtool list --json
  json '.devices | length' 2
  mdevtool destroy "$A" "$B"
  succeeds
}

@test "hostile: a record whose words have escapes" {
  machine m60
  device "$A" 11 --name desk
  sed -i 's/desk/d\\u001b[31m\\u000ask/' "$root/run/mdevtool/devices/$A"
  mdevtool list
  is_clean
  mdevtool list --json
  is_clean
  json '.devices | length' 1
}

### What lies where mdevtool remembers

# state_is_refused PATH WHY: no command that writes uses it; those that read say so and go on.
state_is_refused() {
  mdevtool create --type 11
  fails 7 "cannot use '$1': $2"
  hints "ls -ld $1"
  wrote_nothing_else
  mdevtool destroy "$A"
  fails 7 "cannot use '$1': $2"
  wrote_nothing_else
  device_exists "$A"
  mdevtool recover
  fails 7 "cannot use '$1': $2"
  mdevtool list --json
  json '.devices | length' 1
  is_clean
  mdevtool list-types
  succeeds
}

@test "hostile: a link in the place of what is remembered leads nowhere" {
  local place
  for place in "" /devices /journal /lock; do
    rm -rf "${BATS_TEST_TMPDIR:?}/m60"
    machine m60
    device "$A" 11
    mv "$root/run/mdevtool$place" "$root/run/elsewhere"
    ln -s /run/elsewhere "$root/run/mdevtool$place"
    local before
    before=$(cd "$root/run/elsewhere" && find . | sort)
    state_is_refused "/run/mdevtool$place" "a symbolic link, which is not followed"
    [ "$(cd "$root/run/elsewhere" && find . | sort)" = "$before" ] || complain "it was written to"
  done
}

@test "hostile: what is remembered where others may write is not believed" {
  local place
  for place in "" /devices /journal /lock; do
    rm -rf "${BATS_TEST_TMPDIR:?}/m60"
    machine m60
    device "$A" 11 --name desk
    chmod go+w "$root/run/mdevtool$place"
    state_is_refused "/run/mdevtool$place" "others may change it"
    chmod go-w "$root/run/mdevtool$place"
    [ "$(id -u)" -eq 0 ] || continue
    chown 65534 "$root/run/mdevtool$place"
    state_is_refused "/run/mdevtool$place" "others may change it"
  done
  mdevtool list --json
  [ "$place" != /lock ] || json '.devices[0].name' desk
}

@test "hostile: a file in the place of a directory, and nothing at all" {
  local place
  for place in "" /devices /journal /lock; do
    rm -rf "${BATS_TEST_TMPDIR:?}/m60"
    machine m60
    device "$A" 11
    rm -r "$root/run/mdevtool$place"
    echo x >"$root/run/mdevtool$place"
    state_is_refused "/run/mdevtool$place" "not a directory"
    rm "$root/run/mdevtool$place"
    mdevtool destroy "$A"
    succeeds
  done
}

@test "hostile: a record or journal entry that others may change, a link, a FIFO or a directory" {
  machine m60
  device "$A" 11 --name desk
  local entry=$root/run/mdevtool/journal/$B record=$root/run/mdevtool/devices/$A
  jq -n --slurpfile record "$record" '{operation: "destroy", pending: false, devices: $record}' >"$entry"
  chmod 0666 "$entry"
  mdevtool create --type 11 --uuid "$C"
  succeeds
  device_exists "$A"
  mdevtool recover
  fails 1 "'/run/mdevtool/journal/$B' is no journal entry"
  device_exists "$A"
  rm "$entry"
  mdevtool destroy "$C"
  chmod 0666 "$record"
  mdevtool list
  fails 1 "cannot use '/run/mdevtool/devices/$A': others may change it"
  mentions "$A"
  mentions_no desk
  cp "$record" "$root/run/copy"
  chmod 0644 "$root/run/copy"
  ln -sf ../../copy "$record"
  mdevtool list --json
  fails 1
  json '.devices[0].state' foreign
  json '.warnings[0].message | contains("a symbolic link, which is not followed")'
  rm "$record"
  mkfifo "$record"
  mdevtool list
  fails 1 "devices/$A': not a file"
  rm "$record"
  mkdir "$record"
  mdevtool list
  fails 1 "devices/$A': not a file"
  mdevtool destroy "$A"
  [ "$status" -ne 0 ] || complain "it is not told that the record stays"
  is_clean
}

@test "hostile: a lock that is no file of ours" {
  machine m60
  device "$A" 11
  local lock
  for lock in .names "$card"; do
    rm -f "$root/run/mdevtool/lock/$lock"
    mkfifo -m 0600 "$root/run/mdevtool/lock/$lock"
    mdevtool create --type 11 --name desk
    fails 7 "cannot use the lock of" "not as mdevtool makes it"
    hints "remove the file"
    rm "$root/run/mdevtool/lock/$lock"
    ln -s ../../elsewhere "$root/run/mdevtool/lock/$lock"
    mdevtool create --type 11 --name desk
    [ "$status" -ne 0 ] || complain "the link was followed"
    mdevtool create --type 11 --attach "$BATS_TEST_TMPDIR/nobody"
    [ ! -e "$root/run/elsewhere" ] || complain "it was made through the link"
    install -m 0600 /dev/null "$root/run/elsewhere"
    mdevtool create --type 11 --name desk
    [ "$status" -ne 0 ] || complain "the link was followed"
    rm "$root/run/mdevtool/lock/$lock" "$root/run/elsewhere"
    touch "$root/run/mdevtool/lock/$lock"
    chmod 0666 "$root/run/mdevtool/lock/$lock"
    mdevtool create --type 11 --name desk
    fails 7 "not as mdevtool makes it"
    rm "$root/run/mdevtool/lock/$lock"
  done
  mdevtool destroy "$A"
  nothing_left
}

# modes_are MODE PATH...: of ours, and nobody else's.
modes_are() {
  local path
  for path in "${@:2}"; do
    assert_equal "$(stat -c '%a %u' "$path") $path" "$1 $(id -u) $path"
  done
}

@test "hostile: whatever the umask, what is kept and remembered is ours alone to write, and locks to open" {
  local mask run=run/mdevtool
  for mask in 000 002 077; do
    rm -rf "${BATS_TEST_TMPDIR:?}/m60"
    machine m60
    # shellcheck disable=SC2016 # the inner shell's
    play sh -c 'umask "$1"; mdevtool="$2 --root $3"; shift 3
      $mdevtool create --type 11 --uuid "$1" --name desk && $mdevtool define --type 11 --uuid "$2" --name table' \
      - "$mask" "$MDEVTOOL" "$root" "$A" "$B"
    succeeds
    cd "$root"
    modes_are 755 $run $run/devices $run/journal etc/mdevctl.d "etc/mdevctl.d/$card" etc/mdevtool.d
    modes_are 644 "$run/devices/$A" "etc/mdevctl.d/$card/$B" "etc/mdevtool.d/$B"
    modes_are 700 $run/lock
    modes_are 600 "$run/lock/.names" "$run/lock/$card"
    cd "$BATS_TEST_TMPDIR"
  done
}

@test "hostile: a link in the place of what is ours of a definition is not followed" {
  machine m60
  definition "$A" 11 --name desk --auto
  local own=$root/etc/mdevtool.d/$A
  mv "$own" "$root/etc/kept"
  ln -s ../kept "$own"
  mdevtool list --defined
  fails 1 "/etc/mdevtool.d/$A"
  mentions_no desk
  mdevtool start --auto
  [ "$status" -ne 0 ] || complain "it was started"
  wrote_nothing
}

@test "hostile: a link in the place of what a killed run was at is not followed" {
  machine m60
  local dir=$root/etc/mdevctl.d left
  # one of two is there
  fault --crash file:36
  mdevtool define --type 11 --count 2 --name x
  [ "$status" -eq 137 ] || complain "it was not killed"
  left=$(ls "$dir/$card")
  [ -n "$left" ] || complain "it has not begun"
  mv "$dir/.mdevtool.unfinished" "$root/etc/kept"
  ln -s ../kept "$dir/.mdevtool.unfinished"
  mdevtool recover
  [ "$(ls "$dir/$card")" = "$left" ] || complain "it was believed"
  # in its own place it is
  mv "$root/etc/kept" "$dir/.mdevtool.unfinished"
  mdevtool recover
  [ -z "$(ls "$dir/$card" 2>/dev/null)" ] || complain "it was not believed"
}

@test "hostile: names in what is remembered, with newlines, escapes and formats" {
  machine m60
  device "$A" 11
  touch "$root/run/mdevtool/journal/"$'e\nvil\e[31m%n%s' "$root/run/mdevtool/devices/"$'e\nvil\e[31m%n%s'
  mkdir "$root/run/mdevtool/journal/$(printf 'x%.0s' {1..255})"
  mdevtool list
  succeeds
  is_clean
  mdevtool recover
  fails 1 'e\x0avil\x1b[31m%n%s'
  is_clean
  mdevtool destroy "$A"
  succeeds
}
