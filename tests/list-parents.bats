#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# mdevtool list-parents
# shellcheck disable=SC2154 # set by what is loaded

load mdevtool.bash

@test "list-parents: the mail's card with its driver and NUMA node" {
  machine m60
  mdevtool list-parents --raw --noheadings -o parent,driver,numa,types
  succeeds
  says "$card nvidia 1 3"
  wrote_nothing
}

@test "list-parents: a line of headings first" {
  machine m60
  mdevtool list-parents
  succeeds
  [[ "${lines[0]}" == PARENT\ *DEVICE\ *DRIVER\ *NUMA\ *TYPES* ]] || complain "other headings"
  [ "${#lines[@]}" -eq 2 ] || complain "not two lines"
}

@test "list-parents: vendor and product, at least their numbers" {
  machine m60
  mdevtool list-parents --json
  succeeds
  json '.parents | length' 1
  json '.parents[0].vendor_id' 0x10de
  json '.parents[0].product_id' 0x13f2
  json '.parents[0].name' "$card"
  json '.parents[0].numa_node' 1
  json '.parents[0].types' 3
}

@test "list-parents: their names, where there is a hardware database" {
  needs_hwdb
  machine m60
  mdevtool list-parents --json
  succeeds
  is_silent
  json '.parents[0].product_name' "NVIDIA Corporation GM204GL [Tesla M60]"
}

@test "list-parents: without libudev the numbers do" {
  machine m60
  without libudev
  mdevtool list-parents --json
  succeeds
  is_silent
  json '.parents[0].product_name' 0x10de:0x13f2
}

@test "list-parents: every one of a mixed machine, each once" {
  machine mixed
  mdevtool list-parents --noheadings --raw -o parent
  succeeds
  output=$(sort <<<"$output")
  says "0.0.0001
0000:00:02.0
0000:41:00.0
0000:86:00.0"
}

@test "list-parents: a parent on a bus and in the class is one parent" {
  machine s390-ap
  mdevtool list-parents --noheadings --raw -o parent
  succeeds
  says matrix
}

@test "list-parents: only those that are named, in any spelling" {
  machine mixed
  local spelling
  for spelling in "$card" 86:00.0 "$node" "/sys/bus/pci/devices/$card" \
    "/sys/devices/pci0000:80/0000:80:02.0/$card"; do
    mdevtool list-parents "$spelling" --noheadings --raw -o parent
    succeeds
    says "$card"
  done
  mdevtool list-parents css_0_0_0001 --noheadings --raw -o parent
  says 0.0.0001
  mdevtool list-parents 0.0.0001 --noheadings --raw -o parent
  says 0.0.0001
}

@test "list-parents: the AP matrix under each of its names" {
  machine s390-ap
  local spelling
  for spelling in matrix ap_matrix /sys/devices/vfio_ap/matrix; do
    mdevtool list-parents "$spelling" --noheadings --raw -o parent
    succeeds
    says matrix
  done
}

@test "list-parents: an unknown parent is not found, and the nearest is offered" {
  machine m60
  mdevtool list-parents 0000:86:00.1
  fails 3 "'0000:86:00.1'"
  hints "$card"
  says_nothing
}

@test "list-parents: a parent's name with a slash is no name" {
  machine m60
  mdevtool list-parents ../../etc
  fails 8 "../../etc"
  mdevtool list-parents ..
  fails 8
}

@test "list-parents: a machine without mediated devices is no failure, but is told" {
  machine empty
  mdevtool list-parents
  succeeds
  says_nothing
  warns "no driver has registered"
  mdevtool list-parents --json
  succeeds
  json '.parents == []'
}

@test "list-parents: where there could be some, it is told how to see them" {
  machine nvidia-vf-off
  mdevtool list-parents
  succeeds
  says_nothing
  warns "--all shows what could"
  mdevtool list-types
  succeeds
  warns "'mdevtool list-parents --all' shows what could"
  mdevtool show "$gpu"
  fails 3 "'$gpu' makes no devices: its virtual functions are off"
  hints "sriov-manage -e $gpu"
}

@test "list-parents: a channel device's number leads to its subchannel, and to no other" {
  machine s390-ccw
  mdevtool create --type vfio_ccw-io --parent 0.0.0A02
  fails 3 "no parent '0.0.0A02'"
  hints "did you mean '0.0.0002', the subchannel of '0.0.0A02'?"
  mdevtool show 0.0.0a03
  fails 3
  hints "did you mean '0.0.0003', the subchannel of '0.0.0a03'?"
  mdevtool define --type vfio_ccw-io --parent 0.0.0a03
  succeeds
  warns "the parent '0.0.0a03' is not there now: did you mean '0.0.0003'"
}

@test "list-parents: a machine without any /sys is no failure either" {
  mkdir -p "$BATS_TEST_TMPDIR/bare"
  run --separate-stderr "$MDEVTOOL" --root "$BATS_TEST_TMPDIR/bare" list-parents
  succeeds
  says_nothing
}

@test "list-parents: a subchannel without vfio_ccw is none" {
  machine s390-ccw
  mdevtool list-parents --noheadings --raw -o parent,driver,types
  succeeds
  says "0.0.0001 vfio_ccw 1
0.0.0002 vfio_ccw 1"
}

@test "list-parents: a subchannel without vfio_ccw is shown with --all, and what binds it" {
  machine s390-ccw
  mdevtool list-parents --all --json
  succeeds
  json '.parents | length' 3
  json '.parents[0] | has("reason")' false
  json '.parents[2].name' 0.0.0003
  json '.parents[2].fix' "cd /sys/bus/css && echo vfio_ccw > devices/0.0.0003/driver_override && \
echo 0.0.0003 > drivers/io_subchannel/unbind && echo 0.0.0003 > drivers/vfio_ccw/bind"
  rm -r "$root/sys/bus/css/drivers/vfio_ccw"
  mdevtool list-parents --all --noheadings -o fix
  [[ "${lines[2]}" == "modprobe vfio_ccw && "* ]] || complain "the module is not loaded first"
}

@test "list-parents: --all and parents are not both" {
  machine m60
  mdevtool list-parents --all "$card"
  fails 2 --all
}
