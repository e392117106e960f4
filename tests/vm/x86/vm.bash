# shellcheck shell=bash
# shellcheck disable=SC2034 # the test files use what is set here
# What the guests' tests share. They run as root in a guest, on real drivers; see stage.

bats_require_minimum_version 1.5.0
load /usr/lib/bats/assert.bash # bats-support and bats-assert; see prepare

A=11111111-2222-4333-8444-555555555551
B=11111111-2222-4333-8444-555555555552
C=aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeee3
devices=/sys/bus/mdev/devices

# The machine that every test begins with: no device, and nothing remembered.
clean_machine() {
  local device
  for device in "$devices"/*; do
    if [ -e "$device/remove" ]; then
      echo 1 >"$device/remove"
    elif [ -e "$device" ]; then
      echo "${device##*/}" >"$(readlink -f "$device")/../mdev_destroy"
    fi
  done
  rm -rf /run/mdevtool /etc/mdevtool.d /etc/mdevctl.d
}

# write FILE TEXT: one write(2). answered TEXT: what the kernel said, "ok COUNT" or an errno's name.
write() { answer=$("$STORE" "$1" "$2") || :; }
answered() { assert_equal "$answer" "$1"; }

# says FILE TEXT: the file's text, newlines at its end left out.
says() { assert_equal "$(<"$1")" "$2"; }

# there and gone: whether a path is.
there() { [ -e "$1" ] || fail "$1 is not there"; }
gone() { ! [ -e "$1" ] || fail "$1 is still there"; }

# eventually COMMAND…: tries for $patience seconds, every $pause.
patience=5 pause=0.1
eventually() {
  local end=$((SECONDS + patience))
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || break
    sleep $pause
  done
  "$@"
}

# hold UUID: a process opens the device as a VM does. let_go: it closes it.
hold() {
  local group
  group=$(basename "$(readlink -f "$devices/$1/iommu_group")")
  "$HOLD" "$group" "$1" 60 >"$BATS_TEST_TMPDIR/held" 3>&- &
  holder=$!
  eventually grep -q held "$BATS_TEST_TMPDIR/held"
}

let_go() {
  [ -n "${holder:-}" ] || return 0
  kill "$holder" 2>/dev/null || :
  wait "$holder" || :
  holder=
}

# record_as NAME: mdev-record's text and mdevtool's lists of the same tree, for stage to replay. What
# mdevtool remembers is not recorded, so it forgets first.
record_as() {
  local list
  PATH=/busybox:$PATH mdev-record >"/out/$1.machine"
  rm -rf /run/mdevtool
  for list in list-parents list-types list; do mdevtool "$list" --json >"/out/$1.$list"; done
}
