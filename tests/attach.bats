#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# mdevtool attach, and create --attach
# shellcheck disable=SC2154 # set by what is loaded

load mdevtool.bash
load vm.bash

@test "attach: on a free port" {
  machine m60
  device "$A" 11 --group 1
  a_vm --port rp1 --port rp2
  mdevtool attach "$A" --qmp "$vm"
  succeeds
  says_nothing
  is_silent
  vm_was_told device_add "$(plugged "$A" rp1)"
  wrote_nothing_else
}

@test "attach: a set, a port for each" {
  machine m60
  device "$A" 11 --group 1
  device "$B" 11 --group 1 --name second
  a_vm --port rp1 --port rp2
  mdevtool attach "$A" second --qmp "$vm" --json
  succeeds
  json '.attached | map([.uuid, .bus, .already, .qom_path]) | tostring' \
    "[[\"$A\",\"rp1\",false,\"/machine/peripheral/mdev-$A\"],[\"$B\",\"rp2\",false,\"/machine/peripheral/mdev-$B\"]]"
  vm_was_told device_add "$(plugged "$A" rp1)" device_add "$(plugged "$B" rp2)"
}

@test "attach: on a bus that is named, and where there are no ports on the VM's choice" {
  machine m60
  device "$A" 11
  a_vm
  mdevtool attach "$A" --qmp "$vm" --bus pci.0
  succeeds
  vm_was_told device_add "$(plugged "$A" pci.0)"
  a_vm
  mdevtool attach "$A" --qmp "$vm"
  succeeds
  vm_was_told device_add "$(plugged "$A")"
}

@test "attach: what has no PCI address needs no port" {
  machine s390-ccw
  device "$A" vfio_ccw-io
  a_vm --port rp1
  mdevtool attach "$A" --qmp "$vm"
  succeeds
  local arguments
  arguments=$(plugged "$A")
  vm_was_told device_add "${arguments/vfio-pci/vfio-ccw}"
}

@test "attach: a second time nothing is to do, whatever the VM calls it" {
  machine m60
  device "$A" 11
  local device
  for device in "$(has "$A")" "other=/sys/devices/pci0000:80/0000:86:00.0/$A" \
    "=/sys/bus/mdev/devices/$A" "slash=/sys/bus/mdev/devices/$A/"; do
    a_vm --port rp1 --device "$device"
    mdevtool attach "$A" --qmp "$vm"
    succeeds
    warns "'$A' is attached already"
    vm_was_told
  done
  mdevtool attach "$A" --qmp "$vm" --json --quiet
  is_silent
  json '.attached[0].already'
}

@test "attach: one that this VM holds is no stranger's, another VM's is" {
  machine m60
  device "$A" 11 --group 1
  device "$B" 11 --group 1
  holds "$A"
  a_vm --port rp1 --device "$(has "$A")"
  mdevtool attach "$A" "$B" --qmp "$vm"
  succeeds
  vm_was_told device_add "$(plugged "$B" rp1)"
  a_vm --port rp1
  mdevtool attach "$A" --qmp "$vm"
  fails 6 "web-1"
  vm_was_told
}

@test "attach: the group rule counts what the VM has" {
  machine m60
  device "$A" 11 --group 1
  device "$B" 11 --group 2
  a_vm --port rp1 --device "$(has "$A")"
  mdevtool attach "$B" --qmp "$vm"
  fails 8 "only one device would work" "$A" "$B"
  vm_was_told
  mdevtool attach "$A" "$B" --qmp "$vm"
  fails 8 "only one device would work"
  vm_was_told
}

@test "attach: no port is free, or the one that is named is not" {
  machine m60
  device "$A" 11 --group 1
  device "$B" 11 --group 1
  a_vm --port rp1
  mdevtool attach "$A" "$B" --qmp "$vm"
  fails 5 "cannot attach '$B'" "none of the VM's 1 ports is free"
  hints "pcie-root-port"
  vm_was_told device_add "$(plugged "$A" rp1)" device_del "$(unplugged "$A")"
  mdevtool attach "$A" --qmp "$vm" --bus rp1
  succeeds
  mdevtool attach "$B" --qmp "$vm" --bus rp1
  fails 6 "the VM has a device on 'rp1' already"
}

@test "attach: one that QEMU refuses takes the others along, in QEMU's words" {
  machine m60
  device "$A" 11 --group 1
  device "$B" 11 --group 1
  a_vm --port rp1 --port rp2 --fault 'device_add#2=error:No available IOMMU models'
  mdevtool attach "$A" "$B" --qmp "$vm"
  fails 1 "cannot attach '$B': No available IOMMU models"
  warns_not_of "is left"
  vm_was_told device_add "$(plugged "$A" rp1)" device_add "$(plugged "$B" rp2)" \
    device_del "$(unplugged "$A")"
}

@test "attach: what cannot be taken back is named" {
  machine m60
  device "$A" 11 --group 1
  device "$B" 11 --group 1
  a_vm --port rp1 --port rp2 --unplug never --fault 'device_add#2=error:no more'
  mdevtool attach "$A" "$B" --qmp "$vm" --timeout 1
  fails 1 "cannot attach '$B': no more; and $A is left in the VM"
}

@test "attach: what is to be taken back is, even when the guest is just taking it" {
  machine m60
  device "$A" 11 --group 1
  device "$B" 11 --group 1
  a_vm --port rp1 --port rp2 --fault 'device_add#2=error:no more' \
    --fault 'device_del#1=error:Hot-unplug failed: guest is busy (power indicator blinking)'
  mdevtool attach "$A" "$B" --qmp "$vm"
  fails 1 "cannot attach '$B': no more"
  warns_not_of "is left"
  vm_was_told device_add "$(plugged "$A" rp1)" device_add "$(plugged "$B" rp2)" \
    device_del "$(unplugged "$A")" device_del "$(unplugged "$A")"
}

@test "attach: a VM that does not say what came of it may take it yet" {
  machine m60
  device "$A" 11 --group 1
  a_vm --port rp1 --fault device_add=silent
  mdevtool attach "$A" --qmp "$vm" --timeout 1
  fails 1 "cannot attach '$A'" "does not answer; the VM may take it yet"
  a_vm --port rp1 --fault device_add=error:no
  mdevtool attach "$A" --qmp "$vm"
  fails 1 "cannot attach '$A': no"
  warns_not_of "may take it"
}

@test "attach: what was there before is left in the VM when a later one fails" {
  machine m60
  device "$A" 11 --group 1
  device "$B" 11 --group 1
  a_vm --port rp1 --device "$(has "$A")" --fault device_add=error:no
  mdevtool attach "$A" "$B" --qmp "$vm"
  fails 1 "cannot attach '$B': no"
  vm_was_told device_add "$(plugged "$B" rp1)"
}

@test "attach: --verbose shows what the VM is told, before it is" {
  machine m60
  device "$A" 11
  a_vm --port rp1
  mdevtool attach "$A" --qmp "$vm" --verbose
  succeeds
  [ "$stderr" = "{\"execute\":\"device_add\",\"arguments\":$(plugged "$A" rp1)}" ] || complain "not so"
}

@test "attach: wrong use, and what is not there" {
  machine m60
  device "$A" 11
  a_vm
  mdevtool attach --qmp "$vm"
  fails 2 "name a device"
  hints "mdevtool list"
  mdevtool attach "$A"
  fails 2 "--qmp SOCKET is missing"
  mdevtool attach "$A" --qmp "$vm" --timeout soon
  fails 2 "--timeout must be a number of seconds" "'soon'"
  mdevtool attach "$B" --qmp "$vm"
  fails 3 "no device"
  mdevtool attach "$A" --qmp "$BATS_TEST_TMPDIR/nobody"
  fails 3 "nobody"
  hints "-qmp unix:"
  mdevtool attach "$A" --qmp "/$(printf 'x%.0s' {1..200})"
  fails 8 "too long for a socket's name"
  stops
  mdevtool attach "$A" --qmp "$vm"
  fails 1 "cannot connect to" "refused"
  hints "-qmp unix:"
}

@test "attach: a VM that has another client" {
  machine m60
  device "$A" 11
  a_vm --fault greeting=silent
  mdevtool attach "$A" --qmp "$vm" --timeout 1
  fails 1 "does not answer"
  hints "one client"
}

@test "attach: a VM before which other clients stand in line" {
  machine m60
  device "$A" 11
  a_vm --fault greeting=silent
  local i waiting=()
  for i in 1 2 3 4; do
    "$MDEVTOOL" --root "$root" attach "$A" --qmp "$vm" --timeout 20 >"$vm.$i" 2>&1 3>&- &
    waiting+=($!)
  done
  until [ "$(grep -cF "$vm" /proc/net/unix)" -ge 4 ]; do sleep 0.02; done
  mdevtool attach "$A" --qmp "$vm" --timeout 1
  kill "${waiting[@]}"
  fails 1 "does not answer"
  hints "one client"
}

# What a peer does that is none, at every command that attach sends.
@test "attach: a peer that is silent, closes, breaks off, or talks nonsense" {
  machine m60
  device "$A" 11
  local command what
  for command in greeting qmp_capabilities qom-list qom-list#3 qom-get device_add; do
    for what in silent close half garbage 'reply:42' 'reply:{"id":@}' 'reply:{"return":' big:10000000; do
      a_vm --port rp1 --fault "$command=$what"
      mdevtool attach "$A" --qmp "$vm" --timeout 1
      fails 1 "'$vm'"
      case $what in
        silent) warns "does not answer" ;;
        close | half) warns "has closed the connection" ;;
        big:*) warns "a line of more than 1048576 bytes" ;;
        *) warns "speaks no QMP" ;;
      esac
      [[ "$stderr" != *$'\x1b'* ]] || complain "an escape sequence"
    done
  done
}

@test "attach: answers of other kinds than were asked for" {
  machine m60
  device "$A" 11
  local answer
  for answer in '{}' '42' '[42]' '[{"name":1,"type":[]}]' '"text"' 'null'; do
    a_vm --port rp1 --fault "qom-list=reply:{\"return\":$answer,\"id\":@}" \
      --fault "qom-get=reply:{\"return\":$answer,\"id\":@}"
    mdevtool attach "$A" --qmp "$vm" --timeout 1
    case $answer in
      '['*) succeeds ;;
      *) fails 1 "answers qom-list with no list" ;;
    esac
  done
}

@test "attach: a slow peer, and one with many events" {
  machine m60
  device "$A" 11
  a_vm --port rp1 --fault device_add=slow:300
  mdevtool attach "$A" --qmp "$vm"
  succeeds
  a_vm --port rp1 --fault qom-list=events:5000 --fault device_add=events:5000
  mdevtool attach "$A" --qmp "$vm"
  succeeds
}

@test "attach: a peer that has no end of things to say, and never the answer" {
  machine m60
  device "$A" 11
  a_vm --port rp1 --fault qom-list=flood
  local before=$SECONDS
  mdevtool attach "$A" --qmp "$vm" --timeout 1
  fails 1 "does not answer"
  [ $((SECONDS - before)) -lt 9 ] || complain "that took too long"
}

@test "attach: answers to other commands are passed over" {
  machine m60
  device "$A" 11
  a_vm --port rp1 --fault 'device_add=reply:{"return":{},"id":77}'
  mdevtool attach "$A" --qmp "$vm" --timeout 1
  fails 1 "does not answer"
}

@test "attach: the words of an error that is none of UTF-8's best" {
  machine m60
  device "$A" 11
  a_vm --port rp1 --fault 'device_add=reply:{"error":{"class":"X","desc":"\u001b[31m%n%s"},"id":@}'
  mdevtool attach "$A" --qmp "$vm"
  fails 1 '\x1b[31m%n%s'
  a_vm --port rp1 --fault 'device_add=reply:{"error":{},"id":@}'
  mdevtool attach "$A" --qmp "$vm"
  fails 1 "it gives no reason"
}

### create --attach

@test "create --attach: makes it and gives it to the VM" {
  machine m60
  a_vm --port rp1 --port rp2
  mdevtool create --type 11 --group 1 --count 2 --attach "$vm"
  succeeds
  made 2
  vm_was_told device_add "$(plugged "${uuids[0]}" rp1)" device_add "$(plugged "${uuids[1]}" rp2)"
  [ -z "$(ls "$root/run/mdevtool/journal")" ] || complain "it is still under way"
}

@test "create --attach: what the VM does not take is gone again" {
  machine m60
  a_vm --port rp1 --port rp2 --fault 'device_add#2=error:No room'
  mdevtool create --type 11 --group 1 --count 2 --attach "$vm"
  fails 1 "cannot attach" "No room" "nothing of the set is left"
  says_nothing
  nothing_left
  a_vm
  mdevtool create --type 11 --uuid "$A" --attach "$vm" --params x=1
  succeeds
}

@test "create --attach: the group rule comes before the first write" {
  machine m60
  a_vm --port rp1
  mdevtool create --type 11 --count 2 --attach "$vm"
  fails 8 "only one device would work" "--group auto"
  wrote_nothing_else
  device "$A" 11 --group 1
  a_vm --port rp1 --device "$(has "$A")"
  mdevtool create --type 11 --group 2 --attach "$vm"
  fails 8 "only one device would work" "$A"
  wrote_nothing_else
}

@test "create --attach: without the VM nothing is written" {
  machine m60
  mdevtool create --type 11 --attach "$BATS_TEST_TMPDIR/nobody"
  fails 3 "nobody"
  wrote_nothing_else
  a_vm --fault qom-list=garbage
  mdevtool create --type 11 --attach "$vm"
  fails 1 "speaks no QMP"
  wrote_nothing_else
  mdevtool create --type 11 --attach "$vm" --dry-run
  fails 2 "do not go together"
}

@test "create --attach: a VM that took the device and then went silent keeps it" {
  machine m60
  a_vm --port rp1 --fault device_add=close:2000
  {
    until grep -q device_add "$vm.log"; do sleep 0.02; done
    holds "$A"
  } 3>&- &
  mdevtool create --type 11 --uuid "$A" --attach "$vm"
  wait $!
  fails 1 "has closed the connection" "and $A is left" "web-1"
  device_exists "$A"
  mdevtool show "$A" --json
  json '.devices[0].state' active
}

@test "create --attach: killed meanwhile, the next run takes the device away" {
  machine m60
  a_vm --port rp1 --fault device_add=silent
  play timeout -s KILL 1 "$MDEVTOOL" --root "$root" create --type 11 --uuid "$A" --attach "$vm"
  [ "$status" -eq 137 ] || complain "it was not killed"
  device_exists "$A"
  stops
  mdevtool recover
  succeeds
  mentions "removed $A"
  nothing_left
}

### A real QEMU

# a_qemu OPTION...
a_qemu() {
  stops
  rm -f "$vm"
  qemu-system-x86_64 -S -accel tcg -nodefaults -display none -m 64 \
    -qmp "unix:$vm,server=on,wait=off" "$@" 3>&- &
  vm_pid=$!
  until [ -S "$vm" ]; do
    kill -0 "$vm_pid" || complain "QEMU does not start"
    sleep 0.05
  done
}

@test "attach: a real QEMU tells its ports, and why it takes no device that is not there" {
  needs qemu-system-x86_64
  machine m60
  device "$A" 11
  a_qemu -machine q35 -device pcie-root-port,id=rp1,chassis=1 \
    -device pcie-root-port,id=rp2,chassis=2 -device virtio-rng-pci,bus=rp1
  mdevtool attach "$A" --qmp "$vm" --verbose --timeout 60
  fails 1 "\"bus\":\"rp2\"" "cannot attach '$A'" "no such host device"
  mdevtool attach "$A" --qmp "$vm" --bus rp1 --timeout 60
  fails 6 "'rp1' already"
  mdevtool detach "$A" --qmp "$vm" --timeout 60
  succeeds
  warns "'$A' is detached already"
}

# The bus of a port without an id is another "pcie.0".
@test "attach: a real QEMU's ports that take nothing" {
  needs qemu-system-x86_64
  machine m60
  device "$A" 11
  a_qemu -machine q35 -device pcie-root-port,chassis=1 \
    -device pcie-root-port,id=rp0,chassis=2,hotplug=off -device pcie-root-port,id=rp1,chassis=3 \
    -device virtio-rng-pci,bus=rp1
  mdevtool attach "$A" --qmp "$vm" --timeout 60
  fails 5 "none of the VM's 1 ports is free"
}

@test "attach: a real QEMU's ports behind a switch, and machines without ports" {
  needs qemu-system-x86_64
  machine m60
  device "$A" 11
  a_qemu -machine q35 -device ioh3420,id=rp1,chassis=1 -device x3130-upstream,id=up,bus=rp1 \
    -device xio3130-downstream,id=down,bus=up,chassis=2
  mdevtool attach "$A" --qmp "$vm" --verbose --timeout 60
  fails 1 "\"bus\":\"down\"" "no such host device"
  a_qemu -machine pc
  mdevtool attach "$A" --qmp "$vm" --timeout 60
  fails 1 "no such host device"
  a_qemu -machine q35
  mdevtool attach "$A" --qmp "$vm" --timeout 60
  fails 1 "cannot attach '$A': Bus 'pcie.0' does not support hotplugging"
  hints "-device pcie-root-port"
}
