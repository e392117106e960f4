#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# mdevtool modify
# shellcheck disable=SC2154 # set by what is loaded

load mdevtool.bash

# attributes UUID LIST: "0:NAME=VALUE 1:NAME=VALUE", as show has them.
attributes() {
  mdevtool show "$1"
  succeeds
  run sed -n 's/^attributes: *//p' <<<"$output"
  says "$2"
}

### Each of its parts

@test "modify: one thing changes, everything else stays" {
  machine m60
  definition "$A" 11 --name desk --group 3 --params x=y --attr a/b=c
  mdevtool modify "$A" --auto
  succeeds
  is_silent
  says_nothing
  wrote_nothing_else
  mdevctl_has "$A" '{"mdev_type":"11","start":"auto","attrs":[{"a/b":"c"}]}'
  kept "$A" name desk group 3 params x=y start auto type_name "GRID M60-0B"
  mdevtool modify "$A" --manual
  kept "$A" name desk group 3 params x=y start manual
  mdevtool modify "$A" --name bench
  kept "$A" name bench group 3 params x=y start manual
  mdevtool modify bench --group 4
  kept "$A" name bench group 4 params x=y
  mdevtool modify bench --params z
  kept "$A" name bench group 4 params z
  mdevtool modify bench --type 12
  kept "$A" name bench group 4 params z type 12 type_name "GRID M60-2Q"
  attributes "$A" 0:a/b=c
  definitions_are_tidy
}

@test "modify: by name, UUID in any case, or a prefix of it" {
  machine m60
  definition "$A" 11 --name desk
  definition "$B" 11
  local name number=0
  for name in desk "$A" "${A^^}" "${A:0:8}" "${A:0:13}"; do
    number=$((number + 1))
    mdevtool modify "$name" --group $number
    succeeds
    kept "$A" group $number
  done
  kept "$B" group ""
}

@test "modify: name, params and group can be taken away" {
  machine m60
  definition "$A" 11 --name desk --group 3 --params x=y
  mdevtool modify desk --name '' --params '' --group none
  succeeds
  kept "$A" name "" group "" params "" type 11
  mdevtool create --type 11 --name desk
  succeeds
}

@test "modify: what is ours is gone from its file in time" {
  machine m60
  definition "$A" 11 --name desk
  mdevtool modify "$A" --name bench
  mdevtool modify "$A" --name chair
  run jq -c '[.versions[].name]' "$root/etc/mdevtool.d/$A"
  says '["chair","bench"]'
  mdevtool recover
  says_nothing
  run jq -c '[.versions[].name]' "$root/etc/mdevtool.d/$A"
  says '["chair"]'
}

@test "modify: a type by its whole name is kept by its id" {
  machine m60
  definition "$A" 11
  mdevtool modify "$A" --type "GRID M60-1Q"
  succeeds
  mdevctl_has "$A" '{"mdev_type":"13","start":"manual","attrs":[]}'
}

@test "modify: --group auto is the lowest free one, the same for all that are named" {
  machine m60
  device "$D" 11 --group 1
  definition "$A" 11 --group 2
  definition "$B" 11
  definition "$C" 11
  mdevtool modify "$B" "$C" --group auto
  succeeds
  kept "$A" group 2
  kept "$B" group 3
  kept "$C" group 3
}

@test "modify: several at once, all or none" {
  machine m60
  definition "$A" 11
  definition "$B" 11
  mdevtool modify "$A" "$B" "${A:0:8}" --auto --params x
  succeeds
  kept "$A" start auto params x
  kept "$B" start auto params x
  mdevtool modify "$A" "$C" --manual
  fails 3 "no definition '$C'"
  wrote_nothing
  mdevtool modify "$A" "$B" --del-attr 0
  fails 8
  wrote_nothing
}

@test "modify: --json prints what they are now" {
  machine m60
  definition "$A" 11 --name desk
  device "$B" 11
  mdevtool define "$B"
  mdevtool modify "$A" "$B" --params x --json
  succeeds
  json '.definitions | map(.params) == ["x", "x"]'
  json '.definitions | map(.state) == ["inactive", "active"]'
  json '.definitions[0].name' desk
}

@test "modify: a device that is active stays as it is" {
  machine m60
  device "$A" 11 --name desk --group 3 --params x
  mdevtool define "$A"
  mdevtool modify "$A" --name bench --group 4 --params y --type 12 --auto
  succeeds
  wrote_nothing_else
  mdevtool list --json
  json '.devices[0] | [.name, .group, .params, .type] == ["desk", 3, "x", "11"]'
}

### Attributes

@test "modify: attributes by name" {
  machine m60
  definition "$A" 11
  mdevtool modify "$A" --attr a=1 --attr b=2
  attributes "$A" "0:a=1 1:b=2"
  mdevtool modify "$A" --attr a=3 --attr c=4
  attributes "$A" "0:a=3 1:b=2 2:c=4"
  mdevtool modify "$A" --del-attr b
  attributes "$A" "0:a=3 1:c=4"
}

@test "modify: attributes by position" {
  machine m60
  definition "$A" 11 --attr a=1 --attr b=2
  mdevtool modify "$A" --add-attr 0:x=0 --add-attr y=9
  attributes "$A" "0:x=0 1:a=1 2:b=2 3:y=9"
  mdevtool modify "$A" --add-attr 4:z=z
  attributes "$A" "0:x=0 1:a=1 2:b=2 3:y=9 4:z=z"
  mdevtool modify "$A" --attr 1:c=3
  attributes "$A" "0:x=0 1:c=3 2:b=2 3:y=9 4:z=z"
  mdevtool modify "$A" --del-attr 4 --del-attr 0
  attributes "$A" "0:c=3 1:b=2 2:y=9"
}

@test "modify: removed first, then set, then inserted, whatever their order" {
  machine m60
  definition "$A" 11 --attr a=1 --attr b=2
  mdevtool modify "$A" --add-attr 0:z=0 --attr 0:c=3 --del-attr 0
  attributes "$A" "0:z=0 1:c=3"
}

@test "modify: the same attribute twice is changed by position only" {
  machine s390-ap
  mdevtool define --type vfio_ap-passthrough --parent matrix --uuid "$A" \
    -a assign_adapter=5 -a assign_adapter=6
  mdevtool modify "$A" --attr assign_adapter=7
  fails 8 "more than once"
  hints "0 or 1"
  mdevtool modify "$A" --del-attr assign_adapter
  fails 8 "more than once"
  wrote_nothing
  mdevtool modify "$A" --add-attr assign_adapter=7 --del-attr 0
  succeeds
  attributes "$A" "0:assign_adapter=6 1:assign_adapter=7"
}

@test "modify: a value may hold colons and equals signs" {
  machine m60
  definition "$A" 11
  mdevtool modify "$A" --attr a=1:b=2 --attr c==
  attributes "$A" "0:a=1:b=2 1:c=="
}

@test "modify: positions and names that are not there" {
  machine m60
  definition "$A" 11 --attr a=1
  local option
  for option in --attr=1:b=2 --add-attr=2:b=2 --del-attr=1 --del-attr=b \
    --del-attr=18446744073709551615; do
    mdevtool modify "$A" "$option"
    fails 8
    wrote_nothing
  done
  mdevtool modify "$A" --del-attr 1
  fails 8 "'$A' has no attribute 1, it has 1"
  hints "mdevtool show $A"
}

### What others keep

@test "modify: what others made of it is kept: keys, capitals, another place" {
  machine m60
  foreign_definition 0000:99:00.0 "${A^^}" \
    '{"later": {"a": [1, 2.5, null]}, "mdev_type": "x", "start": "manual"}'
  mdevtool modify "$A" --auto --name desk
  succeeds
  mdevctl_has "${A^^}" \
    '{"later":{"a":[1,2.5,null]},"mdev_type":"x","start":"auto","attrs":[]}'
  kept desk uuid "$A" parent 0000:99:00.0
}

@test "modify: the one on --parent, where several have the same UUID" {
  machine m60x2
  definition "$A" 11 --name desk
  foreign_definition 0000:87:00.0 "$A" '{"mdev_type": "12", "start": "manual", "attrs": []}'
  mdevtool modify "$A" --auto
  fails 8 "'$A' is defined on several parents"
  hints --parent 0000:86:00.0 0000:87:00.0
  wrote_nothing
  mdevtool modify "$A" --parent 87:00.0 --auto --params z
  succeeds
  run jq -r .start "$root/etc/mdevctl.d/0000:86:00.0/$A"
  says manual
  run jq -r .start "$root/etc/mdevctl.d/0000:87:00.0/$A"
  says auto
  mdevtool modify desk --group 3
  succeeds
  mdevtool list --defined --json
  json '.definitions | map([.name, .group, .params]) == [["desk", 3, null], [null, null, "z"]]'
}

@test "modify: one that cannot be read is named, with its place, and others are not hindered" {
  machine m60
  definition "$B" 11 --name desk
  foreign_definition "$card" "$A" '{"start": "auto",
 "mdev_type": 5}'
  mdevtool modify "$A" --auto
  fails 8 "/etc/mdevctl.d/$card/$A:2:15: " '"mdev_type"'
  hints "correct the file"
  mdevtool modify "${A:0:8}" --auto
  fails 8 "/etc/mdevctl.d/$card/$A:2:15: "
  wrote_nothing
  mdevtool modify desk --auto
  succeeds
  is_silent
}

### What is wrong

@test "modify: bad values are refused, and nothing changes" {
  machine m60
  definition "$A" 11 --name desk --attr a=1
  local option
  for option in --name=9x --name=deadbeef --group=0 --group=-1 --group=x --group=4294967296 --group= \
    --params=$'a\nb' --params=$'\xff' --attr=../x=1 --add-attr=a/../b=1 --attr=0:/x=1 \
    --attr=remove=1 --type=../11 --type=; do
    mdevtool modify "$A" "$option"
    fails 8
    wrote_nothing
  done
  mdevtool modify "$A" --params "$(printf 'x%.0s' {1..4096})"
  fails 8 --params 4095
  mdevtool modify "$A" --type 99
  fails 3 "'$card' offers no type '99'"
  hints "mdevtool list-types --all $card"
  wrote_nothing
}

@test "modify: a name that is taken, by a device or a definition; its own is none's" {
  machine m60
  device "$B" 11 --name desk
  definition "$A" 11 --name bench
  definition "$C" 11
  mdevtool modify "$A" --name desk
  fails 4 "the name 'desk' is taken"
  mdevtool modify "$C" --name bench
  fails 4 "the name 'bench' is taken"
  wrote_nothing
  mdevtool modify "$A" --name bench --auto
  succeeds
}

@test "modify: of a parent that is not there every type is believed" {
  machine m60
  mdevtool define --type 11 --parent 0000:99:00.0 --uuid "$A"
  mdevtool modify "$A" --type 77
  succeeds
  warns "the parent '0000:99:00.0' is not there now"
  kept "$A" type 77
}

@test "modify: wrong use" {
  machine m60
  definition "$A" 11
  definition "$B" 11
  mdevtool modify
  fails 2 "nothing to modify"
  hints "mdevtool list --defined"
  mdevtool modify "$A"
  fails 2 "nothing to change"
  hints "mdevtool modify --help"
  mdevtool modify "$A" --auto --manual
  fails 2 "--auto and --manual"
  mdevtool modify "$A" "$B" --name x
  fails 2 --name
  mdevtool modify "$A" --attr x
  fails 2 NAME=VALUE
  mdevtool modify "$A" --parent a/b --auto
  fails 8 a/b
  wrote_nothing
}

@test "modify: what is not defined, a device too" {
  machine m60
  definition "$A" 11 --name desk
  device "$B" 11
  mdevtool modify "$B" --auto
  fails 3 "no definition '$B'"
  mdevtool modify dusk --auto
  fails 3 "no definition 'dusk'"
  hints desk
  mdevtool modify "$A" --parent 0000:99:00.0 --auto
  fails 3
  wrote_nothing
}
