#!/usr/bin/env bats
# The mail's sections 1 and 2, word for word, through mdevtool on a real sysfs (modules/rfc_mdev.c).

# shellcheck disable=SC2154 # vm.bash and bats set what is used here
load vm.bash

card=/sys/bus/pci/devices/0000:86:00.0
types=$card/mdev_supported_types

teardown() {
  clean_machine
}

# stores_of COMMAND…: its writes to sysfs, as "FILE TEXT" lines with FILE below the card.
stores_of() {
  strace -f -y -e trace=write -s 200 -o "$BATS_TEST_TMPDIR/trace" "$@" >"$BATS_TEST_TMPDIR/out"
  sed -n 's,.* write([0-9]*</sys/[^>]*/0000:86:00.0/\([^>]*\)>\, "\(.*\)"\, [0-9]*) = .*,\1 \2,p' \
    "$BATS_TEST_TMPDIR/trace" | sed 's,^mdev_supported_types/,,'
}

mails_xml() {
  cat <<'XML'
<device>
  <name>my-vgpu</name>
  <parent>pci_0000_86_00_0</parent>
  <capability type='mdev'>
    <type id='11'/>
    <group>1</group>
    <params>'frame_rate_limiter=0'</params>
  </capability>
</device>
XML
}

# --- section 1: discovery ----------------------------------------------------------------------

@test "the types of a card, with the mail's values" {
  run -0 mdevtool list-types 0000:86:00.0 --raw --noheadings -o type,name,free,fb,resolution,heads
  assert_line --index 0 '11 GRID\x20M60-0B 16 512M 2560x1600 2'
  assert_line --index 1 '12 GRID\x20M60-2Q 4 2G 4096x2160 4'
  assert_line --index 2 '13 GRID\x20M60-1Q 8 1G 4096x2160 2'
}

@test "every type's fields are what the kernel's files say" {
  mdevtool list-types --json >"$BATS_TEST_TMPDIR/types"
  local type
  for type in "$types"/*; do
    # shellcheck disable=SC2016 # $id is jq's
    run -0 jq -r --arg id "${type##*/}" \
      '.types[] | select(.parent == "0000:86:00.0" and .id == $id) |
       .name, .fb_length, .resolution, .heads, .max_instances, .available' "$BATS_TEST_TMPDIR/types"
    assert_output "$(cat "$type"/{name,fb_length,resolution,heads,max_instances,max_instances})"
  done
  run -0 jq -r '.types[] | select(.requires_group).id' "$BATS_TEST_TMPDIR/types"
  assert_output $'11\n11'
}

@test "the parent's XML is the mail's, but for the card's vendor and product" {
  run -0 mdevtool show 0000:86:00.0 --xml
  assert_output --partial "<name>pci_0000_86_00_0</name>"
  assert_output --regexp '<domain>0</domain>.*<bus>134</bus>.*<slot>0</slot>.*<function>0</function>'
  assert_output --partial "\
      <type id='11'>
        <name>GRID M60-0B</name>
        <attribute name='fb_length'>512M</attribute>
        <attribute name='resolution'>2560x1600</attribute>
        <attribute name='heads'>2</attribute>
        <attribute name='max_instances'>16</attribute>
        <attribute name='requires_group'>1</attribute>
      </type>"
  assert_output --partial "<product id='0x11e8'>"
  assert_output --partial "<vendor id='0x1234'>"
}

# --- section 2: create and destroy -------------------------------------------------------------

@test "the mail's document creates the mail's device" {
  mails_xml >"$BATS_TEST_TMPDIR/my-vgpu.xml"
  run -0 mdevtool create "$BATS_TEST_TMPDIR/my-vgpu.xml"
  local uuid=$output
  assert_equal "$(readlink -f "$devices/$uuid")" "$(readlink -f $card)/$uuid"
  says "$devices/$uuid/vendor/type" 11
  says "$devices/$uuid/vendor/group" 1
  says "$devices/$uuid/vendor/params" frame_rate_limiter=0
  says $types/11/max_instances 15
  says $types/12/max_instances 0
}

@test "the same as JSON" {
  echo '{"name":"my-vgpu","parent":"pci_0000_86_00_0","type":"11","group":1,"params":"frame_rate_limiter=0"}' |
    mdevtool create - >"$BATS_TEST_TMPDIR/uuid"
  uuid=$(cat "$BATS_TEST_TMPDIR/uuid")
  says "$devices/$uuid/vendor/group" 1
  says "$devices/$uuid/vendor/params" frame_rate_limiter=0
}

@test "create stores params, UUID:group, and an empty line, and nothing else" {
  run -0 stores_of mdevtool create --parent 0000:86:00.0 --type 11 --group 1 --uuid "$A" --params frame_rate_limiter=0
  assert_output "\
11/params frame_rate_limiter=0\\n
11/create $A:1\\n
11/params \\n"
}

@test "create without group and params stores the UUID only" {
  run -0 stores_of mdevtool create --parent 0000:86:00.0 --type 11 --uuid "$A"
  assert_output "11/create $A\\n"
}

@test "params are cleared: the next device has none" {
  mdevtool create --type 11 --uuid "$A" --params a=1
  echo "$B" >$types/11/create
  says "$devices/$A/vendor/params" a=1
  says "$devices/$B/vendor/params" ""
}

@test "params are cleared also when create is refused" {
  mdevtool create --type 11 --uuid "$A"
  run -4 mdevtool create --type 11 --uuid "$A" --params a=1
  echo "$B" >$types/11/create
  says "$devices/$B/vendor/params" ""
}

@test "what --dry-run prints does the same when a shell runs it" {
  mdevtool create --parent 0000:86:00.0 --type 11 --group 1 --uuid "$A" --params frame_rate_limiter=0 --dry-run \
    >"$BATS_TEST_TMPDIR/plan"
  gone "$devices/$A"
  sh -e "$BATS_TEST_TMPDIR/plan"
  says "$devices/$A/vendor/group" 1
  says "$devices/$A/vendor/params" frame_rate_limiter=0
  echo "$B" >$types/11/create
  says "$devices/$B/vendor/params" ""
}

@test "the group goes to the driver only where the type requires one" {
  mdevtool create --parent 0000:86:00.0 --type 12 --group 5 --uuid "$A"
  says "$devices/$A/vendor/group" ""
  run -0 mdevtool list --raw --noheadings -o uuid,group
  assert_output "$A 5"
}

@test "max_instances 0 is no room, and nothing is stored" {
  mdevtool create --parent 0000:86:00.0 --type 12 --uuid "$A"
  run -5 mdevtool create --parent 0000:86:00.0 --type 11 --uuid "$B"
  assert_output --partial "max_instances is 0"
  gone "$devices/$B"
}

@test "a UUID in use is refused on the other card too" {
  mdevtool create --parent 0000:86:00.0 --type 11 --uuid "$A"
  run -4 mdevtool create --parent 0000:87:00.0 --type 11 --uuid "$A"
}

@test "destroy stores the UUID in the card's mdev_destroy" {
  mdevtool create --parent 0000:86:00.0 --type 11 --uuid "$A"
  run -0 stores_of mdevtool destroy "$A"
  assert_output "mdev_destroy $A\\n"
  gone "$devices/$A"
  says $types/12/max_instances 4
}

@test "a device that echo made is listed, and destroyed" {
  echo "$A:3" >$types/11/create
  run -0 mdevtool list --json
  assert_equal "$(jq -r '.devices[] | "\(.uuid) \(.parent) \(.state)"' <<<"$output")" "$A 0000:86:00.0 foreign"
  mdevtool destroy "$A"
  gone "$devices/$A"
}

@test "sixteen at once and not one more" {
  run -0 mdevtool create --parent 0000:86:00.0 --type 11 --count 16
  assert_equal "${#lines[@]}" 16
  run -5 mdevtool create --parent 0000:86:00.0 --type 11
  mdevtool destroy --parent 0000:86:00.0 --all
  says $types/11/max_instances 16
}

# --- section 4: the VM's arguments -------------------------------------------------------------

@test "start-vm-args is the mail's line" {
  mdevtool create --type 11 --group 1 --uuid "$A"
  run -0 --separate-stderr mdevtool start-vm-args --group 1
  assert_output "-device vfio-pci,sysfsdev=/sys/bus/mdev/devices/$A"
  # the module leaves opening out
  assert_regex "$stderr" "^warning: '$A': /dev/vfio/[0-9]+ is not there$"
}

@test "several devices of a type that requires a group need one" {
  mdevtool create --parent 0000:86:00.0 --type 11 --uuid "$A"
  mdevtool create --parent 0000:86:00.0 --type 11 --uuid "$B"
  run -8 mdevtool start-vm-args "$A" "$B"
  assert_output --partial group
}

@test "mdev-record" {
  mdevtool create --parent 86:00.0 --type 11 --uuid "$A" --group 1
  record_as rfc
  grep -q "f .*/0000:86:00.0/mdev_destroy 0200 =" /out/rfc.machine
  grep -q "f .*/11/params 0200 =" /out/rfc.machine
}
