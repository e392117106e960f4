#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# As much as a large host has, and more: 4096 devices on 256 parents, 10000 definitions. All works, in
# time, and memory grows with what is listed, not faster.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # what is loaded uses and sets it

load many.bash

setup() {
  begin_many
}

teardown() {
  forget_memory
}

# crowd N: so many devices that others made, on the cards in turn, after $addresses is known.
crowd() {
  printf '%s\n' "${addresses[@]}" | awk -v n="$1" '
    { address[NR] = $1 }
    END {
      base = "/sys/devices/pci0000:80/0000:80:02.0"
      for (i = 0; i < n; i++) {
        uuid = sprintf("%08x-0000-4000-8000-%012x", i * 7919, i)
        parent = base "/" address[i % NR + 1]
        print "d " parent "/" uuid
        print "l /sys/bus/mdev/devices/" uuid " ../../../.." parent "/" uuid
      }
    }'
}

# Their definitions, the first ones to be started by themselves.
defined() {
  printf '%s\n' "${addresses[@]}" | awk -v dir="$root/etc/mdevctl.d" -v n="$1" -v automatic="$2" '
    { address[NR] = $1; system("mkdir -p " dir "/" $1) }
    END {
      for (i = 0; i < n; i++) {
        file = sprintf("%s/%s/%08x-0000-4000-8000-%012x", dir, address[i % NR + 1], i * 7919 + 1, i)
        printf "{\"mdev_type\": \"11\", \"start\": \"%s\", \"attrs\": []}", i < automatic ? "auto" : "manual" >file
        close(file)
      }
    }'
}

# timed SECONDS ARGUMENT...: mdevtool, which may take so long; its peak in KiB is in $peak.
timed() {
  local ms
  play "$top_builddir/tests/tools/peak" "$BATS_TEST_TMPDIR/peak" "$MDEVTOOL" --root "$root" "${@:2}"
  succeeds
  read -r peak ms <"$BATS_TEST_TMPDIR/peak"
  echo "# ${*:2}: $ms ms, $peak KiB" >&3
  [ "$ms" -le $(($1 * 1000)) ] || complain "$* took $ms ms"
}

# steady PEAK N PEAK N: the larger list takes no more a row than twice what the smaller does, over
# what none takes.
steady() {
  local few=$((($1 - none) * 1000 / $2)) many=$((($3 - none) * 1000 / $4))
  [ "$many" -le $((2 * few + 200)) ] || complain "$few bytes a row become $many"
}

@test "load: 4096 devices on 256 parents, 10000 definitions" {
  local peak none few
  cards 256
  timed 5 list --json
  none=$peak
  { cat "$BATS_TEST_TMPDIR/cards.machine" && crowd 512; } >"$BATS_TEST_TMPDIR/crowd.machine"
  rm -rf "$root"
  "$MDEVSIM" build "$BATS_TEST_TMPDIR/crowd.machine" "$root"
  chmod 0755 "$root"
  timed 5 list --json
  few=$peak
  json '.devices | length' 512
  { cat "$BATS_TEST_TMPDIR/cards.machine" && crowd 4032; } >"$BATS_TEST_TMPDIR/crowd.machine"
  rm -rf "$root"
  "$MDEVSIM" build "$BATS_TEST_TMPDIR/crowd.machine" "$root"
  chmod 0755 "$root"
  timed 20 create --type 11 --group 1 --params x --count 64 --name x
  made 64
  timed 5 list --json
  json '.devices | length' 4096
  json '.devices | map(select(.group == 1 and .params == "x")) | length' 64
  steady "$few" 512 "$peak" 4096
  timed 5 list-types --json
  json '.types | length' 768
  timed 20 destroy --group 1
  defined 1000 0
  timed 5 list --defined --json
  few=$peak
  defined 10000 1024
  timed 10 list --defined --json
  json '.definitions | length' 10000
  steady "$few" 1000 "$peak" 10000
  timed 5 define --type 11 --name desk --params x
  timed 5 modify desk --params y
  timed 5 undefine desk
  # the room that others have is needed
  rm -rf "$root"/{sys,.mdevsim}
  "$MDEVSIM" build "$BATS_TEST_TMPDIR/cards.machine" "$BATS_TEST_TMPDIR/free"
  mv "$BATS_TEST_TMPDIR/free/"{sys,.mdevsim} "$root"
  timed 60 start --auto
  made_all 1024
}

# made_all N: stdout is N UUIDs, and each device is there.
made_all() {
  local uuid
  mapfile -t uuids <<<"$output"
  [ "${#uuids[@]}" -eq "$1" ] || complain "there are not $1 lines"
  for uuid in "${uuids[@]}"; do
    device_exists "$uuid"
  done
}
