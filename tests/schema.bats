# SPDX-License-Identifier: GPL-2.0-or-later
# Every kind of --json document, on many machines, against the schema that is installed.
# shellcheck disable=SC2016 # Python is quoted
# shellcheck disable=SC2030,SC2031,SC2154 # bats sets status, output and stderr for each test

bats_require_minimum_version 1.5.0
bats_load_library bats-support
bats_load_library bats-assert

UUID=2f0c2d5e-9b1e-4f4e-8a53-5f0f1c7f9a11
PCI=sys/devices/pci0000:80/0000:80:02.0/0000:86:00.0

setup() {
  top_srcdir=${top_srcdir:-$(cd "$BATS_TEST_DIRNAME/.." && pwd)}
  top_builddir=${top_builddir:-$top_srcdir}
  schema=$top_srcdir/src/out/mdevtool.schema.json
  sim=$top_builddir/tests/mdevsim/mdevsim
  root=$BATS_TEST_TMPDIR/machine
  documents=$BATS_TEST_TMPDIR/documents
  unset MDEVTOOL_ROOT
  python3 -W ignore -c 'import jsonschema; jsonschema.Draft202012Validator' 2>/dev/null ||
    skip "python3-jsonschema is not installed"
}

machine() {
  rm -rf "$root"
  "$sim" build "$top_srcdir/tests/machines/$1.machine" "$root"
}

# try STATUS ARGUMENT...: the command must end so; its document is kept for conform.
try() {
  local wanted=$1
  shift
  run --separate-stderr "$sim" run "$root" -- "$top_builddir/mdevtool" --root "$root" --json "$@"
  [ "$status" -ne 77 ] || skip "no seccomp user notification here"
  [ "$status" -eq "$wanted" ] || fail "'$*' ended with $status: $stderr"
  printf '%s\n' "$output" | tr '\n' ' ' >>"$documents"
  printf '\n' >>"$documents"
}

# Validates all documents in one go; says which line is wrong, and why.
conform() {
  run python3 -W ignore - "$schema" "$documents" <<'END'
import json, sys, jsonschema

validator = jsonschema.Draft202012Validator(json.load(open(sys.argv[1])))
for line in open(sys.argv[2]):
    # which alternative was meant shows in the members
    errors = list(validator.iter_errors(json.loads(line)))
    for error in errors:
        print(line.strip())
        for cause in sorted(error.context, key=lambda cause: -len(cause.path))[:1]:
            print("  at", "/".join(map(str, cause.path)), ":", cause.message)
END
  assert_success
  assert_output ''
}

# Every document that only reads, whole and in part.
try_all_readers() {
  try "$1" list-parents
  try "$1" list-types
  try "$1" list-types --available
  try 0 list-parents -o name
  try 0 list-types -o id,parent
  try 0 list -o uuid
  try "${2:-0}" list
}

@test "the schema is one" {
  run python3 -W ignore - "$schema" <<'END'
import json, sys, jsonschema
jsonschema.Draft202012Validator.check_schema(json.load(open(sys.argv[1])))
END
  assert_success
}

@test "every key has a description, or is of a kind that has one" {
  run python3 - "$schema" <<'END'
import json, sys

def walk(node, path):
    if isinstance(node, dict):
        for key, value in node.get("properties", {}).items():
            if isinstance(value, dict) and "description" not in value and "$ref" not in value \
                    and key not in ("pid",):
                print(path + "/" + key)
        for key, value in node.items():
            walk(value, path + "/" + key)
    elif isinstance(node, list):
        for value in node:
            walk(value, path)

walk(json.load(open(sys.argv[1])), "")
END
  assert_success
  assert_output ''
}

@test "every key of a record is in the manual" {
  local page key
  for page in parent:list-parents type:list-types device:list holder:list definition:list \
    attribute:list; do
    for key in $(python3 -c 'import json, sys
for key in json.load(open(sys.argv[1]))["$defs"][sys.argv[2]]["properties"]: print(key)' \
      "$schema" "${page%:*}"); do
      # only create prints it
      [ "$key" != params_ignored ] || continue
      grep -q "$key" "$top_srcdir/man/mdevtool-${page#*:}.1" ||
        fail "mdevtool-${page#*:}.1 does not mention $key"
    done
  done
}

@test "no machine at all" {
  machine empty
  try_all_readers 0
  conform
}

@test "the mail's card, its types and devices" {
  machine m60
  try_all_readers 0
  try 0 create --type 11 --group 1 --params frame_rate_limiter=0 --dry-run
  try 0 create --type 11 --group 1 --params frame_rate_limiter=0 --uuid $UUID --name one
  try 0 create --type 11 --count 2 --name two
  try 0 list
  try 0 show 0000:86:00.0
  try 0 show $UUID
  try 0 show 0000:86:00.0 $UUID
  try 0 start-vm-args --group 1
  try 0 destroy --group 1 --dry-run
  try 0 destroy one
  try 0 destroy --parent 0000:86:00.0 --all
  try 0 recover
  conform
}

@test "a type by itself" {
  machine m60
  try 0 show 11
  try 0 show 'GRID M60-0B'
  conform
}

@test "the kernel's sample drivers" {
  machine samples
  try_all_readers 0
  try 0 create --type mtty-2 --group auto
  try 0 create --type mtty-2 --params ignored=1
  try 0 list
  try 0 show mtty
  conform
}

@test "descriptions taken apart" {
  machine gvtg
  try_all_readers 0
  try 0 show 0000:00:02.0
  machine nvidia-mdev
  try_all_readers 0
  try 0 create --type 63 --params frame_rate_limiter=0
  conform
}

@test "s390" {
  machine s390-ap
  try_all_readers 0
  try 0 create --type vfio_ap-passthrough
  try 0 list
  machine s390-ccw
  try_all_readers 0
  try 0 create --type vfio_ccw-io --parent css_0_0_0001 --uuid $UUID
  try 0 start-vm-args $UUID
  conform
}

@test "virtual functions, off and on, ours and others'" {
  machine nvidia-vf-off
  try_all_readers 0
  try 0 list-parents --all
  try 0 list-types --all
  machine nvidia-vf-mixed
  try_all_readers 0
  try 0 create --type 1155 --uuid $UUID --params a=1 --attr nvidia/placement_id=24
  "$sim" run "$root" -- sh -c "echo 1145 >$root/sys/bus/pci/devices/0000:41:00.7/nvidia/current_vgpu_type"
  try 0 list
  try 0 list-types --all
  try 0 list-parents --all
  try 0 show $UUID
  try 0 show 0000:41:00.0
  try 0 show 0000:41:00.7
  try 0 start-vm-args $UUID
  try 0 define --type 1145 --parent 0000:41:00.0
  try 0 list --defined
  conform
}

@test "all of them together" {
  machine mixed
  try_all_readers 0
  conform
}

@test "held, foreign and half removed devices" {
  machine m60
  try 0 create --type 11 --uuid $UUID
  "$sim" hold "$root" $UUID 4711 qemu-system-x86
  try 0 list
  try 6 destroy $UUID
  try 6 start-vm-args $UUID
  "$sim" release "$root" $UUID
  # where processes are hidden
  rm -r "$root/proc/self"
  try 0 list
  try 0 start-vm-args $UUID
  # as if somebody else had made it
  rm "$root/run/mdevtool/devices/$UUID"
  try 0 list
  try 0 show $UUID
  try 0 start-vm-args $UUID
  conform
}

@test "a removal that is pending" {
  machine m60
  try 0 create --type 11 --uuid $UUID
  "$sim" run "$root" --linger --exec "*/mdev_destroy=$sim hold $root $UUID 4711 qemu-system-x86" -- \
    sh -c "$top_builddir/mdevtool --root $root --json destroy $UUID --wait 1
      $top_builddir/mdevtool --root $root --json list
      $top_builddir/mdevtool --root $root --json show $UUID
      $sim release $root $UUID" >"$BATS_TEST_TMPDIR/answers" 2>/dev/null
  python3 -c 'import json, sys
text = open(sys.argv[1]).read()
while text.strip():
    value, end = json.JSONDecoder().raw_decode(text.lstrip())
    text = text.lstrip()[end:]
    print(json.dumps(value))' "$BATS_TEST_TMPDIR/answers" >>"$documents"
  run grep -c pending-removal "$documents"
  assert_output 2
  conform
}

@test "definitions" {
  machine m60
  try 0 list --defined
  try 0 define --type 11 --uuid $UUID --name one --group 1 --params x=y --attr a=b --auto
  try 0 define --type 11 --count 2
  try 0 list --defined
  try 0 list --defined -o uuid,state
  try 0 modify one --group auto --manual
  try 0 show one
  try 0 start one --dry-run
  try 0 modify one --del-attr 0
  try 0 start one
  try 0 show one
  try 0 show 0000:86:00.0 11 one
  try 0 modify one --auto
  try 0 start --auto
  try 0 undefine one
  mkdir -p "$root/etc/mdevctl.d/mtty"
  printf '{' >"$root/etc/mdevctl.d/mtty/$UUID"
  try 1 list --defined
  try 9 show $UUID --xml
  try 8 modify $UUID --auto
  conform
}

@test "what an interrupted run left" {
  machine m60
  run "$sim" run "$root" --kill-after '*/create' -- "$top_builddir/mdevtool" --root "$root" \
    create --type 11 --params frame_rate_limiter=0
  try 0 list
  try 0 recover --dry-run
  try 0 recover
  conform
}

@test "warnings about hostile trees" {
  local types=$BATS_TEST_TMPDIR/machine/$PCI/mdev_supported_types
  machine m60
  rm "$types/13/heads"
  chmod u+w "$types"/*/* "$root/$PCI/vendor"
  printf 'no number\n' >"$types/12/max_instances"
  printf '\033[31m\xff\xfe\n' >"$types/11/name"
  printf '\n' >"$types/12/name"
  rm "$types/11/resolution"
  mkdir "$types/11/resolution"
  printf '0x10de\n\n' >"$root/$PCI/vendor"
  try 1 list-types
  try 1 show 0000:86:00.0
  try 0 list-parents
  mkdir "$root/sys/bus/mdev/devices/not-a-uuid"
  try 1 list
  conform
}

@test "every kind of error" {
  machine m60
  printf '<device>\n<group>' >"$BATS_TEST_TMPDIR/broken.xml"
  printf '{"type": "11",\n "grup": 1}' >"$BATS_TEST_TMPDIR/broken.json"
  try 2 show
  try 2 list-types -o bogus
  try 2 destroy
  try 2 bogus
  try 3 list-parents 0000:87:00.0
  try 3 show nothing
  try 3 create "$BATS_TEST_TMPDIR/nothing.xml"
  try 8 create "$BATS_TEST_TMPDIR/broken.xml"
  try 8 create "$BATS_TEST_TMPDIR/broken.json"
  try 8 create --type 11 --group 0
  try 8 list 2f0c
  try 0 create --type 11 --uuid $UUID --name one
  try 4 create --type 11 --uuid $UUID
  try 4 create --type 11 --name one
  try 5 create --type 12
  try 9 show $UUID --xml
  chmod o+w "$root/run/mdevtool"
  try 7 create --type 11
  chmod o-w "$root/run/mdevtool"
  "$sim" hold "$root" $UUID 4711 $'strange\033[31m'
  try 6 destroy $UUID
  run grep -o '"kind": "[a-z-]*"' "$documents"
  assert_equal "$(sort -u <<<"$output" | wc -l)" 8
  conform
}

@test "an error that the driver makes" {
  machine m60
  run --separate-stderr "$sim" run "$root" --fail '*/create=EIO' -- "$top_builddir/mdevtool" \
    --root "$root" --json create --type 11
  assert_equal "$status" 1
  printf '%s\n' "$output" >"$documents"
  run grep -c '"kind": "failed"' "$documents"
  assert_output 1
  conform
}

# refused DOCUMENT: the schema can say no.
refused() {
  printf '%s\n' "$1" >"$documents"
  run conform
  [ "$status" -ne 0 ] || fail "the schema accepts $1"
}

@test "the schema refuses what no document is" {
  refused '{}'
  refused '[]'
  refused '{"bogus": []}'
  refused '{"types": [{"id": "11", "bogus": 1}]}'
  refused '{"types": [{"id": 11}]}'
  refused '{"types": [{"available": "14"}]}'
  refused '{"types": [{"available": -1}]}'
  refused '{"types": [], "error": {"kind": "failed", "message": "x"}}'
  refused '{"error": {"kind": "sad", "message": "x"}}'
  refused '{"error": {"kind": "failed"}}'
  refused '{"devices": [{"uuid": "2F0C2D5E-9B1E-4F4E-8A53-5F0F1C7F9A11"}]}'
  refused '{"devices": [{"group": 0}]}'
  refused '{"devices": [{"holders": [{"pid": 1}]}]}'
  refused '{"types": [], "warnings": []}'
  refused '{"arguments": ["vfio-pci"]}'
  refused '{"destroyed": ["x"]}'
  refused '{"attached": [{"uuid": "2f0c2d5e-9b1e-4f4e-8a53-5f0f1c7f9a11"}]}'
  refused '{"detached": [{"already": true}]}'
}
