#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# mdevtool export: there and back again.
# shellcheck disable=SC2154 # set by what is loaded

load mdevtool.bash

formats="json mdevctl rfc-xml libvirt-xml"

# prints FORMAT DOCUMENT...: what these are in the other format, in $output.
prints() {
  mdevtool export --format "$1" "${@:2}"
  succeeds
}

# A definition with all that there can be.
whole_definition() {
  definition "$A" 11 --name desk --group 3 --params "it's a <b> & \"c\"" --auto \
    --attr 'a/b=<&>"'"'" --attr 'a/b='
}

### Each format

@test "export: json has everything" {
  machine m60
  whole_definition
  mdevtool export desk
  succeeds
  is_silent
  [ "$(jq -c . <<<"$output")" = "$(jq -c . <<END
{"uuid": "$A", "name": "desk", "parent": "$card", "type": "11", "group": 3,
 "params": "it's a <b> & \"c\"", "start": "auto", "attrs": [{"a/b": "<&>\"'"}, {"a/b": ""}]}
END
)" ] || complain "not so"
  wrote_nothing
  local plain=$output
  mdevtool export desk --json
  says "$plain"
  mdevtool export desk --format json
  says "$plain"
}

@test "export: mdevctl: what lies in its file, and a word of what is lost" {
  machine m60
  definition "$A" 11 --name desk --group 3 --params x --auto --attr a=b
  mdevtool export "$A" --format mdevctl
  succeeds
  [ "$output" = "$(cat "$root/etc/mdevctl.d/$card/$A")" ] || complain "not as in its file"
  warns "'desk' is printed without what this format cannot hold: name, group, params, UUID, parent"
  mdevtool export "$A" --format mdevctl --quiet
  is_silent
}

@test "export: rfc-xml: the mail's document" {
  machine m60
  definition "$A" 11 --name my-vgpu --group 1 --params frame_rate_limiter=0
  mdevtool export my-vgpu --format rfc-xml
  succeeds
  says "<device>
  <name>my-vgpu</name>
  <parent>pci_0000_86_00_0</parent>
  <capability type='mdev'>
    <type id='11'/>
    <group>1</group>
    <params>'frame_rate_limiter=0'</params>
  </capability>
</device>"
  warns "'my-vgpu' is printed without what this format cannot hold: UUID"
}

@test "export: libvirt-xml: what libvirt takes" {
  machine s390-ap
  mdevtool define --type vfio_ap-passthrough --parent matrix --uuid "$A" --name desk --auto \
    -a assign_adapter=5 -a assign_domain=0xab
  mdevtool export desk -f libvirt-xml
  succeeds
  says "<device>
  <parent>ap_matrix</parent>
  <capability type='mdev'>
    <type id='vfio_ap-passthrough'/>
    <uuid>$A</uuid>
    <attr name='assign_adapter' value='5'/>
    <attr name='assign_domain' value='0xab'/>
  </capability>
</device>"
  warns "'desk' is printed without what this format cannot hold: name, automatic start"
}

@test "export: all definitions are a list, however few, sorted by parent and UUID" {
  machine m60x2
  mdevtool define --type 11 --parent 0000:87:00.0 --uuid "$A" --auto
  mdevtool export
  succeeds
  json '.devices | map(.uuid) == ["'"$A"'"]'
  definition "$C" 11
  definition "$B" 11
  mdevtool export
  json '.devices | map(.uuid) == ["'"$B"'", "'"$C"'", "'"$A"'"]'
  mdevtool export --format mdevctl
  succeeds
  is_silent
  [ "$(jq -c . <<<"$output")" = "[{\"0000:86:00.0\":[{\"$B\":{\"mdev_type\":\"11\",\"start\":\"manual\",\"attrs\":[]}},{\"$C\":{\"mdev_type\":\"11\",\"start\":\"manual\",\"attrs\":[]}}],\"0000:87:00.0\":[{\"$A\":{\"mdev_type\":\"11\",\"start\":\"auto\",\"attrs\":[]}}]}]" ] ||
    complain "not so"
  mdevtool export --format libvirt-xml
  mentions "<devices>" "<uuid>$A</uuid>" "<uuid>$B</uuid>"
  mdevtool export --parent 87:00.0
  json '.devices | map(.uuid) == ["'"$A"'"]'
}

@test "export: nothing where nothing is defined" {
  machine m60
  mdevtool export
  succeeds
  json '.devices == []'
  mdevtool export --format rfc-xml
  succeeds
  says "<devices>
</devices>"
}

@test "export: those that are named, in their order, devices too" {
  machine m60
  definition "$A" 11 --name desk
  device "$B" 11 --group 2 --params x
  mdevtool export "$B" desk
  succeeds
  json '.devices | map(.uuid) == ["'"$B"'", "'"$A"'"]'
  json '.devices[0] | [.group, .params] == [2, "x"]'
  mdevtool export "${B:0:8}" "$B"
  succeeds
  json .uuid "$B"
  mdevtool export desk "$B" "$A" desk
  succeeds
  json '.devices | map(.uuid) == ["'"$A"'", "'"$B"'"]'
}

### There and back

# Each document in each format, and what that one holds, back in the first.
@test "export: any format into any other and back" {
  machine m60
  needs xmllint
  local from to
  mkdir "$BATS_TEST_TMPDIR/documents"
  cd "$BATS_TEST_TMPDIR/documents"
  # what each can hold
  echo "{\"uuid\": \"$A\", \"name\": \"desk\", \"parent\": \"$card\", \"type\": \"11\", \"group\": 3,
    \"params\": \"x='y z'\", \"start\": \"auto\", \"attrs\": [{\"a\": \"<&>\"}, {\"a\": \"b\"}]}" >json
  echo "[{\"$card\": [{\"$A\": {\"mdev_type\": \"11\", \"start\": \"manual\",
    \"attrs\": [{\"a\": \"<&>\"}, {\"a\": \"b\"}]}}]}]" >mdevctl
  echo "<device><name>desk</name><parent>$node</parent><capability type='mdev'><type id='11'/>
    <group>3</group><params>'x=&apos;y z&apos;'</params></capability></device>" >rfc-xml
  echo "<device><parent>$node</parent><capability type='mdev'><type id='11'/><uuid>$A</uuid>
    <attr name='a' value='&lt;&amp;&gt;'/><attr name='a' value='b'/></capability></device>" >libvirt-xml
  for from in $formats; do
    prints json "./$from"
    [ "$from" != json ] || is_silent
    printf '%s\n' "$output" >"$from.json"
    [ "$from" != json ] || [ "$(jq -cS . json)" = "$(jq -cS . json.json)" ] || complain "json lost something"
    for to in $formats; do
      prints "$to" "./$from"
      printf '%s\n' "$output" >"$from.$to"
      # another time, nothing more is lost
      prints json "./$from.$to"
      printf '%s\n' "$output" >again
      prints "$to" ./again
      [ "$output" = "$(cat "$from.$to")" ] || complain "$from as $to changes when it is read again"
    done
    # a format holds what it was made of
    prints json "./$from.$from"
    [ "$(jq -cS 'del(.uuid, .parent, .start)' <<<"$output")" = \
      "$(jq -cS 'del(.uuid, .parent, .start)' "$from.json")" ] || complain "$from loses something of its own"
  done
  xmllint --noout ./*xml
}

@test "export: what is printed can be defined, and is then the same" {
  machine m60
  whole_definition
  definition "$B" 12
  definition "$C" 11 --group 3
  local format before after
  for format in $formats; do
    mdevtool export --format "$format"
    succeeds
    printf '%s\n' "$output" >"$BATS_TEST_TMPDIR/$format"
  done
  mdevtool export
  before=$output
  mdevtool undefine "$A" "$B" "$C"
  mdevtool define "$BATS_TEST_TMPDIR/json"
  succeeds
  mdevtool export
  says "$before"
  mdevtool undefine "$A" "$B" "$C"
  mdevtool define "$BATS_TEST_TMPDIR/mdevctl"
  succeeds
  mdevtool export
  after=$(jq -c '.devices | map(del(.name, .group, .params))' <<<"$before")
  [ "$(jq -c .devices <<<"$output")" = "$after" ] || complain "not the same by mdevctl's format"
  mdevtool undefine "$A" "$B" "$C"
  mdevtool define "$BATS_TEST_TMPDIR/libvirt-xml"
  succeeds
  mdevtool export
  after=$(jq -c '.devices | map(del(.name, .group, .params) | .start = "manual")' <<<"$before")
  [ "$(jq -c .devices <<<"$output")" = "$after" ] || complain "not the same by libvirt's"
  mdevtool undefine "$A" "$B" "$C"
  mdevtool define "$BATS_TEST_TMPDIR/rfc-xml"
  succeeds
  mdevtool export
  after=$(jq -cS '.devices | map(del(.uuid, .attrs) | .start = "manual") | sort' <<<"$before")
  [ "$(jq -cS '.devices | map(del(.uuid)) | sort' <<<"$output")" = "$after" ] ||
    complain "not the same by the mail's"
}

@test "export: what is printed can be created" {
  machine m60
  definition "$A" 11 --name desk --group 3 --params x=y
  mdevtool export desk --format rfc-xml
  document "$output"
  mdevtool undefine desk
  mdevtool create "$document"
  succeeds
  made 1
  has "${uuids[0]}" params x=y
  mdevtool list --json
  json '.devices[0] | [.name, .group] == ["desk", 3]'
}

@test "export: a list of mdevctl's that is in no document of its own" {
  machine m60
  mdevtool export --format mdevctl - <<<'[{"type": "11"}, {"type": "12"}]'
  fails 9 "parent and the UUID"
  says_nothing
  mdevtool export --format mdevctl - <<<'{"type": "11"}'
  succeeds
}

@test "export: parents whose names libvirt would spell in a way that does not come back" {
  machine m60
  local parent
  for parent in mtty 0000:99:00.0 0.0.0001 matrix a_b; do
    mdevtool define --type 11 --parent "$parent" --uuid "$A"
    succeeds
    prints libvirt-xml "$A"
    document "$output"
    mdevtool undefine "$A"
    mdevtool define "$document"
    succeeds
    [ -f "$root/etc/mdevctl.d/$parent/$A" ] || complain "'$parent' did not come back"
    mdevtool undefine "$A"
  done
}

### What is wrong

@test "export: one that cannot be read is a warning among all, an error when it is meant" {
  machine m60
  definition "$A" 11
  foreign_definition "$card" "$B" '{"start": "auto"}'
  mdevtool export
  fails 1 "warning: /etc/mdevctl.d/$card/$B:1:1: \"mdev_type\" is missing"
  json '.devices | length' 1
  mdevtool export "$A"
  succeeds
  mdevtool export "$B"
  fails 8 "/etc/mdevctl.d/$card/$B:1:1: "
  says_nothing
}

@test "export: bad documents with file, line and column" {
  machine m60
  document '{"type": "11",
 "group": 0}'
  mdevtool export "$document"
  fails 8 "$document:2:11: "
  says_nothing
  document '<device>
 <typo/></device>'
  mdevtool export "$document" --format json
  fails 8 "$document:2:"
  mdevtool export - </dev/null
  fails 8 stdin empty
}

@test "export: wrong use, and what is not there" {
  machine m60
  definition "$A" 11 --name desk
  mdevtool export --format yaml
  fails 2 "--format" yaml
  mdevtool export --format rfc-xml --json
  fails 2 "--json and --format=rfc-xml"
  mdevtool export dusk
  fails 3 "no definition, device or FILE 'dusk'"
  hints desk
  mdevtool export "$B"
  fails 3 "$B"
  mdevtool export ./none
  fails 3 "./none"
  mdevtool export --parent a/b
  fails 8 a/b
  play sh -c 'exec "$@" >/dev/full' - "$MDEVTOOL" --root "$root" export
  fails 1 stdout
}
