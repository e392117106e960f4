#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# mdevtool list-types
# shellcheck disable=SC2154 # set by what is loaded

load mdevtool.bash

@test "list-types: the mail's type with its room, framebuffer, resolution, heads and driver" {
  machine m60
  mdevtool list-types --noheadings
  succeeds
  is_silent
  [[ "${lines[0]}" =~ ^$card\ +11\ +GRID\ M60-0B\ +16\ +512M\ +2560x1600\ +2\ +vfio-pci$ ]] ||
    complain "the first line is not type 11"
  [ "${#lines[@]}" -eq 3 ] || complain "not three types"
  wrote_nothing
}

@test "list-types: the headings" {
  machine m60
  mdevtool list-types
  [[ "${lines[0]}" =~ ^PARENT\ +TYPE\ +NAME\ +FREE\ +FB\ +RESOLUTION\ +HEADS\ +API$ ]] ||
    complain "other headings"
}

@test "list-types: without libsmartcols the columns are not aligned, and all is there" {
  machine m60
  without smartcols
  mdevtool list-types -o type,name,free
  succeeds
  [ "$output" = $'TYPE  NAME  FREE\n11  GRID M60-0B  16\n12  GRID M60-2Q  4\n13  GRID M60-1Q  8' ] ||
    complain "another table"
}

@test "list-types: as JSON, sysfs's words with the numbers taken apart" {
  machine m60
  mdevtool list-types --json
  succeeds
  json '.types | length' 3
  json '.types[0].id' 11
  json '.types[0].id | type' string
  json '.types[0].parent' "$card"
  json '.types[0].name' "GRID M60-0B"
  json '.types[0].available' 16
  json '.types[0].max_instances' 16
  json '.types[0].max_instances | type' number
  json '.types[0].fb_length' 512M
  json '.types[0].fb_length_bytes' 536870912
  json '.types[0].resolution' 2560x1600
  json '.types[0].resolution_width' 2560
  json '.types[0].resolution_height' 1600
  json '.types[0].heads' 2
  json '.types[0].device_api' vfio-pci
  json '.types[0].requires_group' true
  json '.types[1].requires_group' false
  json '.types[1].fb_length_bytes' 2147483648
  json 'has("warnings")' false
}

@test "list-types: as JSON, whatever a driver writes comes out as it is" {
  machine samples
  local type=$root/sys/class/mdev_bus/mdpy/mdev_supported_types/mdpy-hd
  chmod +w "$type"/*
  printf 'a "b" \\c\td\001é\n' >"$type/name"
  printf 'one: 1\ntwo: "2"\none: 3\n' >"$type/description"
  mdevtool list-types mdpy --type mdpy-hd --json
  succeeds
  json '.types[0].name == "a \"b\" \\c\td\u0001é"'
  json '.types[0].description == "one: 1\ntwo: \"2\"\none: 3"'
  json '.types[0].facts == {"one": "3", "two": "\"2\""}'
  mentions '"facts": {"two": "\"2\"", "one": "3"}'
}

@test "list-types: as JSON, a key that is asked for twice stands there once" {
  machine m60
  mdevtool list-types --type 11 --json -o id,TYPE,name,id
  [ "${lines[1]}" = '{"id": "11", "name": "GRID M60-0B"}' ] || complain "not each key once"
}

@test "list-types: the kernel's room under the kernel's word" {
  machine samples
  mdevtool list-types mtty --json
  succeeds
  json '.types[] | select(.id == "mtty-2").available' 12
  json '.types[] | select(.id == "mtty-2").available_instances' 12
  json '.types[0] | has("max_instances")' false
}

@test "list-types: types without room are listed, and left out with --available" {
  machine m60
  device "$A" 12
  mdevtool list-types --noheadings --raw -o type,free
  succeeds
  says "11 0
12 3
13 0"
  mdevtool list-types --available --noheadings --raw -o type
  succeeds
  says 12
}

@test "list-types: N is the id N, or exactly nvidia-N" {
  machine nvidia-mdev
  mdevtool list-types --type 63 --noheadings --raw -o type
  succeeds
  says nvidia-63
  mdevtool list-types --type nvidia-63 --noheadings --raw -o type
  says nvidia-63
}

@test "list-types: by whole name, but never by a part of one" {
  machine m60
  mdevtool list-types --type "GRID M60-2Q" --noheadings --raw -o type
  succeeds
  says 12
  mdevtool list-types --type "M60-2Q"
  fails 3 "'M60-2Q'"
  mdevtool list-types --type 1
  fails 3 "'1'"
  mdevtool list-types --type "GRID M60"
  fails 3
}

@test "list-types: a mistyped type gets the nearest offered" {
  machine m60
  mdevtool list-types --type "GRID M60-2X"
  fails 3
  hints "GRID M60-"
}

@test "list-types: only those of the parents named" {
  machine mixed
  mdevtool list-types --noheadings --raw -o parent,type 0.0.0001 "$node"
  succeeds
  [ "${#lines[@]}" -eq 4 ] || complain "not one and three types"
  mentions "0.0.0001 vfio_ccw-io" "$card 11"
  mentions_no i915
}

@test "list-types: an unknown parent is not found, nothing is listed" {
  machine mixed
  mdevtool list-types "$card" 0000:99:00.0
  fails 3 "'0000:99:00.0'"
  says_nothing
}

@test "list-types: types are in the order of their numbers" {
  machine m60
  another_type 2
  mdevtool list-types --noheadings --raw -o type
  says "2
11
12
13"
}

@test "list-types: of many parents, all and in order, with their warnings" {
  many_parents 41 2
  rm -f "$root"/sys/class/mdev_bus/0000:{28,00,13,14}:00.0/mdev_supported_types/nvidia-101/device_api
  mdevtool list-types --raw --noheadings -o parent,type
  is_silent
  for ((i = 0; i < 82; i++)); do
    [ "${lines[i]}" = "$(printf '0000:%02x:00.0 nvidia-%d' $((i / 2)) $((100 + i % 2)))" ] ||
      complain "another type, or in another order"
  done
  [ "${#lines[@]}" -eq 82 ] || complain "not 82 types"
  mdevtool list-types --json
  fails 1
  json '.types | length' 82
  json '[.types[] | select(.available == 4096)] | length' 82
  json '[.warnings[].file[20:32]] == ["0000:00:00.0", "0000:13:00.0", "0000:14:00.0", "0000:28:00.0"]'
}

@test "list-types: a machine without any is no failure" {
  machine empty
  mdevtool list-types
  succeeds
  says_nothing
  warns "no driver has registered"
  mdevtool list-types --json
  json '.types == []'
}

@test "list-types: a mandatory file that is missing is a warning; the type is listed all the same" {
  machine m60
  local file
  for file in name fb_length resolution heads max_instances; do
    rm -rf "$root"
    machine m60
    rm "$root$types/12/$file"
    mdevtool list-types --noheadings --raw -o type
    fails 0
    mdevtool list-types
    fails 1 "warning: " "12/$file"
    mentions "GRID M60-0B" "GRID M60-1Q"
    [ "${#lines[@]}" -eq 4 ] || complain "type 12 is not listed without its $file"
    mdevtool list-types --json
    fails 1
    json '.types | length' 3
    json '.warnings | length' 1
    json ".warnings[0].file | endswith(\"12/$file\")"
  done
}

@test "list-types: a type without its create file is a warning" {
  machine m60
  rm "$root$types/12/create"
  mdevtool list-types --json
  fails 1 "12/create"
  json '.types | length' 3
}

@test "list-types: a missing optional file is no news" {
  machine m60
  rm "$root$types/11/requires_group" "$root$types/11/params"
  mdevtool list-types --json
  succeeds
  is_silent
  json '.types[0].requires_group' false
  json '.types[0].params' false
}

@test "list-types: requires_group that says 0 does not require one" {
  machine m60
  chmod u+w "$root$types/11/requires_group"
  echo 0 >"$root$types/11/requires_group"
  mdevtool list-types --type 11 --json
  succeeds
  json '.types[0].requires_group' false
}

@test "list-types: the mail also writes max_instance" {
  machine m60
  mv "$root$types/12/max_instances" "$root$types/12/max_instance"
  mdevtool list-types --type 12 --json
  succeeds
  is_silent
  json '.types[0].available' 4
}

@test "list-types: a room that is no number is a warning, and no room to --available" {
  machine m60
  chmod u+w "$root$types/12/max_instances"
  echo many >"$root$types/12/max_instances"
  mdevtool list-types
  fails 1 "12/max_instances"
  [ "${#lines[@]}" -eq 4 ] || complain "not every type is listed"
  mdevtool list-types --available --noheadings --raw -o type
  mentions_no 12
}

@test "list-types: with --all each type without room has the reason, and what to type" {
  machine m60
  device "$A" 12
  mdevtool list-types --all --noheadings --raw -o type,free,reason,fix
  succeeds
  is_silent
  says "11 0 max_instances\x20is\x200 mdevtool\x20list\x20--parent\x20$card
12 3 - -
13 0 max_instances\x20is\x200 mdevtool\x20list\x20--parent\x20$card"
  mdevtool list-types --all
  [[ "${lines[0]}" =~ ^PARENT\ +TYPE\ +NAME\ +FREE\ +REASON\ +FIX$ ]] || complain "other headings"
  wrote_nothing
}

@test "list-types: with --all what could become a parent has no types, but a reason" {
  machine s390-ccw
  mdevtool list-types --all --json
  succeeds
  json '.types | map(.parent) == ["0.0.0001", "0.0.0002", "0.0.0003"]'
  json '.types[2] | has("id")' false
  json '.types[2].reason | contains("io_subchannel")'
  mdevtool list-types 0.0.0003
  fails 3 io_subchannel
  hints driver_override
}
