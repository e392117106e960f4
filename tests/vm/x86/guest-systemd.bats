#!/usr/bin/env bats
# mdevtool's unit and udev rule under systemd, which started this machine with them: stage's
# systemd_tree lays down what was defined then. Vendor's daemon and libvirtd are played by systemd/.

# shellcheck disable=SC2034,SC2154 # vm.bash and bats set what is used here, or use what is set
load vm.bash
load system.bash

patience=60 # seconds

# when UNIT PROPERTY: in microseconds since the machine was started.
when() { systemctl show --value -p "$2Monotonic" "$1"; }

# said MATCH… : the journal's lines of this kind, without their times.
said() { journalctl --quiet --no-pager -o cat "$@"; }

# tells TEXT MATCH…: one of these lines has it.
tells() { said "${@:2}" | grep -qF -- "$1"; }

# Without the devices that are there, and with these definitions only.
begin_anew() {
  clean_system
  udevadm settle
  systemctl reset-failed mdevtool.service || :
  systemctl stop mdevtool.service
  journalctl --quiet --sync
  since=$(date +%s.%N)
}

@test "the unit is what systemd understands" {
  run -0 systemd-analyze verify --man=no --recursive-errors=no /usr/lib/systemd/system/mdevtool.service
  refute_output
}

@test "after boot: what is to start by itself is there, and the rest is not" {
  udevadm settle --timeout 60
  run -0 mdevtool list --raw --noheadings -o uuid,parent,type
  assert_output "$A 0000:86:00.0 edu_mdev-small"$'\n'"$C mdpy mdpy-vga"
  # one definition that cannot be read is told, and stops none of the others
  run -3 systemctl status mdevtool.service
  assert_output --partial "status=1/FAILURE"
}

@test "after boot: the unit ran after the vendor's daemon and before libvirtd, which found all devices" {
  assert [ "$(when nvidia-vgpu-mgr.service ActiveEnterTimestamp)" -gt 0 ]
  assert [ "$(when mdevtool.service InactiveExitTimestamp)" -ge "$(when nvidia-vgpu-mgr.service ActiveEnterTimestamp)" ]
  assert [ "$(when libvirtd.service InactiveExitTimestamp)" -ge "$(when mdevtool.service InactiveEnterTimestamp)" ]
  assert_equal "$(</run/found-by-libvirtd)" "$A"$'\n'"$C"
}

@test "after boot: the journal says what was done, by whom, and why not" {
  # what udev's rule ran, or the unit, whichever was faster
  run -0 said --boot -t mdevtool
  assert_equal "$(grep -cx "started '$A' on '0000:86:00.0' as 'edu_mdev-small'" <<<"$output")" 1
  assert_equal "$(grep -cx "started '$C' on 'mdpy' as 'mdpy-vga'" <<<"$output")" 1
  tells "warning: /etc/mdevctl.d/mdpy/$B:1:" -u mdevtool.service
  # recover came first, and had nothing to say
  run -0 systemctl show -p ExecStart mdevtool.service
  assert_line --index 0 --partial "mdevtool recover"
}

@test "the unit by itself, for drivers whose events have gone by: made, already there, and told" {
  begin_anew
  definition mdpy "$A" mdpy-vga auto
  definition 0000:86:00.0 "$B" edu_mdev-small auto
  definition 0000:87:00.0 "$C" edu_mdev-small manual
  mdevtool create --parent 86:00.0 --type edu_mdev-small --uuid "$B"
  systemctl start mdevtool.service
  run -0 systemctl is-active mdevtool.service
  there "$devices/$A"
  gone "$devices/$C"
  tells "started '$A' on 'mdpy' as 'mdpy-vga'" --since "@$since" -u mdevtool.service
  tells "'$B' is active already" --since "@$since" -u mdevtool.service
}

@test "what a killed run left is mended by the unit before anything is started" {
  begin_anew
  definition mdpy "$A" mdpy-vga auto
  # it dies when the device is there and its record is not
  mdevtool create --parent mdpy --type mdpy-xga --uuid "$B"
  mkdir -p /run/mdevtool/journal
  printf '{"operation": "create", "devices": [%s]}\n' "$(</run/mdevtool/devices/"$B")" >"/run/mdevtool/journal/$B"
  systemctl start mdevtool.service
  there "$devices/$A"
  gone "$devices/$B"
  gone "/run/mdevtool/journal/$B"
}

@test "the unit waits for a parent that is not ready, and no longer than it has to" {
  begin_anew
  definition mbochs "$A" mbochs-small auto
  systemctl start --no-block mdevtool.service
  sleep 2
  gone "$devices/$A"
  # as of a driver that tells udev nothing
  systemctl stop systemd-udevd-kernel.socket systemd-udevd-control.socket systemd-udevd.service
  modprobe mbochs
  eventually systemctl is-active mdevtool.service
  there "$devices/$A"
  tells "started '$A' on 'mbochs' as 'mbochs-small'" --since "@$since" -u mdevtool.service
  systemctl start systemd-udevd-kernel.socket systemd-udevd-control.socket systemd-udevd.service
}

@test "the udev rule: a driver that is loaded later, and the journal under mdevtool's name" {
  begin_anew
  definition mtty "$A" mtty-1 auto
  definition mtty "$B" mtty-9 auto
  modprobe mtty
  udevadm settle --timeout 60
  there "$devices/$A"
  tells "started '$A' on 'mtty' as 'mtty-1'" --since "@$since" -t mdevtool
  tells "'$B' is not started: 'mtty' offers no type 'mtty-9'" --since "@$since" -t mdevtool
}

@test "a definition that waits for its parent is told, and is no failure of the unit" {
  begin_anew
  definition 0000:99:00.0 "$A" elsewhere auto
  sed -i 's/ --wait 30$/ --wait 1/' /usr/lib/systemd/system/mdevtool.service
  systemctl daemon-reload
  systemctl start mdevtool.service
  tells "'$A' waits for its parent: no parent '0000:99:00.0'" --since "@$since" -u mdevtool.service
}
