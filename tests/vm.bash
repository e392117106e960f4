# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # set by mdevtool.bash
# A running VM for the tests of attach and detach: a peer that speaks QMP as QEMU does, or does not
# (tests/tools/qmp-peer.c). Its socket is $vm.

vm=$BATS_TEST_TMPDIR/qmp
vm_pid=

# a_vm OPTION...: qmp-peer's.
a_vm() {
  stops
  rm -f "$vm" "$vm.log"
  MDEVSIM=$MDEVSIM "$top_builddir/tests/tools/qmp-peer" "$vm" "$@" >"$vm.log" 3>&- &
  vm_pid=$!
  until grep -qs ready "$vm.log"; do
    kill -0 "$vm_pid" || complain "the VM does not start"
    sleep 0.01
  done
}

stops() {
  [ -z "$vm_pid" ] || { kill "$vm_pid" && wait "$vm_pid"; } 2>/dev/null || true
  vm_pid=
}

# vm_is_idle: it has done what it was told, also by those who are gone; or it is gone itself.
vm_is_idle() {
  while [ "$(grep -c '^serves' "$vm.log")" -ne "$(grep -c '^served' "$vm.log")" ] &&
    kill -0 "$vm_pid" 2>/dev/null; do
    sleep 0.01
  done
}

teardown() {
  stops
}

# vm_was_told COMMAND [ARGUMENTS]...: those that change something, in order, and no others.
vm_was_told() {
  local wanted='' told
  while [ $# -gt 0 ]; do
    wanted+="$1 $2"$'\n'
    shift 2
  done
  told=$(sed -nE 's/^\{"execute": ?"(device_[a-z]+)".*"arguments": ?(\{.*\})\}$/\1 \2/p' "$vm.log")
  [ "$told" = "${wanted%$'\n'}" ] || complain "the VM was not told" "$wanted" "but" "$told"
}

# plugged UUID [BUS]: the arguments of device_add.
plugged() {
  printf '{"driver":"vfio-pci","sysfsdev":"/sys/bus/mdev/devices/%s"%s,"id":"mdev-%s"}' \
    "$1" "${2:+,\"bus\":\"$2\"}" "$1"
}

# unplugged UUID: the arguments of device_del.
unplugged() {
  printf '{"id":"mdev-%s"}' "$1"
}

# has UUID: an option of a_vm(), for one that it was given by attach.
has() {
  printf 'mdev-%s=/sys/bus/mdev/devices/%s' "$1" "$1"
}
