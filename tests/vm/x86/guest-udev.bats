#!/usr/bin/env bats
# mdevtool's udev rule under a real udevd: parents that appear get what is defined for them.

# shellcheck disable=SC2154 # vm.bash and bats set what is used here
load vm.bash
load system.bash

setup_file() {
  install_mdevtool
  # A program in front of mdevtool writes down each start that udev asks for.
  mkdir -p /run/counted
  # shellcheck disable=SC2016 # the program's own
  printf '%s\n' '#!/bin/bash' 'echo "$*" >>/run/counted/calls' 'exec -a "$0" /payload/bin/mdevtool "$@"' >/run/counted/mdevtool
  chmod 755 /run/counted/mdevtool
  mv "$rules/60-mdevctl.rules" /run/mdevctl.rules
  sed 's,/usr/bin/mdevtool,/run/counted/mdevtool,' "$BATS_TEST_DIRNAME/60-mdevtool.rules" >"$rules/60-mdevtool.rules"
  modprobe mdev
  start_udevd
}

teardown_file() {
  rm "$rules/60-mdevtool.rules"
  mv /run/mdevctl.rules "$rules/60-mdevctl.rules"
  udevadm control --reload
}

setup() {
  : >/run/counted/calls
  dmesg --clear
}

teardown() {
  clean_system
  modprobe -r mtty mdpy edu_mdev
  udevadm settle
  rm -f "$rules/60-mdevctl.rules"
  install_mdevtool
}

settled() { udevadm settle --timeout 60; }

# made UUID…: exactly these devices are there, and each was made once.
made() {
  local uuid
  for uuid; do
    there "$devices/$uuid"
    assert_equal "$uuid: $(dmesg | grep -c "$uuid: Adding to iommu group")" "$uuid: 1"
  done
  assert_equal "$(find "$devices/" -mindepth 1 2>/dev/null | wc -l)" $#
}

asked() { grep -c -- "--parent $1 " /run/counted/calls; }

@test "the rule is what this udev understands" {
  udevadm verify --help >/dev/null 2>&1 || skip "this udev cannot verify rules"
  run -0 udevadm verify --no-style "$rules/60-mdevtool.rules"
}

@test "a driver is loaded: what is to start by itself is there, once, and the rest is not" {
  definition mtty "$A" mtty-1 auto
  definition mtty "$B" mtty-2 auto
  definition mtty "$C" mtty-1 manual
  modprobe mtty
  settled
  made "$A" "$B"
  # add, and change when the parent registers
  [ "$(asked mtty)" -ge 1 ]
  run -0 mdevtool list --raw --noheadings -o uuid,type
  assert_output "$A mtty-1"$'\n'"$B mtty-2"
}

@test "a parent on the PCI bus" {
  definition 0000:86:00.0 "$A" edu_mdev-small auto
  definition 0000:87:00.0 "$B" edu_mdev-large auto
  modprobe edu_mdev
  settled
  made "$A" "$B"
}

@test "nothing is defined for the parent: nothing is run" {
  definition elsewhere "$A" mdpy-vga auto
  modprobe mdpy
  settled
  made
  run ! asked mdpy
}

@test "a driver that is there before udev: its devices come with the events of boot" {
  stop_udevd
  definition mtty "$A" mtty-1 auto
  definition 0000:86:00.0 "$B" edu_mdev-small auto
  modprobe mtty
  modprobe edu_mdev
  start_udevd
  made
  udevadm trigger --action=add --subsystem-match=mtty --subsystem-match=pci # all others cost seconds
  settled
  made "$A" "$B"
}

@test "many events of a parent, and starts by hand meanwhile: each device once" {
  local by_hand=()
  definition mtty "$A" mtty-1 auto
  definition mtty "$B" mtty-2 auto
  modprobe mtty
  for _ in 1 2 3; do
    udevadm trigger --action=add /sys/class/mtty/mtty
    mdevtool start --auto --parent mtty >/dev/null 3>&- &
    by_hand+=($!)
  done
  wait "${by_hand[@]}"
  settled
  made "$A" "$B"
  [ "$(asked mtty)" -ge 2 ]
  gone /run/mdevtool/journal/*
}

@test "mdevctl's own rule is there, and mdevctl is another's: ours does nothing" {
  cp /run/mdevctl.rules "$rules/60-mdevctl.rules"
  udevadm control --reload # it looks for changes only every three seconds
  for name in /usr/bin/mdevctl /usr/sbin/mdevctl; do
    rm -f $name
    printf '%s\n' '#!/bin/sh' 'echo "$*" >>/run/counted/foreign' >$name
    chmod 755 $name
  done
  rm -f /run/counted/foreign
  definition mtty "$A" mtty-1 auto
  modprobe mtty
  settled
  made
  run ! asked mtty
  grep -q '^start-parent-mdevs mtty$' /run/counted/foreign
}

@test "mdevctl's own rule is there, and mdevctl is a link to mdevtool: ours acts, and both together do no harm" {
  cp /run/mdevctl.rules "$rules/60-mdevctl.rules"
  udevadm control --reload # it looks for changes only every three seconds
  ln -sf /run/counted/mdevtool /usr/sbin/mdevctl
  definition mtty "$A" mtty-1 auto
  definition mtty "$B" mtty-2 auto
  modprobe mtty
  settled
  made "$A" "$B"
  [ "$(asked mtty)" -ge 1 ]
  grep -q '^start-parent-mdevs mtty$' /run/counted/calls
}

@test "the unit's commands start what has no event to come" {
  local -a words
  stop_udevd
  definition mtty "$A" mtty-1 auto
  modprobe mtty
  made
  sed -n 's/^ExecStart=-\?//p' "$BATS_TEST_DIRNAME/mdevtool.service" >/run/counted/unit
  assert_equal "$(wc -l </run/counted/unit)" 2
  while read -ra words; do "${words[@]}"; done </run/counted/unit
  made "$A"
  start_udevd
}
