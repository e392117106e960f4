#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# mdevtool define: what is kept, and where. What FILEs may hold is in input.bats; runs that end
# early are in store.bats.
# shellcheck disable=SC2154 # set by what is loaded

load mdevtool.bash

### What is kept

@test "define: mdevctl's keys in its file, ours in another, and nothing is made" {
  machine m60
  mdevtool define --type 11 --parent "$card" --uuid "$A" --name desk --group 3 --params x=y --auto
  succeeds
  is_silent
  says "$A"
  wrote_nothing_else
  no_device
  [ "$(cat "$root/etc/mdevctl.d/$card/$A")" = '{
  "mdev_type": "11",
  "start": "auto",
  "attrs": []
}' ] || complain "another text"
  run jq -c '.versions[] | [.definition, .type, .type_name, .name, .group, .params]' \
    "$root/etc/mdevtool.d/$A"
  says "[\"$card/$A\",\"11\",\"GRID M60-0B\",\"desk\",3,\"x=y\"]"
  definitions_are_tidy
  no_journal_entry
}

@test "define: files are for everybody to read, whatever the umask" {
  machine m60
  rm -rf "${root:?}"/etc/*
  play sh -c 'umask 077; exec "$@"' - "$MDEVTOOL" --root "$root" define --type 11 --uuid "$A"
  succeeds
  run find "$root/etc" -mindepth 1 -printf '%m %P\n'
  output=$(sort <<<"$output")
  says "644 mdevctl.d/$card/$A
644 mdevtool.d/$A
755 mdevctl.d
755 mdevctl.d/$card
755 mdevtool.d"
}

@test "define: started on request only, unless it is said otherwise" {
  machine m60
  mdevtool define --type 11 --uuid "$A"
  mdevtool define --type 11 --uuid "$B" --manual
  mdevtool define --type 11 --uuid "$C" --auto
  mdevctl_has "$A" '{"mdev_type":"11","start":"manual","attrs":[]}'
  mdevctl_has "$B" '{"mdev_type":"11","start":"manual","attrs":[]}'
  mdevctl_has "$C" '{"mdev_type":"11","start":"auto","attrs":[]}'
}

@test "define: attributes in their order, the same one twice" {
  machine s390-ap
  mdevtool define --type vfio_ap-passthrough --parent matrix --uuid "$A" \
    -a assign_adapter=5 -a assign_domain=0xab -a assign_adapter=6
  succeeds
  mdevctl_has "$A" '{"mdev_type":"vfio_ap-passthrough","start":"manual","attrs":[{"assign_adapter":"5"},{"assign_domain":"0xab"},{"assign_adapter":"6"}]}'
}

@test "define: a type by its whole name is kept by its id" {
  machine m60
  mdevtool define --type "GRID M60-2Q" --uuid "$A"
  succeeds
  mdevctl_has "$A" '{"mdev_type":"12","start":"manual","attrs":[]}'
  kept "$A" type 12 type_name "GRID M60-2Q"
}

@test "define: the parent in any spelling is kept as sysfs spells it" {
  machine m60
  local parent
  for parent in 86:00.0 "$node" "$card" "/sys/bus/pci/devices/$card"; do
    mdevtool define --type 11 --parent "$parent" --uuid "$A"
    succeeds
    [ -f "$root/etc/mdevctl.d/$card/$A" ] || complain "'$parent' is somewhere else"
    mdevtool undefine "$A"
  done
}

@test "define: a UUID in capitals is kept in lower case, without one it is a new one" {
  machine m60
  mdevtool define --type 11 --uuid "${A^^}"
  says "$A"
  [ -f "$root/etc/mdevctl.d/$card/$A" ] || complain "not there"
  mdevtool define --type 11
  succeeds
  [[ "$output" =~ ^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$ ]] ||
    complain "no UUID of version 4"
  is_defined "$output"
}

@test "define: --json prints the whole record" {
  machine m60
  mdevtool define --type 11 --uuid "$A" --name desk --group 3 --params x=y --attr a/b=c --auto --json
  succeeds
  json '.definitions | length' 1
  json '.definitions[0] | del(.file)' "$(jq . <<END
{"uuid": "$A", "name": "desk", "parent": "$card", "type": "11", "type_name": "GRID M60-0B",
 "group": 3, "start": "auto", "state": "inactive", "params": "x=y",
 "attributes": [{"name": "a/b", "value": "c"}]}
END
)"
  json '.definitions[0].file' "/etc/mdevctl.d/$card/$A"
}

@test "define: a parent that is not there is none's business yet" {
  machine m60
  mdevtool define --type 11 --parent 0000:99:00.0 --uuid "$A"
  succeeds
  warns "the parent '0000:99:00.0' is not there now"
  [ -f "$root/etc/mdevctl.d/0000:99:00.0/$A" ] || complain "not kept"
  mdevtool define --type 11 --parent 99:00.0 --count 3 --json
  succeeds
  [ "$(grep -c 'is not there now' <<<"$stderr")" = 1 ] || complain "not told once"
  json '.definitions | map(.parent + " " + .type) | unique == ["0000:99:00.0 11"]'
}

@test "define: --count, with a name for each" {
  machine m60
  mdevtool define --type 11 --count 3 --name desk --group auto
  succeeds
  mdevtool list --defined --noheadings --raw -o name,group
  [ "$(sort <<<"$output")" = "desk-1 1
desk-2 1
desk-3 1" ] || complain "not so"
}

@test "define: --group auto is the lowest that no device and no definition has" {
  machine m60
  device "$A" 11 --group 1
  mdevtool define --type 11 --group 2 --uuid "$B"
  mdevtool define --type 11 --group auto --uuid "$C"
  succeeds
  kept "$C" group 3
  mdevtool create --type 11 --group auto --uuid "$D"
  mdevtool list "$D" -o group --noheadings --raw
  says 4
}

### Where no parent is named

@test "define: the parent is chosen as for create, and kept" {
  machine m60x2
  device "$A" 11 --parent 0000:87:00.0
  mdevtool define --type 11 --uuid "$B"
  succeeds
  [ -f "$root/etc/mdevctl.d/0000:87:00.0/$B" ] || complain "not on the fullest"
  mdevtool define --type 11 --uuid "$C" --placement spread
  [ -f "$root/etc/mdevctl.d/0000:86:00.0/$C" ] || complain "not on the emptiest"
}

@test "define: a set is placed as a whole" {
  machine m60x2
  mdevtool define --type 12 --count 6
  succeeds
  mdevtool list --defined --noheadings --raw -o parent
  [ "$(uniq -c <<<"$output" | awk '{print $1, $2}')" = "4 0000:86:00.0
2 0000:87:00.0" ] || complain "not so"
  mdevtool define --type 12 --count 9
  fails 5 "no room for so many"
  wrote_nothing
}

@test "define: nothing fits and nothing is kept" {
  machine m60
  mdevtool define --type 99
  fails 3 "no parent offers a type '99'"
  mdevtool define --type 12 --count 5
  fails 5 "no room"
  mdevtool define --type 12 --placement numa=7
  fails 3 "NUMA node 7"
  wrote_nothing
  [ ! -e "$root/etc/mdevtool.d" ] || complain "something is kept"
}

### Documents

@test "define: every kind of document" {
  machine m60
  local text
  for text in '<device><parent>pci_0000_86_00_0</parent><capability type="mdev"><type id="11"/></capability></device>' \
    "{\"type\": \"11\", \"parent\": \"$card\"}" "{\"mdev_type\": \"11\", \"start\": \"auto\", \"attrs\": []}" \
    "[{\"$card\": [{\"$C\": {\"mdev_type\": \"11\", \"start\": \"manual\"}}]}]"; do
    document "$text"
    mdevtool define "$document"
    succeeds
    is_defined "$output"
    mdevtool define - <<<"${text//$C/$D}"
    succeeds
    is_defined "$output"
  done
  mdevtool list --defined --json
  json '[.definitions[] | select(.start == "auto")] | length' 2
}

@test "define: a document says start, an option says it too" {
  machine m60
  document '{"type": "11", "start": "manual"}'
  mdevtool define "$document" --auto --uuid "$A"
  fails 2 "--auto"
  wrote_nothing
  mdevtool define "$document" --manual --uuid "$A"
  succeeds
  kept "$A" start manual
}

@test "define: a set of a document is kept as a whole or not at all" {
  machine m60
  document "[{\"type\": \"11\", \"uuid\": \"$A\"},
 {\"type\": \"99\", \"parent\": \"$card\", \"uuid\": \"$B\"}]"
  mdevtool define "$document"
  fails 3 "$document:2:2: " "offers no type '99'"
  wrote_nothing
  document "[{\"type\": \"11\", \"uuid\": \"$A\"},
 {\"type\": \"11\", \"uuid\": \"$A\"}]"
  mdevtool define "$document"
  fails 8 "$document:2:2: " twice
  document '[{"type": "11", "name": "desk"}, {"type": "11", "name": "desk"}]'
  mdevtool define "$document"
  fails 4 "$document:1:" desk twice
  wrote_nothing
}

@test "define: options that contradict the document" {
  machine m60
  document "{\"type\": \"11\", \"uuid\": \"$A\", \"name\": \"desk\", \"group\": 1, \"params\": \"x\"}"
  local option
  for option in --type=12 --uuid="$B" --name=bench --group=2 --params=y; do
    mdevtool define "$document" "$option"
    fails 2 "${option/=/ \'}' is not what the document says" "$document:1:1: "
    wrote_nothing
  done
}

@test "define: bad documents with file, line and column, and nothing is kept" {
  machine m60
  document '{"type": "11",
 "group": 0}'
  mdevtool define "$document"
  fails 8 "$document:2:11: "
  document '<device>
<capability type="mdev"><type/></capability></device>'
  mdevtool define "$document"
  fails 8 "$document:2:"
  mdevtool define - <<<'{"type": "11", "attrs": [{"../x": "1"}]}'
  fails 8 "1:35: " ../x
  mdevtool define - <<<''
  fails 8 empty
  wrote_nothing
}

### Devices that exist

@test "define: a device that exists, with all that it was made with" {
  machine m60
  device "$A" 11 --name desk --group 3 --params x=y
  mdevtool define desk --auto
  succeeds
  says "$A"
  wrote_nothing_else
  mdevctl_has "$A" '{"mdev_type":"11","start":"auto","attrs":[]}'
  kept "$A" name desk group 3 params x=y start auto state active type_name "GRID M60-0B"
}

@test "define: the attributes of a device are what its files say now" {
  machine nvidia-mdev
  mdevtool create --type 63 --uuid "$A" --attr nvidia/vgpu_params=frame_rate_limiter=0
  succeeds
  play sh -c "echo frame_rate_limiter=1 > '$root/sys/bus/mdev/devices/$A/nvidia/vgpu_params'"
  mdevtool define "$A"
  succeeds
  mdevtool show "$A" --json
  json '.definitions[0].attributes | length' 1
  json '.definitions[0].attributes[0].value' frame_rate_limiter=1
}

@test "define: attributes that can only be written are kept as they were written" {
  machine s390-ap
  mdevtool create --type vfio_ap-passthrough --uuid "$A" --attr assign_domain=6
  succeeds
  mdevtool define "$A"
  succeeds
  mdevctl_has "$A" '{"mdev_type":"vfio_ap-passthrough","start":"manual","attrs":[{"assign_domain":"6"}]}'
}

@test "define: what others made, with a word of what nobody tells" {
  machine samples
  foreign_device "$A" /sys/class/mdev_bus/mtty/mdev_supported_types/mtty-2
  mdevtool define "${A:0:8}" --name port
  succeeds
  warns "'$A' was made by others" "attributes"
  mdevctl_has "$A" '{"mdev_type":"mtty-2","start":"manual","attrs":[]}'
  kept "$A" name port parent mtty
  mdevtool define "$A" --quiet
  fails 4
}

@test "define: a device whose type nobody knows is not defined" {
  machine m60
  foreign_device "$A" "$types/11"
  mdevtool define "$A"
  fails 9 "cannot define '$A': nobody knows its type"
  wrote_nothing
}

@test "define: options add to a device, and may say otherwise" {
  machine m60
  device "$A" 11 --name desk --group 3
  mdevtool define "$A" --name bench --group 4 --params x --attr a=b
  succeeds
  kept "$A" name bench group 4 params x 'attributes[0].name' a
}

@test "define: several devices, and devices beside documents" {
  machine m60
  device "$A" 11
  device "$B" 11
  document "{\"type\": \"11\", \"uuid\": \"$C\"}"
  mdevtool define "$document" "$A" "$B" --auto
  succeeds
  [ "$(sort <<<"$output")" = "$(printf '%s\n' "$A" "$B" "$C" | sort)" ] || complain "others"
  mdevtool define "$A" "$document" --count 2
  fails 2 --count
  mdevtool define "$A" "$B" --name x
  fails 2 --name
  mdevtool define "$A" "$B" --uuid "$D"
  fails 2 --uuid
}

@test "define: neither a FILE nor a device" {
  machine m60
  mdevtool define my-vgpu.xml
  fails 3 "no FILE and no device 'my-vgpu.xml'"
  mdevtool define "$A"
  fails 3 "no device '$A'"
  mdevtool define ./none
  fails 3 "./none" "No such file"
  wrote_nothing
}

### What is taken

@test "define: a UUID that is defined already, also on another parent" {
  machine m60x2
  definition "$A" 11
  mdevtool define --type 11 --uuid "$A"
  fails 4 "'$A' is defined already, on '$card'"
  hints "mdevtool modify $A"
  mdevtool define --type 11 --uuid "${A^^}" --parent 0000:87:00.0
  fails 4 "$card"
  wrote_nothing
}

@test "define: a definition that cannot be read is not overwritten" {
  machine m60
  foreign_definition "$card" "$A" '{"mdev_type": '
  mdevtool define --type 11 --uuid "$A" --parent "$card"
  fails 4 "/etc/mdevctl.d/$card/$A" "cannot be read"
  hints "mdevtool show $A"
  wrote_nothing
}

@test "define: names are unique over devices and definitions" {
  machine m60
  device "$A" 11 --name desk
  mdevtool define --type 11 --name desk
  fails 4 "the name 'desk' is taken"
  wrote_nothing
  definition "$B" 11 --name bench
  mdevtool define --type 11 --name bench
  fails 4 "the name 'bench' is taken"
  mdevtool create --type 11 --name bench
  fails 4 "the name 'bench' is taken"
  wrote_nothing
}

### What is wrong

@test "define: bad values are refused, and nothing is kept" {
  machine m60
  local option
  for option in --uuid=x --uuid="${A%?}" --uuid="$A-" --uuid=00000000-0000-0000-0000-000000000000 \
    --name=9x --name=a/b --name=deadbeef --name= --group=0 --group=-1 --group=x --group=4294967296 \
    --group=none --params=$'a\nb' --params=$'\e' --params=$'\xff' --attr=../x=1 --attr=a/../b=1 \
    --attr=/x=1 --attr=a//b=1 --attr=remove=1 --attr=a=$'\n' --type=../11 --type=; do
    mdevtool define --type 11 "$option"
    fails 8 "${option%%=*}"
    wrote_nothing
  done
  mdevtool define --type 11 --params "$(printf 'x%.0s' {1..4096})"
  fails 8 --params 4095
  wrote_nothing
  [ ! -e "$root/etc/mdevtool.d" ] || complain "something is kept"
}

@test "define: parents that are none" {
  machine m60
  local parent
  for parent in .. . a/b ../mdevtool.d scripts.d/../x ''; do
    mdevtool define --type 11 --parent="$parent"
    fails 8 parent
    wrote_nothing
  done
}

@test "define: the directory of mdevctl's call-outs is no parent" {
  machine m60
  mdevtool define --type 11 --parent scripts.d --uuid "$A"
  fails 8 scripts.d
  wrote_nothing
}

@test "define: wrong use" {
  machine m60
  mdevtool define
  fails 2 "no type given"
  mdevtool define --type 11 --auto --manual
  fails 2 "--auto and --manual"
  mdevtool define --type 11 --attr x
  fails 2 NAME=VALUE
  mdevtool define --type 11 --count 2 --uuid "$A"
  fails 2 UUID
  mdevtool define --type 11 --count 0
  fails 2 --count
  mdevtool define --type 11 --placement best
  fails 2 --placement
  wrote_nothing
}

@test "define: stdout closed" {
  machine m60
  play sh -c 'exec "$@" >&-' - "$MDEVTOOL" --root "$root" define --type 11
  [ "$status" -ne 0 ] || complain "it succeeded"
  warns stdout
  wrote_nothing
}

@test "define: stdout full: what was kept stays, and is told" {
  machine m60
  play sh -c 'exec "$@" >/dev/full' - "$MDEVTOOL" --root "$root" define --type 11 --uuid "$A"
  fails 1 "$A"
  is_defined "$A"
}

@test "define: a directory that cannot be written" {
  machine m60
  rm -r "${root:?}/etc"
  echo x >"$root/etc"
  mdevtool define --type 11
  [ "$status" -ne 0 ] || complain "it succeeded"
  warns "/etc/mdevctl.d"
}

@test "define: a link where ours lies leads nowhere" {
  machine m60
  mkdir "$BATS_TEST_TMPDIR/outside"
  ln -s "$BATS_TEST_TMPDIR/outside" "$root/etc/mdevtool.d"
  mdevtool define --type 11 --name desk
  [ "$status" -ne 0 ] || complain "it succeeded"
  [ -z "$(ls -A "$BATS_TEST_TMPDIR/outside")" ] || complain "it led out"
  mdevtool list --defined --json
  json '.definitions == []'
}

@test "define: without rights, as nobody" {
  machine m60
  nobody_calls define --type 11
  fails 7
  [ ! -e "$root/etc/mdevctl.d/$card" ] || complain "something is kept"
}

@test "define: of a virtual function, by its address, and by that the definition is found" {
  machine nvidia-vf
  device "$A" 1145 --name desk --params a=1
  mdevtool define 41:00.4 --auto
  succeeds
  kept "$A" name desk parent "$gpu" params a=1 state active
  mdevtool modify "${vfs[0]}" --group 3
  succeeds
  kept "$A" group 3
  mdevtool undefine "${vfs[0]}"
  succeeds
  is_undefined "$A"
  mdevtool undefine "$gpu"
  fails 3 "$gpu"
}

@test "define: for one virtual function, by whose address it is found while that is idle" {
  machine nvidia-vf
  mdevtool define --type 1145 --parent 41:00.5 --uuid "$A"
  succeeds
  [ -e "$root/etc/mdevctl.d/${vfs[1]}/$A" ] || complain "it lies elsewhere"
  mdevtool start "${vfs[1]}"
  succeeds
  says "$A"
  vgpu "${vfs[1]}" 1145
  kept "$A" parent "${vfs[1]}" state active
}

@test "define: what others set up without a UUID cannot be" {
  machine nvidia-vf
  foreign_vgpu "${vfs[0]}" 1145
  mdevtool define "${vfs[0]}"
  fails 9 "${vfs[0]}"
  hints "mdevtool define --type 1145 --parent ${vfs[0]}"
}
