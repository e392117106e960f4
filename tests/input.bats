#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What mdevtool create reads: every form of a definition, and everything that is wrong with one.
# shellcheck disable=SC2154 # set by what is loaded

load mdevtool.bash

# The mail's section 2.
rfc="<device>
  <name>my-vgpu</name>
  <parent>pci_0000_86_00_0</parent>
  <capability type='mdev'>
    <type id='11'/>
    <group>1</group>
    <params>'frame_rate_limiter=0'</params>
  </capability>
</device>"

# refused_at LINE:COLUMN TEXT [PART...]: a document of that text is invalid, there.
refused_at() {
  document "$2"
  mdevtool create "$document"
  fails 8 "mdevtool: $document:$1: " "${@:3}"
  says_nothing
  wrote_nothing
}

# refused TEXT: the same without a place: the document is wrong as a whole.
refused() {
  document "$1"
  mdevtool create "$document"
  fails 8 "$document" "${@:2}"
  wrote_nothing
}

# The mail's device was made of it.
made_my_vgpu() {
  succeeds
  is_silent
  made 1
  wrote 11/params frame_rate_limiter=0
  wrote 11/create "${uuids[0]}:1"
  wrote 11/params ""
  wrote_nothing_else
  mdevtool list my-vgpu --noheadings --raw -o uuid
  says "${uuids[0]}"
}

# A FIFO called fifo, into which somebody writes the text and closes it.
into_fifo() {
  mkfifo "$BATS_TEST_TMPDIR/fifo"
  # shellcheck disable=SC2016 # the inner shell's
  timeout 20 sh -c 'printf %s "$1" >"$2"' - "$1" "$BATS_TEST_TMPDIR/fifo" >/dev/null 2>&1 3>&- &
}

### The forms

@test "input: the mail's device XML, quotes around params taken off" {
  machine m60
  document "$rfc"
  mdevtool create "$document"
  made_my_vgpu
}

@test "input: the mail's device XML with double quotes or none" {
  machine m60
  document "${rfc//\'frame_rate_limiter=0\'/\"frame_rate_limiter=0\"}"
  mdevtool create "$document"
  made_my_vgpu
  mdevtool destroy my-vgpu
  skip_what_was_written
  document "${rfc//\'frame_rate_limiter=0\'/ frame_rate_limiter=0 }"
  mdevtool create "$document"
  made_my_vgpu
}

@test "input: only one pair of quotes is taken off" {
  machine m60
  document "${rfc//\'frame_rate_limiter=0\'/\'\'a\'\'}"
  mdevtool create "$document"
  succeeds
  wrote 11/params "'a'"
}

@test "input: our JSON" {
  machine m60
  document '{"name":"my-vgpu","parent":"pci_0000_86_00_0","type":"11","group":1,"params":"frame_rate_limiter=0"}'
  mdevtool create "$document"
  made_my_vgpu
}

@test "input: in JSON quotes in params are part of the value" {
  machine m60
  document "{\"type\":\"11\",\"params\":\"'a'\"}"
  mdevtool create "$document"
  succeeds
  wrote 11/params "'a'"
}

@test "input: libvirt's device XML with uuid and attr" {
  machine s390-ap
  document "<device>
    <name>mdev_${A//-/_}_matrix</name>
    <path>/sys/devices/vfio_ap/matrix/$A</path>
    <parent>ap_matrix</parent>
    <driver><name>vfio_mdev</name></driver>
    <capability type='mdev'>
      <type id='vfio_ap-passthrough'/>
      <uuid>$A</uuid>
      <parent_addr>matrix</parent_addr>
      <iommuGroup number='5'/>
      <attr name='assign_control_domain' value='5'/>
      <attr name='assign_control_domain' value='4'/>
    </capability>
  </device>"
  mdevtool create "$document"
  succeeds
  says "$A"
  wrote vfio_ap-passthrough/create "$A"
  wrote "$A/assign_control_domain" 5
  wrote "$A/assign_control_domain" 4
  wrote_nothing_else
  mdevtool list --json
  json '.devices[0] | has("name")' false
}

@test "input: mdevctl's JSON with --parent" {
  machine s390-ap
  document '{
  "mdev_type": "vfio_ap-passthrough",
  "start": "manual",
  "attrs": [
    { "assign_control_domain": "5" },
    { "assign_control_domain": "4" }
  ]
}'
  mdevtool create --parent matrix --uuid "$A" "$document"
  succeeds
  wrote vfio_ap-passthrough/create "$A"
  wrote "$A/assign_control_domain" 5
  wrote "$A/assign_control_domain" 4
  wrote_nothing_else
}

@test "input: mdevctl's JSON with start auto and without attrs" {
  machine samples
  document '{"mdev_type":"mtty-2","start":"auto"}'
  mdevtool create --parent mtty "$document"
  succeeds
  made 1
}

@test "input: several in <devices>" {
  machine m60
  document "<devices>$rfc<device><capability type='mdev'><type id='11'/></capability></device></devices>"
  mdevtool create "$document"
  succeeds
  made 2
}

@test "input: several in an array" {
  machine m60
  document '[{"type":"11","name":"a"},{"type":"11","name":"b"},{"mdev_type":"11"}]'
  mdevtool create "$document"
  succeeds
  made 3
}

@test "input: several in {\"devices\": [...]}" {
  machine m60
  document '{"devices": [{"type":"11"}, {"type":"11"}]}'
  mdevtool create "$document"
  succeeds
  made 2
}

@test "input: several files, of both kinds, are one set" {
  machine m60
  document "$rfc"
  echo '[{"type":"11","group":2}]' >"$BATS_TEST_TMPDIR/other"
  mdevtool create "$document" "$BATS_TEST_TMPDIR/other"
  succeeds
  made 2
  skip_what_was_written
  echo '[{"type":"99"}]' >"$BATS_TEST_TMPDIR/other"
  document '{"type":"11"}'
  mdevtool create "$document" "$BATS_TEST_TMPDIR/other"
  fails 3 "'99'"
  wrote_nothing
}

@test "input: from stdin" {
  machine m60
  mdevtool create - <<<"$rfc"
  made_my_vgpu
}

@test "input: JSON without a newline at its end, from stdin" {
  machine m60
  mdevtool create - < <(printf '{"type":"11"}')
  succeeds
  made 1
}

@test "input: from a pipe that the shell names" {
  machine m60
  mdevtool create <(echo "$rfc")
  made_my_vgpu
}

@test "input: from a FIFO" {
  machine m60
  into_fifo "$rfc"
  mdevtool create "$BATS_TEST_TMPDIR/fifo"
  made_my_vgpu
}

@test "input: told apart by content, whatever the name; blanks and a byte order mark before it" {
  machine m60
  printf '\n \t\n{"type":"11"}' >"$BATS_TEST_TMPDIR/x.xml"
  mdevtool create "$BATS_TEST_TMPDIR/x.xml"
  succeeds
  printf '\xef\xbb\xbf<device><capability type="mdev"><type id="11"/></capability></device>' \
    >"$BATS_TEST_TMPDIR/x.json"
  mdevtool create "$BATS_TEST_TMPDIR/x.json"
  succeeds
  printf '\n\n  <device><capability type="mdev"><type id="11"/></capability></device>' \
    >"$BATS_TEST_TMPDIR/x.json"
  mdevtool create "$BATS_TEST_TMPDIR/x.json"
  succeeds
}

@test "input: an XML declaration, comments, CDATA and character references" {
  machine m60
  document "<?xml version='1.0' encoding='UTF-8'?>
<!-- one -->
<device><!-- two --><name><![CDATA[desk]]></name>
  <capability type='mdev'><type id='1&#49;'/><params>a=&lt;b&gt;&amp;c</params></capability>
</device>"
  mdevtool create "$document"
  succeeds
  wrote 11/params 'a=<b>&c'
}

@test "input: a type by its name" {
  machine m60
  document '{"type":"GRID M60-0B"}'
  mdevtool create "$document"
  succeeds
  made 1
}

@test "input: options fill in what the document does not say" {
  machine m60
  document '{"type":"11"}'
  mdevtool create "$document" --parent "$card" --uuid "$A" --group 2 --params x --name desk
  succeeds
  wrote 11/params x
  wrote 11/create "$A:2"
  wrote 11/params ""
}

@test "input: options that say the same are welcome" {
  machine m60
  document "$rfc"
  mdevtool create "$document" --type 11 --group 1 --name my-vgpu
  made_my_vgpu
}

@test "input: a parent in another spelling says the same" {
  machine m60
  document "$rfc"
  mdevtool create "$document" --parent "$card"
  made_my_vgpu
}

@test "input: --count multiplies a document" {
  machine m60
  document '{"type":"11","name":"desk"}'
  mdevtool create "$document" --count 3
  succeeds
  made 3
}

### Options beside a FILE

@test "input: options that contradict the FILE are usage errors" {
  machine m60
  document "{\"name\":\"my-vgpu\",\"parent\":\"$card\",\"type\":\"11\",\"group\":1,\"params\":\"a\",\"uuid\":\"$A\"}"
  local option
  for option in --name=other --parent=0000:87:00.0 --type=12 --group=2 --params=b --uuid="$B" --group=auto; do
    mdevtool create "$document" "$option"
    fails 2 "${option%%=*}" "$document:1:1: "
    wrote_nothing
  done
}

@test "input: --uuid and --name are for one device" {
  machine m60
  document '[{"type":"11"},{"type":"11"}]'
  mdevtool create "$document" --uuid "$A"
  fails 2 "--uuid"
  mdevtool create "$document" --name desk
  fails 2 "--name"
  mdevtool create "$document" --count 2
  fails 2 "--count"
  wrote_nothing
}

@test "input: --count beside a document with a UUID" {
  machine m60
  document "{\"type\":\"11\",\"uuid\":\"$A\"}"
  mdevtool create "$document" --count 2
  fails 2 "--count"
  wrote_nothing
}

### Sets

@test "input: the same UUID twice in a set" {
  machine m60
  document "[{\"type\":\"11\",\"uuid\":\"$A\"},
 {\"type\":\"11\",\"uuid\":\"${A^^}\"}]"
  mdevtool create "$document"
  [[ "$status" == 4 || "$status" == 8 ]] || complain "status"
  warns "$A"
  wrote_nothing
}

@test "input: the same name twice in a set" {
  machine m60
  document '[{"type":"11","name":"a"},{"type":"11","name":"a"}]'
  mdevtool create "$document"
  fails 4 "'a'"
  wrote_nothing
}

@test "input: an unknown type or parent in a set is found before anything is made, with its place" {
  machine m60
  document '[{"type":"11"},
 {"type":"99"}]'
  mdevtool create "$document"
  fails 3 "$document:2:2: " "'99'"
  wrote_nothing
  document '[{"type":"11"},
 {"type":"11","parent":"0000:99:00.0"}]'
  mdevtool create "$document"
  fails 3 "$document:2:2: " "'0000:99:00.0'"
  wrote_nothing
}

@test "input: a UUID in use, with its place" {
  machine m60
  device "$A" 11
  document "[{\"type\":\"11\"},
{\"type\":\"11\",\"uuid\":\"$A\"}]"
  mdevtool create "$document"
  fails 4 "$A"
  wrote_nothing
}

@test "input: a set that is empty" {
  machine m60
  refused_at 1:1 '[]'
  refused_at 1:13 '{"devices": []}'
  refused_at 1:1 '<devices/>'
  refused_at 1:1 '<devices>  </devices>'
  refused '{}' type
}

### XML that is wrong

@test "input: XML with a DOCTYPE" {
  machine m60
  refused_at 1:17 "<!DOCTYPE device><device/>" DOCTYPE
}

@test "input: XML with an entity of its own, inner or outer, reads nothing" {
  machine m60
  echo secret >"$BATS_TEST_TMPDIR/secret"
  document "<!DOCTYPE device [<!ENTITY x SYSTEM 'file://$BATS_TEST_TMPDIR/secret'>]>
<device><name>&x;</name></device>"
  mdevtool create "$document"
  fails 8 "$document:" DOCTYPE
  warns_not_of secret
  refused "<!DOCTYPE d [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;&a;'>]><device>&b;</device>" DOCTYPE
  refused "<device><name>&undefined;</name></device>" undefined
}

@test "input: XML with the wrong root" {
  machine m60
  refused_at 1:1 "<domain/>" "<domain>" "<device>"
}

@test "input: XML with an unknown element, the nearest is offered" {
  machine m60
  refused_at 3:3 "<device>
  <name>a</name>
  <parnet>b</parnet>
</device>" "<parnet>"
  hints "<parent>"
  refused_at 2:27 "<device>
  <capability type='mdev'><size>3</size></capability></device>" "<size>"
  refused_at 1:10 "<devices><domain/></devices>" "<domain>"
}

@test "input: XML with two types" {
  machine m60
  refused_at 3:21 "<device>
  <capability type='mdev'>
    <type id='11'/> <type id='12'/>
  </capability></device>" "second <type>"
}

@test "input: XML without a type" {
  machine m60
  refused_at 1:1 "<device/>" "type"
  refused_at 1:1 "<device><capability type='mdev'/></device>" "type"
  refused_at 2:1 "<device><capability type='mdev'>
<type/></capability></device>" "'id'"
}

@test "input: XML with another capability" {
  machine m60
  refused_at 2:1 "<device>
<capability type='pci'/></device>" "type='mdev'"
}

@test "input: XML whose values are wrong, each at its place" {
  machine m60
  refused_at 5:12 "<device>
  <name>my-vgpu</name>
  <capability type='mdev'>
    <type id='11'/>
    <group>one</group>
  </capability>
</device>" "<group> must be a number from 1 to 4294967295, not 'one'"
  refused_at 2:7 "<device>
<name>a/b</name></device>" "<name>"
  refused_at 2:7 "<device><capability type='mdev'>
<uuid>xyz</uuid></capability></device>" "<uuid>" "'xyz'"
  refused_at 2:1 "<device><capability type='mdev'>
<attr name='../x' value='1'/></capability></device>" "../x"
  refused_at 2:1 "<device><capability type='mdev'>
<attr name='x'/></capability></device>" "'value'"
  refused_at 2:1 "<device><capability type='mdev'>
<type id='../11'/></capability></device>" "../11"
  refused_at 2:1 "<device>
<name/></device>" "<name> is empty"
}

@test "input: XML with text where none belongs" {
  machine m60
  refused_at 2:1 "<device>
nonsense</device>" "unexpected text"
}

@test "input: XML that is no XML" {
  machine m60
  refused "<device>" "$document:"
  refused "<device><name></device>"
  refused "<device/><device/>"
  refused "<"
  refused "<device>&#0;</device>"
  printf '<device>\xff\xfe</device>' >"$BATS_TEST_TMPDIR/x"
  mdevtool create "$BATS_TEST_TMPDIR/x"
  fails 8 "$BATS_TEST_TMPDIR/x:1:"
  printf '<device>\0</device>' >"$BATS_TEST_TMPDIR/x"
  mdevtool create "$BATS_TEST_TMPDIR/x"
  fails 8 "$BATS_TEST_TMPDIR/x:1:"
}

@test "input: XML whose mistake is in the third line says so" {
  machine m60
  document "<device>
  <name>a</name>
  <capability type='mdev'><type id=11/></capability>
</device>"
  mdevtool create "$document"
  fails 8 "$document:3:"
  mdevtool create "$document" --json
  json '.error.line' 3
  json '.error.column > 0'
  json '.error.kind' invalid
  json '.error.file' "$document"
}

@test "input: XML of 10,000 levels" {
  machine m60
  {
    printf '<device>'
    printf '<a>%.0s' {1..10000}
    printf '</a>%.0s' {1..10000}
    printf '</device>'
  } >"$BATS_TEST_TMPDIR/deep"
  mdevtool create "$BATS_TEST_TMPDIR/deep"
  fails 8 "$BATS_TEST_TMPDIR/deep:1:"
  wrote_nothing
}

@test "input: XML of 100 MB is refused without being read to its end" {
  machine m60
  truncate -s 100M "$BATS_TEST_TMPDIR/large"
  printf '<device>' | dd of="$BATS_TEST_TMPDIR/large" conv=notrunc status=none
  mdevtool create "$BATS_TEST_TMPDIR/large"
  fails 8 "$BATS_TEST_TMPDIR/large" "16 MiB"
  local before=$SECONDS
  mdevtool create - < <({ printf '<device>'; tr '\0' ' ' </dev/zero; } 2>/dev/null | head -c 100M)
  fails 8 "16 MiB"
  [ $((SECONDS - before)) -lt 5 ] || complain "that took too long"
  wrote_nothing
}

@test "input: a document as large as may be" {
  machine m60
  {
    printf '{"type":"11"%s' "$(printf ' %.0s' {1..1000})"
    head -c $((15 << 20)) /dev/zero | tr '\0' ' '
    printf '}'
  } >"$BATS_TEST_TMPDIR/large"
  mdevtool create "$BATS_TEST_TMPDIR/large"
  succeeds
}

### JSON that is wrong

@test "input: JSON cut off" {
  machine m60
  refused '{"type": "11"' "$document:"
  refused '[{"type": "11"},' "$document:"
  refused '{"type": "1' "$document:"
  refused '[' "$document:"
}

@test "input: JSON with a key twice, at the second one" {
  machine m60
  document '{"type": "11",
 "type": "12"}'
  mdevtool create "$document"
  fails 8 "$document:2:" type
  wrote_nothing
}

@test "input: JSON with both type and mdev_type" {
  machine m60
  refused_at 1:17 '{"type": "11",  "mdev_type": "11"}' mdev_type
}

@test "input: JSON with an unknown key, the nearest is offered" {
  machine m60
  refused_at 2:2 '{"type": "11",
 "gruop": 1}' '"gruop"'
  hints '"group"'
}

@test "input: JSON of wrong types, each at its place" {
  machine m60
  refused_at 1:10 '{"type": 11}' '"type" must be a string, not a number'
  refused_at 1:11 '{"group": "1", "type": "11"}' '"group" must be a number, not a string'
  refused_at 1:10 '{"name": null, "type": "11"}' '"name"' null
  refused_at 1:12 '{"params": ["a"], "type": "11"}' '"params"' array
  refused_at 1:10 '{"uuid": true, "type": "11"}' '"uuid"'
  refused_at 1:11 '{"attrs": {"a": "b"}, "type": "11"}' '"attrs"' array
  refused_at 1:12 '{"attrs": ["a"], "type": "11"}' '"attrs"'
  refused_at 1:12 '{"attrs": [{"a": "b", "c": "d"}], "type": "11"}' '"attrs"'
  refused_at 1:18 '{"attrs": [{"a": 1}], "type": "11"}' "string"
  refused_at 1:2 '["11"]' "an object"
  refused_at 1:13 '{"devices": {}}' '"devices"' array
  refused_at 1:11 '{"start": "soon", "type": "11"}' '"start"' soon
}

@test "input: JSON with numbers out of range" {
  machine m60
  refused_at 2:11 '{"type": "11",
 "group": 0}' '"group"' 4294967295
  refused_at 1:11 '{"group": -1, "type": "11"}' '"group"'
  refused_at 1:11 '{"group": 4294967296, "type": "11"}' '"group"'
  refused_at 1:11 '{"group": 1.5, "type": "11"}' '"group"'
  refused_at 1:11 '{"group": 1e3, "type": "11"}' '"group"'
  refused '{"group": 99999999999999999999999, "type": "11"}' "$document:1:"
}

@test "input: JSON whose values are wrong, each at its place" {
  machine m60
  refused_at 1:10 '{"name": "a/b", "type": "11"}' '"name"'
  refused_at 1:10 "{\"name\": \"$C\", \"type\": \"11\"}" UUID
  refused_at 1:10 '{"type": "../11"}' '"type"'
  refused_at 1:10 '{"uuid": "xyz", "type": "11"}' '"uuid"'
  refused_at 1:12 '{"params": "a\nb", "type": "11"}' '"params"' control
  refused_at 1:12 '{"params": "a\u001b[1m", "type": "11"}' '"params"' control
  refused_at 1:12 "{\"params\": \"$(printf 'x%.0s' {1..4096})\", \"type\": \"11\"}" 4095
  refused_at 1:24 '{"attrs": [{"../../x": "1"}], "type": "11"}' ../../x
}

@test "input: JSON with something beside devices" {
  machine m60
  refused '{"devices": [{"type": "11"}], "version": 1}' '"devices"'
}

@test "input: JSON without a type" {
  machine m60
  refused_at 1:1 '{"name": "a"}' type
  refused_at 2:2 '[{"type": "11"},
 {"name": "a"}]' type
}

@test "input: JSON with something after it" {
  machine m60
  refused '{"type": "11"} x' "$document:1:"
}

@test "input: JSON that is not UTF-8, and a zero byte" {
  machine m60
  printf '{"type": "11", "params": "\xff"}' >"$BATS_TEST_TMPDIR/x"
  mdevtool create "$BATS_TEST_TMPDIR/x"
  fails 8 "$BATS_TEST_TMPDIR/x:1:"
  wrote_nothing
  refused '{"type": "11", "params": "a\u0000b"}' "$document:1:"
}

@test "input: JSON of 10,000 levels" {
  machine m60
  printf '[%.0s' {1..10000} >"$BATS_TEST_TMPDIR/deep"
  mdevtool create "$BATS_TEST_TMPDIR/deep"
  fails 8 "$BATS_TEST_TMPDIR/deep:1:65: "
  wrote_nothing
}

@test "input: an error in JSON has file, line and column as its own" {
  machine m60
  document '{"type": "11",
 "group": 0}'
  mdevtool create "$document" --json
  fails 8 "$document:2:11: "
  json '.error.kind' invalid
  json '.error.file' "$document"
  json '.error.line' 2
  json '.error.column' 11
  json '.error.message | contains("group")'
  json 'keys == ["error"]'
}

### FILEs that are none

@test "input: neither XML nor JSON" {
  machine m60
  refused_at 2:3 "
  type: 11" "neither XML nor JSON"
}

@test "input: an empty file" {
  machine m60
  : >"$BATS_TEST_TMPDIR/empty"
  mdevtool create "$BATS_TEST_TMPDIR/empty"
  fails 8 "$BATS_TEST_TMPDIR/empty" empty
  refused "" empty
  mdevtool create - </dev/null
  fails 8 stdin empty
  wrote_nothing
}

@test "input: a FILE that does not exist" {
  machine m60
  mdevtool create "$BATS_TEST_TMPDIR/none"
  fails 3 "$BATS_TEST_TMPDIR/none" "No such file"
  wrote_nothing
}

@test "input: a FILE that is a directory" {
  machine m60
  mdevtool create "$BATS_TEST_TMPDIR"
  fails 8 "$BATS_TEST_TMPDIR" directory
  mdevtool create - <"$BATS_TEST_TMPDIR"
  fails 8 stdin directory
  wrote_nothing
}

@test "input: a FIFO that closes without a word" {
  machine m60
  into_fifo ""
  mdevtool create "$BATS_TEST_TMPDIR/fifo"
  fails 8 "$BATS_TEST_TMPDIR/fifo" empty
  wrote_nothing
}

@test "input: a FIFO that closes in the middle" {
  machine m60
  into_fifo "${rfc:0:60}"
  mdevtool create "$BATS_TEST_TMPDIR/fifo"
  fails 8 "$BATS_TEST_TMPDIR/fifo:"
  wrote_nothing
}

@test "input: stdin closed" {
  machine m60
  play sh -c 'exec "$@" <&-' - "$MDEVTOOL" --root "$root" create -
  [ "$status" -ne 0 ] || complain "it succeeded"
  warns stdin
  wrote_nothing
}

@test "input: a type in the place of a file is told how it is named" {
  machine m60
  mdevtool create 11
  fails 3 "cannot open '11'"
  hints --type
  mdevtool create --type 11 web.json
  fails 3 "cannot open 'web.json'"
  warns_not_of hint
}

@test "input: XML without libxml2 is refused, saying what is missing" {
  ! grep -q '^#define XML_LINKED' "$top_builddir/config.h" || skip "libxml2 is linked"
  machine m60
  without libxml2
  document "$rfc"
  mdevtool create "$document"
  fails 9 "cannot read XML" "$(soname libxml2)"
  hints libxml2 JSON
  wrote_nothing
  mdevtool create "$document" --json
  fails 9 "cannot read XML"
  json .error.kind unsupported
  document '{"type": "11"}'
  mdevtool create "$document"
  succeeds
  made 1
}

@test "input: a file that may not be read, as an ordinary user" {
  [ "$(id -u)" -ne 0 ] || skip "root may read everything"
  machine m60
  document "$rfc"
  chmod 0 "$document"
  mdevtool create "$document"
  fails 7 "$document" "Permission denied"
  wrote_nothing
}

@test "input: a file's name is made printable" {
  machine m60
  mdevtool create $'no\nsuch\e[31mfile'
  fails 3
  [[ "$stderr" != *$'\e'* ]] || complain "an escape"
  warns 'no\x0asuch\x1b[31mfile'
}
