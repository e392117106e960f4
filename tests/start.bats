#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# mdevtool start. Several at once are in race.bats.
# shellcheck disable=SC2154 # set by what is loaded

load mdevtool.bash

### Those that are named

@test "start: to the mail's letter, with all that was defined" {
  machine m60
  definition "$A" 11 --name desk --group 3 --params frame_rate_limiter=0
  mdevtool start desk
  succeeds
  is_silent
  says "$A"
  wrote 11/params frame_rate_limiter=0
  wrote 11/create "$A:3"
  wrote 11/params ""
  wrote_nothing_else
  has "$A" params frame_rate_limiter=0
  has "$A" group 3
  all_is_whole
  mdevtool list --json
  json '.devices[0] | [.uuid, .name, .group, .params, .state] == ["'"$A"'", "desk", 3, "frame_rate_limiter=0", "active"]'
}

@test "start: attributes in their order" {
  machine s390-ap
  mdevtool define --type vfio_ap-passthrough --parent matrix --uuid "$A" \
    -a assign_control_domain=5 -a assign_control_domain=4
  mdevtool start "$A"
  succeeds
  wrote vfio_ap-passthrough/create "$A"
  wrote "$A/assign_control_domain" 5
  wrote "$A/assign_control_domain" 4
  wrote_nothing_else
}

@test "start: attributes that the driver refuses, or does not have, and how to correct them" {
  machine s390-ap
  mdevtool define --type vfio_ap-passthrough --parent matrix --uuid "$A" -a assign_adapter=9999
  mdevtool start "$A"
  [ "$status" -ne 0 ] || complain "it did not fail"
  hints "'mdevtool modify $A --attr assign_adapter=VALUE' corrects it" "dmesg | tail"
  mdevtool modify "$A" --attr assign_adapter=3 --attr none=1
  mdevtool start "$A"
  fails 8 "the device has no attribute 'none'"
  hints "'mdevtool modify $A --del-attr none' takes it out of the definition"
  mdevtool modify "$A" --del-attr none
  mdevtool start "$A"
  succeeds
}

@test "start: what others defined" {
  machine samples
  foreign_definition mtty "${A^^}" '{"mdev_type": "mtty-2", "start": "manual", "later": 1}'
  mdevtool start "${A:0:8}"
  succeeds
  says "$A"
  wrote mtty-2/create "$A"
  wrote_nothing_else
}

@test "start: a definition stays as it is" {
  machine m60
  definition "$A" 11 --name desk
  local before
  before=$(cat "$root/etc/mdevctl.d/$card/$A" "$root/etc/mdevtool.d/$A")
  mdevtool start desk
  succeeds
  [ "$(cat "$root/etc/mdevctl.d/$card/$A" "$root/etc/mdevtool.d/$A")" = "$before" ] ||
    complain "it has changed"
  kept "$A" state active
  mdevtool destroy desk
  kept "$A" state inactive name desk
  mdevtool start desk
  succeeds
}

@test "start: one that is active already is success, and nothing is made" {
  machine m60
  definition "$A" 11 --name desk
  mdevtool start desk
  mdevtool start desk
  succeeds
  says_nothing
  warns "'desk' is active already"
  wrote_nothing
  mdevtool start desk --quiet
  is_silent
  mdevtool start desk --json
  succeeds
  json '.definitions[0].state' active
}

@test "start: one that is active otherwise is in use" {
  machine m60x2
  device "$A" 11 --parent 0000:87:00.0
  device "$B" 12 --parent 0000:86:00.0
  definition "$A" 11
  definition "$B" 11
  mdevtool start "$A"
  fails 4 "'$A' is active otherwise than defined: type '11' on '0000:87:00.0'"
  hints "mdevtool destroy $A"
  mdevtool start "$B"
  fails 4 "type '12' on '0000:86:00.0'"
  wrote_nothing
}

@test "start: one that others made of the mail's tree is active, as nobody tells its type" {
  machine m60
  definition "$A" 11
  foreign_device "$A" "$types/11"
  mdevtool start "$A"
  succeeds
  wrote_nothing
}

@test "start: several are a set: all or none" {
  machine m60
  definition "$A" 11 --name one
  definition "$B" 12 --name two
  definition "$C" 11 --name three
  mdevtool start one two
  fails 5 "12"
  wrote 11/create "$A"
  no_device
  mdevtool modify two --type 11
  mdevtool start one
  skip_what_was_written
  mdevtool start one two "$B" three
  succeeds
  [ "$(sort <<<"$output")" = "$(printf '%s\n' "$B" "$C" | sort)" ] || complain "others"
  wrote 11/create "$B"
  wrote 11/create "$C"
  wrote_nothing_else
}

@test "start: --dry-run prints what would be written, and writes nothing" {
  machine m60
  definition "$A" 11 --group 1 --params x=y
  mdevtool start "$A" --dry-run
  succeeds
  mentions "echo 'x=y' > $types/11/params" "echo '$A:1' > $types/11/create"
  wrote_nothing
  mdevtool start "$A" --dry-run --json
  json '.steps | map(select(contains("'"$A"'"))) | length' 1
  wrote_nothing
}

@test "start: what cannot be" {
  machine m60
  definition "$A" 11 --name desk
  definition "$B" 12
  mdevtool define --type 11 --parent 0000:99:00.0 --uuid "$C"
  mdevtool start dusk
  fails 3 "no definition 'dusk'"
  hints desk
  mdevtool start "$C"
  fails 3 "0000:99:00.0"
  foreign_definition "$card" "$D" '{"mdev_type": "99", "start": "auto"}'
  mdevtool start "$D"
  fails 3 "'$card' offers no type '99'"
  mdevtool create --type 11
  mdevtool start "$B"
  fails 5 "no room"
  mdevtool start desk "$B"
  fails 5
}

@test "start: the one on --parent, where several have the same UUID" {
  machine m60x2
  definition "$A" 11
  foreign_definition 0000:87:00.0 "$A" '{"mdev_type": "11", "start": "manual", "attrs": []}'
  mdevtool start "$A"
  fails 8 "several parents"
  hints --parent
  mdevtool start "$A" --parent 87:00.0
  succeeds
  mdevtool list -o parent --noheadings --raw
  says 0000:87:00.0
  mdevtool start "$A" --parent 86:00.0
  fails 4 "active otherwise"
}

@test "start: wrong use" {
  machine m60
  definition "$A" 11
  mdevtool start
  fails 2 "nothing to start"
  hints "mdevtool list --defined"
  mdevtool start "$A" --auto
  fails 2 --auto
  mdevtool start "$A" --wait 1
  fails 2 "--wait goes with --auto"
  local seconds
  for seconds in -1 x 3601 1.5 ''; do
    mdevtool start --auto --wait="$seconds"
    fails 2 --wait
  done
  wrote_nothing
}

@test "start: a driver that refuses, and nothing is left" {
  machine m60
  definition "$A" 11 --params x
  fault --fail '*/create=EIO'
  mdevtool start "$A"
  fails 1 "cannot create '11'"
  nothing_left
  is_defined "$A"
}

@test "start: a run that was killed is mended, and the definition is as it was" {
  machine m60
  definition "$A" 11 --name desk --params x
  fault --kill-after '*/create'
  mdevtool start desk
  [ "$status" -eq 137 ] || complain "it was not killed"
  mdevtool recover
  succeeds
  nothing_left
  kept "$A" name desk params x state inactive
  mdevtool start desk
  succeeds
  all_is_whole
}

### Those that start by themselves

@test "start: --auto starts those that are to start by themselves, each on its own" {
  machine m60x2
  definition "$A" 11 --auto --name one
  definition "$B" 11
  mdevtool define --type 12 --parent 0000:87:00.0 --uuid "$C" --auto
  mdevtool start --auto
  succeeds
  says "$A
$C"
  warns "started 'one'" "started '$C'"
  wrote 11/create "$A"
  wrote 12/create "$C"
  wrote_nothing_else
  mdevtool start --auto
  succeeds
  says_nothing
  wrote_nothing
}

@test "start: --auto --parent starts those of one parent" {
  machine m60x2
  definition "$A" 11 --auto
  mdevtool define --type 12 --parent 0000:87:00.0 --uuid "$B" --auto
  mdevtool start --auto --parent pci_0000_87_00_0
  succeeds
  says "$B"
  mdevtool start --auto --parent 0000:99:00.0
  succeeds
  says_nothing
}

@test "start: --auto with nothing to start" {
  machine m60
  mdevtool start --auto
  succeeds
  is_silent
  mdevtool start --auto --json
  json '.definitions == []'
}

@test "start: --auto: one that fails stops no other, and the status is the first one's" {
  machine m60
  definition "$A" 11 --auto --name first
  foreign_definition "$card" "$B" '{"mdev_type": "99", "start": "auto"}'
  definition "$C" 11 --auto
  mdevtool start --auto
  fails 3 "'$B' is not started: '$card' offers no type '99'"
  says "$A
$C"
  device_exists "$A"
  device_exists "$C"
  all_is_whole
}

@test "start: --auto --json: what was started, and beside it what was not and why" {
  machine m60
  definition "$A" 11 --auto --name first
  foreign_definition "$card" "$B" '{"mdev_type": "99", "start": "auto"}'
  foreign_definition "$card" "$C" '{"mdev_type": "11",'
  local option failures
  failures="[[\"/etc/mdevctl.d/$card/$C:1:19\", true], [\"/etc/mdevctl.d/$card/$B\", true]]"
  for option in --dry-run --auto; do
    mdevtool start --auto --json $option
    fails 3 "'$B' is not started: '$card' offers no type '99'" "mdevtool: " "hint: "
    json ".warnings | map([.file, (.message | test(\"expected|offers no type '99'\"))]) == $failures"
    [ $option = --auto ] || json '.steps | length > 0'
  done
  json '.definitions | map([.uuid, .state]) == [["'"$A"'", "active"]]'
  device_exists "$A"
}

@test "start: --auto: one that cannot be read stops no other" {
  machine m60
  definition "$A" 11 --auto
  foreign_definition "$card" "$B" '{"mdev_type": "11",'
  mdevtool start --auto
  fails 1 "warning: /etc/mdevctl.d/$card/$B:1:"
  says "$A"
  device_exists "$A"
}

@test "start: --auto: a parent that is not there is waited for by its definition, no failure" {
  machine m60
  mdevtool define --type 11 --parent 0000:99:00.0 --uuid "$A" --auto
  definition "$B" 11 --auto
  mdevtool start --auto
  succeeds
  says "$B"
  warns "'$A' waits for its parent"
}

@test "start: --auto --wait waits for a type that appears, and no longer" {
  machine m60
  definition "$A" 11 --auto
  mv "$root$types/11" "$BATS_TEST_TMPDIR/11"
  local before=$SECONDS
  mdevtool start --auto --wait 1
  fails 3 "'$A' is not started"
  [ $((SECONDS - before)) -lt 10 ] || complain "that took too long"
  # shellcheck disable=SC2016 # the inner shell's
  play sh -c '(sleep 1; mv "$2" "$3") & "$1" --root "$4" start --auto --wait 60' - \
    "$MDEVTOOL" "$BATS_TEST_TMPDIR/11" "$root$types/11" "$root"
  succeeds
  says "$A"
  device_exists "$A"
}

@test "start: --auto --dry-run prints all that would be written, although one fails" {
  machine m60
  definition "$A" 11 --auto
  foreign_definition "$card" "$B" '{"mdev_type": "99", "start": "auto"}'
  mdevtool start --auto --dry-run
  fails 3 "'$B' is not started"
  mentions "echo '$A' > $types/11/create"
  warns_not_of "started '$A'"
  wrote_nothing
}

@test "start: --auto: the driver that refuses one gets the next one all the same" {
  machine m60
  definition "$A" 11 --auto --params x
  definition "$B" 11 --auto --params y
  fault --fail '2=EIO'
  mdevtool start --auto
  fails 1
  is_gone "$A"
  has "$B" params y
  all_is_whole
}

@test "start: 1,000 by themselves, a broken one and one of no type among them" {
  machine samples
  sed -i 's/^pool=.*/pool=2000/' "$root/.mdevsim/parents/mtty"
  many_definitions 1000 mtty mtty-1
  foreign_definition mtty "$A" '{"mdev_type": "mtty-9", "start": "auto"}'
  foreign_definition mtty "$B" '{"mdev_type": "mtty-1", "start": "auto"'
  local before=$SECONDS
  mdevtool start --auto
  fails 3 "'$A' is not started" "mtty/$B:1:"
  [ $((SECONDS - before)) -lt 120 ] || complain "that took too long"
  [ "${#lines[@]}" -eq 1000 ] || complain "${#lines[@]} were started"
  [ "$(find "$root/sys/bus/mdev/devices" -mindepth 1 | wc -l)" -eq 1000 ] || complain "not all are there"
  before=$SECONDS
  mdevtool start --auto --quiet
  fails 3 "'$A' is not started"
  says_nothing
  [ $((SECONDS - before)) -lt 20 ] || complain "that took too long"
}

@test "start: --auto waits for virtual functions that are enabled meanwhile" {
  machine nvidia-vf
  mdevtool define --type 1145 --parent "$gpu" --uuid "$A" --auto
  enabled_vfs 0
  (sleep 1 && enabled_vfs 8) 3>&- &
  mdevtool start --auto --wait 20
  wait $!
  succeeds
  says "$A"
  vgpu "${vfs[0]}" 1145
}

@test "start: --auto waits for room among virtual functions, which come one after another" {
  machine nvidia-vf
  mdevtool define --type 1145 --parent "$gpu" --uuid "$A" --auto
  local vf
  for vf in "${vfs[@]}"; do
    foreign_vgpu "$vf" 1145
  done
  mdevtool start --auto
  fails 5 "no room"
  (sleep 1 && foreign_vgpu "${vfs[3]}" 0) 3>&- &
  mdevtool start --auto --wait 20
  wait $!
  succeeds
  vgpu "${vfs[3]}" 1145
}
