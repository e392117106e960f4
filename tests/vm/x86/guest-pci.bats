#!/usr/bin/env bats
# mdevtool on parents with a real PCI address, NUMA node and IOMMU group (modules/edu_mdev.c).

# shellcheck disable=SC2154 # vm.bash and bats set what is used here
load vm.bash

card=/sys/bus/pci/devices/0000:86:00.0
types=$card/mdev_supported_types

setup_file() {
  modprobe edu_mdev
  modprobe vfio_iommu_type1
}

teardown() {
  clean_machine
}

@test "list-parents: address, driver and NUMA node" {
  run -0 mdevtool list-parents --raw --noheadings -o parent,driver,numa,vendor-id,product-id
  assert_output $'0000:86:00.0 edu_mdev 1 0x1234 0x11e8\n0000:87:00.0 edu_mdev 1 0x1234 0x11e8'
}

@test "a parent by every name it has" {
  local name
  for name in 0000:86:00.0 86:00.0 pci_0000_86_00_0 $card /sys/class/mdev_bus/0000:86:00.0; do
    run -0 mdevtool list-parents "$name" --raw --noheadings -o parent
    assert_output 0000:86:00.0
  done
}

@test "libvirt's XML: path, driver, address, ids, types" {
  run -0 mdevtool show 0000:87:00.0 --xml=libvirt
  assert_output --partial "<path>/sys/devices/pci0000:85/0000:85:01.0/0000:87:00.0</path>"
  assert_output --partial "<driver><name>edu_mdev</name></driver>"
  assert_output --partial "<bus>135</bus>"
  assert_output --partial "<product id='0x11e8'>"
  assert_output --partial "<type id='edu_mdev-large'>"
  assert_output --partial "<availableInstances>2</availableInstances>"
  assert_output --partial "<deviceAPI>vfio-pci</deviceAPI>"
}

@test "libvirt's XML: IOMMU group and NUMA node" {
  run -0 mdevtool show 0000:86:00.0 --xml=libvirt
  assert_output --partial "<iommuGroup number='$(basename "$(readlink $card/iommu_group)")'>"
  assert_output --partial "<numa node='1'/>"
}

@test "attributes are written in the order given" {
  mdevtool create --parent 86:00.0 --type edu_mdev-small --uuid "$A" --attr setup/mode=fast --attr setup/rate=5
  says "$devices/$A/setup/mode" fast
  says "$devices/$A/setup/rate" 5
}

@test "an attribute that the driver refuses: 7 for EPERM, 8 for EINVAL, and the device is gone again" {
  run -7 mdevtool create --parent 86:00.0 --type edu_mdev-small --uuid "$A" --attr setup/rate=5 --attr setup/mode=fast
  assert_output --partial setup/rate
  gone "$devices/$A"
  run -8 mdevtool create --parent 86:00.0 --type edu_mdev-small --uuid "$A" --attr setup/mode=slow
  gone "$devices/$A"
  says $types/edu_mdev-small/available_instances 4
}

@test "an attribute outside the device is refused" {
  local name
  for name in ../remove /etc/passwd setup/../remove driver/unbind; do
    run ! mdevtool create --parent 86:00.0 --type edu_mdev-small --uuid "$A" --attr "$name=1"
    gone "$devices/$A"
  done
}

@test "placement: pack fills the card that is fuller, spread takes the other" {
  mdevtool create --parent 87:00.0 --type edu_mdev-small --uuid "$A"
  run -0 mdevtool create --type edu_mdev-small --uuid "$B"
  there "$devices/$B"
  assert_equal "$(basename "$(dirname "$(readlink -f "$devices/$B")")")" 0000:87:00.0
  mdevtool create --type edu_mdev-small --placement spread --uuid "$C"
  assert_equal "$(basename "$(dirname "$(readlink -f "$devices/$C")")")" 0000:86:00.0
}

@test "placement: by NUMA node" {
  run -0 mdevtool create --type edu_mdev-small --placement numa=1
  run ! mdevtool create --type edu_mdev-small --placement numa=0
  assert_output --partial "node 0"
}

@test "a set over both cards, destroyed by group" {
  run -0 mdevtool create --type edu_mdev-large --count 4 --group 7
  assert_equal "${#lines[@]}" 4
  run -5 mdevtool create --type edu_mdev-small
  mdevtool destroy --group 7
  says $types/edu_mdev-large/available_instances 2
}

@test "a card whose driver goes, and comes back" {
  mdevtool create --parent 86:00.0 --type edu_mdev-small --uuid "$A" --name gone
  echo 0000:86:00.0 >/sys/bus/pci/drivers/edu_mdev/unbind
  run -0 mdevtool list-parents --raw --noheadings -o parent
  assert_output 0000:87:00.0
  run -0 mdevtool list --raw --noheadings -o uuid
  assert_output ""
  run -3 mdevtool destroy "$A"
  echo 0000:86:00.0 >/sys/bus/pci/drivers/edu_mdev/bind
  run -0 mdevtool create --parent 86:00.0 --type edu_mdev-small --uuid "$A" --name gone
}

@test "mdev-record" {
  mdevtool create --parent 86:00.0 --type edu_mdev-small --uuid "$A" --attr setup/mode=fast
  mdevtool create --parent 87:00.0 --type edu_mdev-large --uuid "$B"
  record_as pci
  grep -q "f .*/0000:86:00.0/$A/setup/mode 0644 = fast\\\\n" /out/pci.machine
  run ! grep -i serial /out/pci.machine
}
