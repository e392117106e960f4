#!/usr/bin/env bats
# mdevtool on the kernel's sample drivers: mtty (24 shared ports), mdpy (4 devices of any type) and
# mbochs (256 MB).

# shellcheck disable=SC2154 # vm.bash and bats set what is used here
load vm.bash

bus=/sys/class/mdev_bus
mtty=$bus/mtty/mdev_supported_types
mdpy=$bus/mdpy/mdev_supported_types
mbochs=$bus/mbochs/mdev_supported_types

teardown() {
  let_go
  clean_machine
}

# --- lists -------------------------------------------------------------------------------------

@test "list-parents names what the class mdev_bus holds" {
  run -0 mdevtool list-parents --raw --noheadings -o parent
  assert_output $'mbochs\nmdpy\nmtty'
}

@test "list-types: every field is what the kernel's file says" {
  local type parent description expected=
  for type in "$bus"/*/mdev_supported_types/*; do
    parent=${type%/mdev_supported_types/*}
    description=
    [ ! -e "$type/description" ] || description=$(<"$type/description")
    expected+=${parent##*/}$'\t'${type##*/}$'\t'$(<"$type/available_instances")$'\t'$(<"$type/device_api")
    expected+=$'\t'$(<"$type/name")$'\t'$description$'\n'
  done
  mdevtool list-types --json >"$BATS_TEST_TMPDIR/types"
  run -0 jq -r '.types[] | [.parent, .id, .available_instances, .device_api, .name, .description // ""] | @tsv' \
    "$BATS_TEST_TMPDIR/types"
  assert_output "${expected%$'\n'}"
}

@test "list-types as a table" {
  run -0 mdevtool list-types mtty --raw --noheadings -o parent,type,free,api
  assert_output $'mtty mtty-1 24 vfio-pci\nmtty mtty-2 12 vfio-pci'
}

@test "list and show agree with the links of a device" {
  mdevtool create --parent mtty --type mtty-2 --uuid "$A" --name serial
  run -0 mdevtool list --raw --noheadings -o uuid,name,parent,type
  assert_output "$A serial mtty mtty-2"
  run -0 mdevtool show serial --json
  assert_equal "$(jq -r '.devices[0] | "\(.uuid) \(.state) \(.type_name) \(.iommu_group)"' <<<"$output")" \
    "$A active Dual port serial $(basename "$(readlink "$devices/$A/iommu_group")")"
}

# --- create ------------------------------------------------------------------------------------

@test "create takes two of mtty's ports for mtty-2" {
  run -0 mdevtool create --parent mtty --type mtty-2
  there "$devices/$output"
  says $mtty/mtty-1/available_instances 22
  says $mtty/mtty-2/available_instances 11
}

@test "create takes mbochs's megabytes" {
  mdevtool create --parent mbochs --type mbochs-large --count 3
  says $mbochs/mbochs-small/available_instances 16
  says $mbochs/mbochs-medium/available_instances 4
  says $mbochs/mbochs-large/available_instances 1
}

@test "a UUID in use is 4, in any case and on any parent" {
  mdevtool create --parent mtty --type mtty-1 --uuid "$C"
  run -4 mdevtool create --parent mtty --type mtty-1 --uuid "$C"
  run -4 mdevtool create --parent mdpy --type mdpy-vga --uuid "${C^^}"
  says $mtty/mtty-1/available_instances 23
  says $mdpy/mdpy-vga/available_instances 4
}

@test "no room is 5" {
  mdevtool create --parent mdpy --type mdpy-vga --count 4
  run -5 mdevtool create --parent mdpy --type mdpy-hd
  assert_output --partial "available_instances is 0"
}

@test "what is no UUID is 8, and the kernel is not asked" {
  local uuid
  for uuid in not-a-uuid ${A%?} $A:1 "{$A}" 00000000-0000-0000-0000-000000000000; do
    run -8 mdevtool create --parent mtty --type mtty-1 --uuid "$uuid"
  done
  says $mtty/mtty-1/available_instances 24
}

@test "a set that is too large for the parent is refused as a whole" {
  run -5 mdevtool create --parent mdpy --type mdpy-vga --count 5
  says $mdpy/mdpy-vga/available_instances 4
}

@test "a set whose last device the kernel refuses is rolled back" {
  # mdpy shows 4 free of each type, but they are the same 4.
  cat >"$BATS_TEST_TMPDIR/set" <<JSON
{"devices":[{"parent":"mdpy","type":"mdpy-vga"},{"parent":"mdpy","type":"mdpy-vga"},
 {"parent":"mdpy","type":"mdpy-hd"},{"parent":"mdpy","type":"mdpy-xga"},
 {"parent":"mdpy","type":"mdpy-xga","uuid":"$C"}]}
JSON
  run -5 mdevtool create "$BATS_TEST_TMPDIR/set"
  assert_output --partial mdpy-xga
  says $mdpy/mdpy-vga/available_instances 4
  run -0 mdevtool list --json
  assert_equal "$(jq '.devices | length' <<<"$output")" 0
  run -0 mdevtool recover
}

@test "an attribute that is not there is 8, and the device is gone again" {
  run -8 mdevtool create --parent mtty --type mtty-1 --uuid "$A" --attr vendor/nothing=1
  gone "$devices/$A"
  says $mtty/mtty-1/available_instances 24
}

# --- destroy -----------------------------------------------------------------------------------

@test "destroy by prefix and by name gives the room back" {
  mdevtool create --parent mtty --type mtty-2 --uuid "$A"
  mdevtool create --parent mtty --type mtty-2 --uuid "$B" --name serial
  mdevtool destroy serial
  mdevtool destroy "${A%-*}"
  gone "$devices/$A"
  gone "$devices/$B"
  says $mtty/mtty-1/available_instances 24
}

@test "a device that is held: destroy is refused at once and names the holder" {
  mdevtool create --parent mtty --type mtty-1 --uuid "$A"
  hold "$A"
  run -0 mdevtool list --json
  assert_equal "$(jq -r '.devices[0].holders[0] | "\(.pid) \(.command)"' <<<"$output")" "$holder hold"
  local began=$SECONDS
  run -6 mdevtool destroy "$A"
  assert_output --partial "held by hold (PID $holder)"
  ((SECONDS - began <= 2)) || fail "it took $((SECONDS - began)) s"
  there "$devices/$A"
}

@test "a device that is held: --wait is the longest it waits" {
  mdevtool create --parent mtty --type mtty-1 --uuid "$A"
  hold "$A"
  local began=$SECONDS
  run -6 mdevtool destroy --wait 2 "$A"
  ((SECONDS - began >= 2 && SECONDS - began <= 5)) || fail "it took $((SECONDS - began)) s"
}

@test "a device that is let go while destroy waits is destroyed" {
  mdevtool create --parent mtty --type mtty-1 --uuid "$A"
  hold "$A"
  (sleep 2 && kill "$holder") 3>&- &
  run -0 mdevtool destroy --wait 20 "$A"
  gone "$devices/$A"
}

# without DIRECTORY… -- COMMAND…: the command, with nothing in these directories.
without() {
  local mounts=
  while [ "$1" != -- ]; do
    mounts+="mount -t tmpfs none $1 && "
    shift
  done
  shift
  unshare --mount sh -c "$mounts exec \"\$@\"" sh "$@"
}

@test "a holder that cannot be seen is noticed by its IOMMU group" {
  mdevtool create --parent mtty --type mtty-1 --uuid "$A"
  hold "$A"
  run -6 without /proc -- mdevtool destroy --wait 1 "$A"
  there "$devices/$A"
}

@test "a holder that cannot be noticed: the removal is left pending, and everything else goes on" {
  mdevtool create --parent mtty --type mtty-1 --uuid "$A"
  hold "$A"
  local began=$SECONDS
  run -6 without /proc /dev/vfio -- mdevtool destroy --wait 1 "$A"
  ((SECONDS - began <= 6)) || fail "it took $((SECONDS - began)) s"
  # The kernel took the device off the bus, but keeps its port and its UUID.
  gone "$devices/$A"
  says $mtty/mtty-1/available_instances 23

  run -4 mdevtool create --parent mtty --type mtty-1 --uuid "$A"
  run -0 mdevtool create --parent mtty --type mtty-1 --uuid "$B"
  run mdevtool recover
  there "$devices/$B"

  let_go
  eventually says $mtty/mtty-1/available_instances 23
  run -0 mdevtool recover
  run -0 mdevtool create --parent mtty --type mtty-1 --uuid "$A"
}

holds_something() { [ -n "$(ls -A "$1")" ]; }

@test "a parent that goes while a set is made: the command ends, and says so" {
  mdevtool create --parent mtty --type mtty-1 --count 24 >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
  local creator=$! status=0
  eventually holds_something $mtty/mtty-1/devices
  rmmod mtty
  wait $creator || status=$?
  modprobe mtty
  echo "status $status"
  cat "$BATS_TEST_TMPDIR/out"
  says $mtty/mtty-1/available_instances 24
  if ((status == 0)); then skip "the set was complete before the parent went"; fi
  grep -q "^mdevtool: " "$BATS_TEST_TMPDIR/out"
  run -0 mdevtool recover
  run -0 mdevtool list
}

@test "destroy of a device that has gone with its parent is 3" {
  mdevtool create --parent mtty --type mtty-1 --uuid "$A"
  rmmod mtty
  run -3 mdevtool destroy "$A"
  modprobe mtty
  run -0 mdevtool create --parent mtty --type mtty-1 --uuid "$A"
}

# --- mdev-record -------------------------------------------------------------------------------

@test "mdev-record" {
  mdevtool create --parent mtty --type mtty-2 --uuid "$A"
  mdevtool create --parent mbochs --type mbochs-large --uuid "$B"
  record_as samples
  grep -q "l /sys/devices/virtual/mtty/mtty/$A/mdev_type ../mdev_supported_types/mtty-2" /out/samples.machine
}

# --- several at once ---------------------------------------------------------------------------

# worker N: makes, lists and removes for a while; complains on stdout. A group is one set's.
worker() {
  local i out
  for ((i = 0; i < 4; i++)); do
    out=$(mdevtool create --parent mtty --type mtty-1 --count 2 --group auto --name "w$1-$i" 2>&1) || {
      [ $? -eq 5 ] || echo "create: $out"
      continue
    }
    mdevtool list --json 2>&1 | jq -e '.devices | (map(has("parent") and .type == "mtty-1") | all) and
      (map(select(.group)) | group_by(.group) | map(map(.name | sub("-[12]$"; "")) | unique | length) |
      all(. == 1))' >/dev/null || echo "list: a row is not whole, or a group was given twice"
    # shellcheck disable=SC2086 # its UUIDs
    out=$(mdevtool destroy $out 2>&1) || echo "destroy: $out"
  done
}

@test "8 at once make, list and remove: the kernel's counts add up, and no group is given twice" {
  local i workers=()
  for ((i = 1; i <= 8; i++)); do
    worker "$i" >"$BATS_TEST_TMPDIR/worker.$i" 2>&1 3>&- &
    workers+=($!)
  done
  wait "${workers[@]}" # only for these: bats's own watchman is a child, too
  run -0 cat "$BATS_TEST_TMPDIR"/worker.*
  assert_output ''
  says $mtty/mtty-1/available_instances 24
  run -0 mdevtool recover
  assert_output 'nothing to recover'
  run -0 find "$devices/" /run/mdevtool/devices /run/mdevtool/journal -mindepth 1
  assert_output ''
}
