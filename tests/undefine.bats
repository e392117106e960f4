#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# mdevtool undefine
# shellcheck disable=SC2154 # set by what is loaded

load mdevtool.bash

@test "undefine: both files are gone, the others stay" {
  machine m60
  definition "$A" 11 --name desk --group 3 --params x
  definition "$B" 11 --name bench
  mdevtool undefine "$A"
  succeeds
  is_silent
  says_nothing
  wrote_nothing_else
  is_undefined "$A"
  kept "$B" name bench
  mdevtool list --defined --noheadings --raw -o uuid
  says "$B"
}

@test "undefine: the name, and then the UUID, can be given anew, and nothing comes back" {
  machine m60
  definition "$A" 11 --name desk --group 3 --params x
  mdevtool undefine desk
  succeeds
  definition "$B" 11 --name desk
  definition "$A" 12
  kept "$A" name "" group "" params "" type 12
}

@test "undefine: the device stays" {
  machine m60
  device "$A" 11 --name desk
  mdevtool define "$A"
  mdevtool undefine desk
  succeeds
  wrote_nothing_else
  device_exists "$A"
  recorded "$A"
}

@test "undefine: by name, UUID in any case, or a prefix of it" {
  machine m60
  local name
  for name in desk "$A" "${A^^}" "${A:0:8}"; do
    definition "$A" 11 --name desk
    mdevtool undefine "$name"
    succeeds
    is_undefined "$A"
  done
}

@test "undefine: several, also one that is named twice; all of them or none" {
  machine m60
  definition "$A" 11 --name desk
  definition "$B" 11
  mdevtool undefine desk "$C" "$B"
  fails 3 "no definition '$C'"
  wrote_nothing
  mdevtool undefine desk "$A" "$B"
  succeeds
  is_undefined "$A"
  is_undefined "$B"
}

@test "undefine: --json prints what was forgotten" {
  machine m60
  definition "$A" 11 --name desk
  mdevtool undefine desk --json
  succeeds
  json '.definitions | length' 1
  json '.definitions[0].uuid' "$A"
  json '.definitions[0].name' desk
}

@test "undefine: the one on --parent, where several have the same UUID" {
  machine m60x2
  definition "$A" 11 --name desk
  foreign_definition 0000:87:00.0 "$A" '{"mdev_type": "12", "start": "manual", "attrs": []}'
  mdevtool undefine "$A"
  fails 8 "'$A' is defined on several parents"
  hints --parent
  wrote_nothing
  mdevtool undefine "$A" --parent pci_0000_87_00_0
  succeeds
  kept "$A" name desk parent 0000:86:00.0
}

@test "undefine: one of others, in capitals, on a parent that is not there" {
  machine m60
  foreign_definition 0000:99:00.0 "${A^^}" '{"mdev_type": "x", "start": "auto"}'
  mdevtool undefine "$A"
  succeeds
  is_undefined "${A^^}"
}

@test "undefine: one that cannot be read is named, with its place, and left to you" {
  machine m60
  foreign_definition "$card" "$A" '{'
  mdevtool undefine "$A"
  fails 8 "/etc/mdevctl.d/$card/$A:1:"
  hints "remove it"
  wrote_nothing
}

@test "undefine: what is not there" {
  machine m60
  definition "$A" 11 --name desk
  mdevtool undefine "$B"
  fails 3 "no definition '$B'"
  mdevtool undefine dusk
  fails 3 "no definition 'dusk'"
  hints desk
  mdevtool undefine "$A" --parent 0000:99:00.0
  fails 3
  mdevtool undefine "${A:0:4}"
  fails 3
  mdevtool undefine ''
  fails 3
  mdevtool undefine
  fails 2 "nothing to undefine"
  hints "mdevtool list --defined"
  wrote_nothing
}

@test "undefine: a prefix that two have is ambiguous, and both are told" {
  machine m60
  definition "$A" 11
  definition "$D" 11
  mdevtool undefine "${A:0:8}"
  fails 8 ambiguous
  hints "$A" "$D"
  wrote_nothing
}
