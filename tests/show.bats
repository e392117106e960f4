#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# mdevtool show
# shellcheck disable=SC2154 # set by what is loaded

load mdevtool.bash

@test "show: a parent and its types" {
  machine m60
  mdevtool show "$card"
  succeeds
  mentions "$card" nvidia "GRID M60-0B" "GRID M60-2Q" "GRID M60-1Q" 2560x1600 512M
  wrote_nothing
}

@test "show: a parent in each of its spellings" {
  machine m60
  local name
  for name in "$card" 86:00.0 "$node" "/sys/bus/pci/devices/$card"; do
    mdevtool show "$name" --json
    succeeds
    json '.parents[0].name' "$card"
    json '.types | length' 3
  done
}

@test "show: a type by its id and by its whole name" {
  machine m60
  mdevtool show 11 --json
  succeeds
  json '.types | map(.id) == ["11"]'
  mdevtool show "GRID M60-0B"
  succeeds
  mentions "GRID M60-0B" 2560x1600
  mentions_no "GRID M60-2Q"
}

@test "show: a type that two parents offer is shown for both" {
  machine m60x2
  mdevtool show 12 --json
  succeeds
  json '.types | map(.parent) == ["0000:86:00.0", "0000:87:00.0"]'
}

@test "show: a device by UUID, prefix and name" {
  machine m60
  device "$A" 11 --name desk --group 4
  local name
  for name in "$A" "${A^^}" "${A:0:8}" desk; do
    mdevtool show "$name"
    succeeds
    mentions "$A" desk "$card" "GRID M60-0B"
    mdevtool show "$name" --json
    json '.devices[0].uuid' "$A"
    json '.devices[0].group' 4
  done
}

@test "show: a device that is held, with its holder" {
  machine m60
  device "$A" 11
  holds "$A"
  mdevtool show "$A"
  succeeds
  mentions qemu-system-x86 4711 web-1
}

@test "show: several devices, each with who holds it" {
  machine m60
  device "$A" 11
  device "$B" 11
  device "$C" 11
  holds "$A"
  holds "$B" 12 cat 'cat\x00'
  mdevtool show "$A" "$B" "$C" --json
  succeeds
  json '[.devices[].holders | length] | join(" ")' "1 1 0"
  json '[.devices[].holders[].pid] | join(" ")' "4711 12"
}

@test "show: what several names mean is shown once" {
  local names
  machine samples
  device "$A" mtty-1 --name desk
  for names in "mtty mtty-1 $A desk mtty" "desk mtty-1 mtty ${A%%-*} mtty-1"; do
    # shellcheck disable=SC2086 # words
    mdevtool show $names --json
    succeeds
    json '[.parents, .types, .devices | length] | join(" ")' "1 2 1"
  done
  mdevtool show mtty mtty --xml
  succeeds
  mentions_no "<devices>"
}

@test "show: several at once, of every kind" {
  machine m60
  device "$A" 11
  mdevtool show "$card" 12 "$A" --json
  succeeds
  json '.parents | length' 1
  json '.devices | length' 1
}

@test "show: what there is not is not found" {
  machine m60
  mdevtool show nonsense
  fails 3 "nonsense"
  says_nothing
  hints list-parents list-types "'list'"
  mdevtool show "$A"
  fails 3 "$A"
  mdevtool show 'GRID M60-0b'
  fails 3
  hints "did you mean 'GRID M60-0B'?"
}

@test "show: without a name is a usage error" {
  machine m60
  mdevtool show
  fails 2
}

# The mail's section 1, its comments left out, and nothing but type 11 on the machine.
@test "show: --xml is the mail's example, as XML" {
  needs xmllint
  machine m60
  rm -r "$root$types/12" "$root$types/13"
  mdevtool show "$card" --xml
  succeeds
  diff <(canonical <<<"$output") - < <(canonical <<'END'
<device>
  <name>pci_0000_86_00_0</name>
  <capability type='pci'>
    <domain>0</domain>
    <bus>134</bus>
    <slot>0</slot>
    <function>0</function>
    <capability type='mdev'>
      <type id='11'>
        <name>GRID M60-0B</name>
        <attribute name='fb_length'>512M</attribute>
        <attribute name='resolution'>2560x1600</attribute>
        <attribute name='heads'>2</attribute>
        <attribute name='max_instances'>16</attribute>
        <attribute name='requires_group'>1</attribute>
      </type>
    </capability>
    <product id='...'>GRID M60</product>
    <vendor id='0x10de'>NVIDIA</vendor>
  </capability>
</device>
END
  )
  mentions "<product id='0x13f2'" "<vendor id='0x10de'"
}

@test "show: --xml names vendor and product, where there is a hardware database" {
  needs xmllint
  needs_hwdb
  machine m60
  mdevtool show "$card" --xml
  succeeds
  [ "$(xmllint --xpath 'string(//vendor)' - <<<"$output")" = "NVIDIA Corporation" ] ||
    complain "no vendor"
  [[ "$(xmllint --xpath 'string(//product)' - <<<"$output")" == *"Tesla M60"* ]] ||
    complain "no product"
}

@test "show: --xml needs neither libxml2 nor a hardware database" {
  needs xmllint
  machine m60
  without libudev
  without libxml2
  mdevtool show "$card" --xml
  succeeds
  is_silent
  [ "$(xmllint --xpath 'string(//vendor/@id)' - <<<"$output")" = 0x10de ] || complain "no vendor"
  [ -z "$(xmllint --xpath 'string(//vendor)' - <<<"$output")" ] || complain "a vendor's name"
}

@test "show: --xml with all types, requires_group only where it is" {
  needs xmllint
  machine m60
  mdevtool show "$card" --xml
  succeeds
  [ "$(xmllint --xpath 'count(//type)' - <<<"$output")" = 3 ] || complain "not three types"
  [ "$(xmllint --xpath 'count(//attribute[@name="requires_group"])' - <<<"$output")" = 1 ] ||
    complain "not one that requires a group"
}

@test "show: --xml of the kernel's dialect keeps the mail's form with the kernel's words" {
  needs xmllint
  machine nvidia-mdev
  mdevtool show 0000:3b:00.0 --xml
  succeeds
  [ "$(xmllint --xpath 'string(//type[@id="nvidia-63"]/name)' - <<<"$output")" = "GRID T4-1Q" ] ||
    complain "no GRID T4-1Q"
  [ "$(xmllint --xpath 'string(//type[@id="nvidia-63"]/attribute[@name="available_instances"])' - \
    <<<"$output")" = 16 ] || complain "no room"
}

@test "show: --xml=libvirt is what libvirt writes today" {
  needs xmllint
  machine m60
  rm -r "$root$types/12" "$root$types/13"
  mdevtool show "$card" --xml=libvirt
  succeeds
  [ "$(xmllint --xpath 'string(/device/name)' - <<<"$output")" = "$node" ] || complain "the name"
  local capability="/device/capability[@type='pci']/capability[@type='mdev_types']"
  [ "$(xmllint --xpath "string($capability/type/@id)" - <<<"$output")" = 11 ] || complain "the type"
  [ "$(xmllint --xpath "string($capability/type/deviceAPI)" - <<<"$output")" = vfio-pci ] ||
    complain "the driver"
  [ "$(xmllint --xpath "string($capability/type/availableInstances)" - <<<"$output")" = 16 ] ||
    complain "the room"
  [[ $output != *iommuGroup* ]] || complain "an IOMMU group that is not there"
}

@test "show: --xml of a card with virtual functions: its types to the mail, its functions to libvirt" {
  needs xmllint
  machine nvidia-vf
  device "$A" 1157
  device "$B" 1157
  mdevtool show "$gpu" --xml
  succeeds
  is_silent
  local types="//capability[@type='pci']/capability[@type='mdev']/type" place
  [ "$(xmllint --xpath "count($types)" - <<<"$output")" = 6 ] || complain "not its six types"
  [ "$(xmllint --xpath "string($types[@id='1157']/name)" - <<<"$output")" = "NVIDIA L40S-24Q" ] ||
    complain "no name"
  mdevtool show "$gpu" --xml=libvirt
  succeeds
  is_silent
  mentions_no mdev_types
  place="/device/capability[@type='pci']/capability[@type='virt_functions']/address"
  [ "$(xmllint --xpath "count($place)" - <<<"$output")" = 8 ] || complain "not its eight functions"
  [ "$(xmllint --xpath "concat($place[5]/@slot, $place[5]/@function)" - <<<"$output")" = 0x010x0 ] ||
    complain "not in their order"
  [ "$(xmllint --xpath 'string(//numa/@node)' - <<<"$output")" = 1 ] || complain "no node"
  mdevtool show "${vfs[0]}" --xml
  fails 9 "only parents"
}

@test "show: --xml=libvirt of the AP matrix" {
  needs xmllint
  machine s390-ap
  mdevtool show matrix --xml=libvirt
  succeeds
  [ "$(xmllint --xpath "string(//capability[@type='ap_matrix']/capability[@type='mdev_types']/type/@id)" \
    - <<<"$output")" = vfio_ap-passthrough ] || complain "no type in it"
  [ "$(xmllint --xpath 'string(/device/name)' - <<<"$output")" = ap_matrix ] || complain "the name"
}

@test "show: --xml=libvirt of a parent of no bus that libvirt knows nests the capability twice" {
  needs xmllint
  machine samples
  mdevtool show mtty --xml=libvirt
  succeeds
  [ "$(xmllint --xpath "count(//capability[@type='mdev_types']/capability[@type='mdev_types']/type)" \
    - <<<"$output")" = 2 ] || complain "not nested"
}

@test "show: --xml of a subchannel has libvirt's name" {
  needs xmllint
  machine s390-ccw
  mdevtool show 0.0.0001 --xml=libvirt
  succeeds
  [ "$(xmllint --xpath 'string(/device/name)' - <<<"$output")" = css_0_0_0001 ] || complain "the name"
}

@test "show: --xml of several parents is one document" {
  needs xmllint
  machine m60x2
  mdevtool show 86:00.0 87:00.0 --xml
  succeeds
  [ "$(xmllint --xpath 'count(/devices/device)' - <<<"$output")" = 2 ] || complain "not two"
}

@test "show: a driver's names are made safe for XML" {
  needs xmllint
  machine m60
  chmod u+w "$root$types/11/name"
  printf 'a<b>&"\x27\n' >"$root$types/11/name"
  mdevtool show "$card" --xml
  succeeds
  [ "$(xmllint --xpath 'string(//type[@id="11"]/name)' - <<<"$output")" = "a<b>&\"'" ] ||
    complain "another name"
}

@test "show: only parents have XML" {
  machine m60
  device "$A" 11
  mdevtool show "$A" --xml
  fails 9
  says_nothing
  mdevtool show "$card" --xml=json
  fails 2 "json"
}

### Definitions

@test "show: a definition, with the positions of its attributes" {
  machine m60
  definition "$A" 11 --name desk --group 3 --params x=y --attr b=1 --attr a/c=2 --auto
  local name
  for name in desk "$A" "${A^^}" "${A:0:8}"; do
    mdevtool show "$name"
    succeeds
    says "uuid:       $A
name:       desk
parent:     $card
type:       11
type_name:  GRID M60-0B
group:      3
start:      auto
state:      inactive
params:     x=y
attributes: 0:b=1 1:a/c=2
file:       /etc/mdevctl.d/$card/$A"
  done
  wrote_nothing
}

@test "show: a device that is active and defined, as both" {
  machine m60
  device "$A" 11 --name desk
  mdevtool define desk
  mdevtool modify "$A" --params other
  mdevtool show "$A" --json
  succeeds
  json '.devices | length' 1
  json '.definitions | length' 1
  json '.definitions[0] | [.state, .params] == ["active", "other"]'
  json '.devices[0] | has("params")' false
}

@test "show: a definition has no XML, export has" {
  machine m60
  definition "$A" 11
  mdevtool show "$A" --xml
  fails 9 "only parents"
}

@test "show: a definition that cannot be read, with its place" {
  machine m60
  foreign_definition "$card" "$A" '{"mdev_type": "11",
 "start": "auto",'
  mdevtool show "$A"
  fails 8 "/etc/mdevctl.d/$card/$A:2:"
  hints "correct the file"
  mdevtool show "$A" --json
  json .error.kind invalid
  json .error.file "/etc/mdevctl.d/$card/$A"
  json .error.line 2
}
