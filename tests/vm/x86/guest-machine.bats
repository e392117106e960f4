#!/usr/bin/env bats
# The guest itself, without mdevtool: PCI addresses and what the project's two modules do that
# conformance.bats does not ask. If one of these fails, look here before you look at mdevtool.

# shellcheck disable=SC2154 # vm.bash and bats set what is used here
load vm.bash

pci86=/sys/bus/pci/devices/0000:86:00.0
pci87=/sys/bus/pci/devices/0000:87:00.0
edu=$pci86/mdev_supported_types

setup_file() {
  modprobe edu_mdev
  modprobe vfio_iommu_type1
}

teardown() {
  let_go
  clean_machine
}

teardown_file() {
  rmmod edu_mdev mdev
}

@test "the edu functions are where the mail's card is, behind root ports, on NUMA node 1" {
  assert_equal "$(readlink -f $pci86)" /sys/devices/pci0000:85/0000:85:00.0/0000:86:00.0
  assert_equal "$(readlink -f $pci87)" /sys/devices/pci0000:85/0000:85:01.0/0000:87:00.0
  says $pci86/vendor 0x1234
  says $pci86/device 0x11e8
  says $pci86/numa_node 1
  there $pci86/iommu_group
}

@test "edu_mdev: two parents, with two types each" {
  assert_equal "$(ls /sys/class/mdev_bus)" $'0000:86:00.0\n0000:87:00.0'
  assert_equal "$(ls $edu)" $'edu_mdev-large\nedu_mdev-small'
  says $edu/edu_mdev-small/device_api vfio-pci
  says $edu/edu_mdev-small/name "Small edu device"
  says $edu/edu_mdev-small/description "4 KiB of memory"
}

@test "edu_mdev: the types of a card share 16 KiB, then ENOSPC" {
  says $edu/edu_mdev-small/available_instances 4
  says $edu/edu_mdev-large/available_instances 2
  write $edu/edu_mdev-large/create "$A"
  answered "ok 36"
  says $edu/edu_mdev-small/available_instances 2
  write $edu/edu_mdev-large/create "$B"
  says $edu/edu_mdev-large/available_instances 0
  write $edu/edu_mdev-small/create "$C"
  answered ENOSPC
  says $pci87/mdev_supported_types/edu_mdev-small/available_instances 4
  write "$devices/$A/remove" 1
  says $edu/edu_mdev-small/available_instances 2
}

@test "edu_mdev: settings are made in order" {
  write $edu/edu_mdev-small/create "$A"
  write "$devices/$A/setup/rate" 5
  answered EPERM
  write "$devices/$A/setup/mode" slow
  answered EINVAL
  write "$devices/$A/setup/mode" fast
  answered "ok 4"
  write "$devices/$A/setup/rate" 101
  answered EINVAL
  write "$devices/$A/setup/rate" 5
  answered "ok 1"
  says "$devices/$A/setup/mode" fast
  says "$devices/$A/setup/rate" 5
}

@test "edu_mdev: a device can be held, and be removed after that" {
  write $edu/edu_mdev-small/create "$A"
  hold "$A"
  let_go
  write "$devices/$A/remove" 1
  gone "$devices/$A"
}

@test "edu_mdev: a card that loses its driver takes its devices along" {
  write $edu/edu_mdev-small/create "$A"
  write /sys/bus/pci/drivers/edu_mdev/unbind 0000:86:00.0
  gone "$devices/$A"
  gone $edu
  write /sys/bus/pci/drivers/edu_mdev/bind 0000:86:00.0
  says $edu/edu_mdev-small/available_instances 4
}
