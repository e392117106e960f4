#!/usr/bin/env bats
# rfc_mdev without mdevtool: what conformance.bats, which also asks the simulator, leaves out.

# shellcheck disable=SC2154 # vm.bash and bats set what is used here
load vm.bash

card=/sys/bus/pci/devices/0000:86:00.0
other=/sys/bus/pci/devices/0000:87:00.0

teardown() {
  clean_machine
}

@test "a group is refused where the type does not require one" {
  write $card/mdev_supported_types/12/create "$A:1"
  answered EINVAL
  write $card/mdev_supported_types/12/create "$A"
  answered "ok 36"
}

@test "a card's size class binds only that card" {
  write $card/mdev_supported_types/11/create "$A"
  says $card/mdev_supported_types/12/max_instances 0
  says $other/mdev_supported_types/12/max_instances 4
}

@test "a UUID is unique among the cards, and destroyed only on its own" {
  write $card/mdev_supported_types/11/create "$A"
  write $other/mdev_supported_types/12/create "$A"
  answered EEXIST
  write $other/mdev_destroy "$A"
  answered ENODEV
}

@test "params of one type are not another's" {
  write $card/mdev_supported_types/11/params a=1
  write $card/mdev_supported_types/12/create "$A"
  says "$devices/$A/vendor/params" ""
  write $card/mdev_supported_types/11/params "\n"
}

@test "a card that loses its driver takes devices and types along" {
  write $card/mdev_supported_types/11/create "$A"
  write /sys/bus/pci/drivers/rfc_mdev/unbind 0000:86:00.0
  gone "$devices/$A"
  gone $card/mdev_supported_types
  gone $card/mdev_destroy
  write /sys/bus/pci/drivers/rfc_mdev/bind 0000:86:00.0
  says $card/mdev_supported_types/11/max_instances 16
}
