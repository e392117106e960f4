#!/usr/bin/env bats
# Debian's libvirtd with mdevtool as its mdevctl: each of virsh's commands for node devices, and a VM.
# With MDEVCTL=debian the same, where it can, with Debian's mdevctl: the tests ask for nothing that is
# not so there.

# shellcheck disable=SC2034,SC2154 # vm.bash and bats set what is used here, or use what is set
load vm.bash
load system.bash

# On a busy machine libvirtd is told of a device seconds after it is there; each virsh that asks meanwhile
# takes the one processor from it.
patience=60 pause=0.5

setup_file() {
  install_mdevtool
  start_udevd
  modprobe mtty
  modprobe edu_mdev
  modprobe vfio_iommu_type1
  udevadm settle
  start_libvirtd
}

teardown_file() {
  stop_libvirtd
}

setup() {
  xml=$BATS_TEST_TMPDIR/xml
}

# libvirt 11 may go on believing in a device whose beginning and end it was told of at once, which is
# no matter of the next test's.
teardown() {
  [ -z "${vm:-}" ] || virsh destroy "$vm"
  clean_system
  patience=20 eventually nothing_is_known || restart_libvirtd
}

nothing_is_known() { [ -z "$(virsh nodedev-list --cap mdev --all)" ]; }
ours() { [ "$mdevctl_is" = ours ] || skip "Debian's mdevctl does not: $1"; }
since() { [ "$(printf '%s\n' "$1" "$(virsh --version)" | sort -V | head -n 1)" = "$1" ] || skip "not before libvirt $1"; }

# document PARENT TYPE [UUID [NAME=VALUE…]]: the node device, in $xml.
document() {
  local parent=$1 type=$2 uuid=${3:-} attribute
  {
    echo "<device><parent>$parent</parent><capability type='mdev'><type id='$type'/>"
    [ -z "$uuid" ] || echo "<uuid>$uuid</uuid>"
    for attribute in "${@:4}"; do echo "<attr name='${attribute%%=*}' value='${attribute#*=}'/>"; done
    echo "</capability></device>"
  } >"$xml"
}

# node UUID PARENT: libvirt's name of the device.
node() { tr :. _ <<<"mdev_${1//-/_}_$2"; }

# info NODE FIELD…: their values, in one line.
info() {
  local field
  virsh nodedev-info "$1" >"$BATS_TEST_TMPDIR/info" || return
  for field in "${@:2}"; do sed -n "s/^$field: *//p" "$BATS_TEST_TMPDIR/info"; done | xargs
}

# libvirtd notices what has changed a little later, from udev and from the files.
informed() { [ "$(info "${@:2}")" = "$1" ]; }

# destroy NODE: by virsh, when libvirtd knows that it is active.
destroy() {
  eventually informed yes "$1" Active
  run -0 virsh nodedev-destroy "$1"
}

unknown() { ! virsh nodedev-info "$1"; }

# knows OPTION NODE: virsh's list of mediated devices has it.
knows() { virsh nodedev-list --cap mdev "$1" | grep -qx -- "$2"; }

@test "parents with their types" {
  run -0 virsh nodedev-list --cap mdev_types
  assert_line mtty_mtty
  assert_line pci_0000_86_00_0
  run -0 virsh nodedev-dumpxml mtty_mtty
  assert_output --partial "<type id='mtty-2'>"
  assert_output --partial "<availableInstances>24</availableInstances>"
}

# What mdevtool says of a parent are libvirt's own lines, but for its parent and its class, which is
# no part of what is asked for. xml puts an element on a line, without its indentation.
xml() { sed -E "s,></(product|vendor)>,/>,; s,(<driver>)(<.*>)(</driver>),\\1\n\\2\n\\3," | sed 's/^ *//; /^$/d'; }

@test "a parent in mdevtool's words is what libvirt says itself" {
  virsh nodedev-dumpxml pci_0000_86_00_0 | xml | grep -v '^<parent>\|^<class>' >"$BATS_TEST_TMPDIR/theirs"
  mdevtool show 0000:86:00.0 --xml=libvirt | xml >"$BATS_TEST_TMPDIR/ours"
  run -0 diff -u "$BATS_TEST_TMPDIR/theirs" "$BATS_TEST_TMPDIR/ours"
}

# virsh takes a third of a second to start here: it is given several commands at once.
@test "define, start, autostart, destroy, undefine" {
  local name
  name=$(node "$A" mtty)
  document mtty_mtty mtty-1 "$A"
  run -0 virsh "nodedev-define $xml; nodedev-list --cap mdev --inactive; nodedev-info $name"
  assert_line "Node device '$name' defined from '$xml'"
  assert_line "$name"
  assert_equal "$(xargs < <(sed -n 's/^\(Active\|Persistent\|Autostart\): *//p' <<<"$output"))" "no yes no"
  assert_equal "$(jq -c '[.mdev_type, .start]' "/etc/mdevctl.d/mtty/$A")" '["mtty-1","manual"]'

  run -0 virsh nodedev-start "$name"
  there "$devices/$A"
  eventually informed "yes yes" "$name" Active Persistent
  run -0 virsh "nodedev-dumpxml $name; nodedev-autostart $name"
  assert_output --partial "<type id='mtty-1'/>"
  assert_output --partial "<uuid>$A</uuid>"
  assert_equal "$(jq -r .start "/etc/mdevctl.d/mtty/$A")" auto
  eventually informed yes "$name" Autostart
  run -0 virsh nodedev-autostart "$name" --disable
  assert_equal "$(jq -r .start "/etc/mdevctl.d/mtty/$A")" manual

  destroy "$name"
  gone "$devices/$A"
  eventually informed "no yes no" "$name" Active Persistent Autostart
  run -0 virsh nodedev-undefine "$name"
  gone "/etc/mdevctl.d/mtty/$A"
  eventually unknown "$name"
}

@test "a device without a definition: create, with a UUID made for it, and destroy" {
  local name uuid
  document mtty_mtty mtty-2
  run -0 virsh nodedev-create "$xml"
  uuid=$(basename "$devices"/*)
  name=$(node "$uuid" mtty)
  assert_output --partial "$name created"
  assert_equal "$(basename "$(readlink "$devices/$uuid/mdev_type")")" mtty-2
  eventually informed "yes no" "$name" Active Persistent
  destroy "$name"
  gone "$devices/$uuid"
  gone "/etc/mdevctl.d/mtty"
}

@test "a definition with a UUID made for it" {
  local uuid
  document mtty_mtty mtty-2
  run -0 virsh nodedev-define "$xml"
  uuid=$(basename /etc/mdevctl.d/mtty/*)
  assert_output --partial "'$(node "$uuid" mtty)' defined"
}

@test "attributes are written in their order; the driver's refusal is shown" {
  local name
  name=$(node "$A" 0000_86_00_0)
  document pci_0000_86_00_0 edu_mdev-small "$A" setup/mode=fast setup/rate=7
  run -0 virsh nodedev-define "$xml"
  run -0 virsh nodedev-dumpxml "$name"
  assert_output --partial "<attr name='setup/mode' value='fast'/>"
  run -0 virsh nodedev-start "$name"
  says "$devices/$A/setup/mode" fast
  says "$devices/$A/setup/rate" 7
  destroy "$name"

  document pci_0000_86_00_0 edu_mdev-small "$B" setup/rate=7 setup/mode=fast
  run -1 virsh nodedev-create "$xml"
  assert_output --partial setup/rate
  gone "$devices/$B"
}

@test "no room: the reason is shown" {
  document pci_0000_86_00_0 edu_mdev-large
  virsh "nodedev-create $xml; nodedev-create $xml"
  run -1 virsh nodedev-create "$xml"
  assert_output --partial "Unable to start mediated device"
  if [ "$mdevctl_is" = ours ]; then assert_output --partial "no room"; fi
}

@test "what mdevtool and others make and define is what libvirt knows, and the other way round" {
  local transient defined
  transient=$(node "$A" mtty)
  defined=$(node "$B" 0000_86_00_0)
  mdevtool create --parent mtty --type mtty-1 --uuid "$A"
  mdevtool define --parent 86:00.0 --type edu_mdev-small --uuid "$B" --attr setup/mode=safe --auto
  eventually knows --inactive "$defined"
  eventually informed "yes no" "$transient" Active Persistent
  eventually informed yes "$defined" Autostart
  run -0 virsh nodedev-start "$defined"
  says "$devices/$B/setup/mode" safe
  destroy "$transient"
  run -0 mdevtool list --raw --noheadings -o uuid,parent
  assert_output "$B 0000:86:00.0"
}

@test "libvirt's document of a device, back from mdevtool's" {
  local name
  name=$(node "$A" 0000_86_00_0)
  mdevtool define --parent 86:00.0 --type edu_mdev-small --uuid "$A" --attr setup/mode=safe
  mdevtool export "$A" --format libvirt-xml >"$xml"
  mdevtool undefine "$A"
  eventually nothing_is_known
  run -0 virsh nodedev-define "$xml"
  assert_output --partial "'$name' defined"
  virsh "nodedev-dumpxml $name; nodedev-undefine $name" | sed '/^<device>/,/^<\/device>/!d' >"$xml"
  run -0 mdevtool define "$xml"
  assert_equal "$(jq -c .attrs "/etc/mdevctl.d/0000:86:00.0/$A")" '[{"setup/mode":"safe"}]'
}

@test "a definition that nobody can read hides no other" {
  ours "loses them all"
  definition mtty "$A" mtty-1 manual
  mkdir -p /etc/mdevctl.d/0000:86:00.0
  echo '{"mdev_type":' >"/etc/mdevctl.d/0000:86:00.0/$B"
  eventually knows --inactive "$(node "$A" mtty)"
}

# changed NODE MODE RATE: its document with these attributes, in $xml.
changed() {
  virsh nodedev-dumpxml "$1" --inactive |
    sed "s,setup/mode' value='[a-z]*,setup/mode' value='$2,; s,setup/rate' value='[0-9]*,setup/rate' value='$3," >"$xml"
}

@test "update: the definition, and the device where a call-out can" {
  local name
  since 10.1.0
  name=$(node "$A" 0000_86_00_0)
  cp "$BATS_TEST_DIRNAME/callout" /etc/mdevctl.d/scripts.d/callouts/
  document pci_0000_86_00_0 edu_mdev-small "$A" setup/mode=fast setup/rate=7
  virsh "nodedev-define $xml; nodedev-start $name"
  eventually informed yes "$name" Active
  changed "$name" safe 8
  run -0 virsh nodedev-update "$name" "$xml" --config
  assert_equal "$(jq -c .attrs "/etc/mdevctl.d/0000:86:00.0/$A")" '[{"setup/mode":"safe"},{"setup/rate":"8"}]'
  says "$devices/$A/setup/mode" fast
  run -0 virsh nodedev-update "$name" "$xml" --live
  says "$devices/$A/setup/mode" safe
  says "$devices/$A/setup/rate" 8
  changed "$name" fast 9
  run -0 virsh nodedev-update "$name" "$xml" --live --config
  says "$devices/$A/setup/rate" 9
  assert_equal "$(jq -c .attrs "/etc/mdevctl.d/0000:86:00.0/$A")" '[{"setup/mode":"fast"},{"setup/rate":"9"}]'
  run -0 virsh nodedev-dumpxml "$name"
  assert_output --partial "<attr name='setup/rate' value='9'/>"
  rm /etc/mdevctl.d/scripts.d/callouts/callout
  run -1 virsh nodedev-update "$name" "$xml" --live
}

@test "a call-out checks under its lock, from before until after; what it refuses is not done" {
  local name
  name=$(node "$A" 0000_86_00_0)
  cp "$BATS_TEST_DIRNAME/callout" /etc/mdevctl.d/scripts.d/callouts/
  rm -f /run/callout.log
  document pci_0000_86_00_0 edu_mdev-small "$A" setup/mode=fast setup/rate=7
  virsh "nodedev-define $xml; nodedev-start $name"
  says "$devices/$A/setup/rate" 7
  eventually informed yes "$name" Active
  virsh "nodedev-destroy $name; nodedev-undefine $name"
  run -0 grep -E '^(pre|post)' /run/callout.log
  assert_output "pre define none
post define success
pre start none
post start success
pre stop none
post stop success
pre undefine none
post undefine success"

  document pci_0000_86_00_0 edu_mdev-small "$A" setup/mode=fast setup/rate=1
  run -1 virsh nodedev-define "$xml"
  assert_output --partial "rate 1 is taken by the host"
  gone "/etc/mdevctl.d/0000:86:00.0/$A"
  run -1 virsh nodedev-create "$xml"
  assert_output --partial "rate 1 is taken by the host"
  gone "$devices/$A"
  gone /run/callout.lock
  document pci_0000_86_00_0 edu_mdev-small "$A" setup/rate=7
  run -1 virsh nodedev-create "$xml"
  run -0 grep -E '^(pre|post)' /run/callout.log
  assert_line --index $((${#lines[@]} - 1)) "post start failure"
  gone /run/callout.lock
}

@test "a VM with a device of each parent: named, not destroyed meanwhile, given back" {
  local name
  name=$(node "$A" mtty)
  document mtty_mtty mtty-1 "$A"
  virsh nodedev-create "$xml"
  mdevtool create --parent 86:00.0 --type edu_mdev-small --uuid "$B"
  {
    echo "<domain type='qemu'><name>web-1</name><memory unit='MiB'>32</memory>"
    echo "<os><type arch='x86_64' machine='pc'>hvm</type></os><devices>"
    echo "<controller type='usb' model='none'/><memballoon model='none'/>"
    mdevtool start-vm-args "$A" "$B" --format libvirt
    echo "</devices></domain>"
  } >"$xml"
  run -0 virsh create "$xml"
  vm=web-1
  run -0 mdevtool list --json
  assert_equal "$(jq -r '.devices[].holders[0] | "\(.command) \(.vm) \(.manager)"' <<<"$output" | uniq -c | xargs)" \
    "2 qemu-system-x86 web-1 libvirt"
  assert_equal "$(jq -r '.devices[0].holders[0].pid' <<<"$output")" "$(</run/libvirt/qemu/web-1.pid)"
  run -6 mdevtool destroy "$A"
  assert_output --partial "libvirt's VM 'web-1'"
  eventually informed yes "$name" Active
  run -1 virsh nodedev-destroy "$name"
  assert_output --partial "in use"
  if [ "$mdevctl_is" = ours ]; then
    run -1 mdevctl stop --uuid "$B"
    assert_output --partial "web-1"
  fi
  there "$devices/$A"
  there "$devices/$B"
  virsh destroy web-1
  vm=
  run -0 mdevtool list --raw --noheadings -o uuid,holders
  assert_output "$A -"$'\n'"$B -"
  destroy "$name"
  run -0 mdevtool destroy "$B"
}

@test "libvirt's form of every option is defined, and kept as it is" {
  mdevtool create --parent mtty --type mtty-1 --uuid "$A"
  mdevtool create --parent 86:00.0 --type edu_mdev-small --uuid "$B"
  {
    echo "<domain type='qemu'><name>web-2</name><memory unit='MiB'>32</memory>"
    echo "<os><type arch='x86_64' machine='pc'>hvm</type></os><devices>"
    mdevtool start-vm-args "$A" --format libvirt --id gpu --display on
    mdevtool start-vm-args "$B" --format libvirt --id own --ramfb
    echo "<graphics type='vnc'/></devices></domain>"
  } >"$xml"
  run virsh "define --validate $xml; dumpxml web-2 --inactive; undefine web-2"
  assert_output --partial "Domain 'web-2' defined"
  sed -n '/<hostdev/,/<\/hostdev/p' <<<"$output" | sed "s/ managed='no'//; /<address type='pci'/d; s/^ *//" >"$xml"
  run -0 cat "$xml"
  assert_output "<hostdev mode='subsystem' type='mdev' model='vfio-pci' display='on'>
<source>
<address uuid='$A'/>
</source>
<alias name='ua-gpu0'/>
</hostdev>
<hostdev mode='subsystem' type='mdev' model='vfio-pci' display='on' ramfb='on'>
<source>
<address uuid='$B'/>
</source>
<alias name='ua-own0'/>
</hostdev>"
}

@test "this Debian's QEMU is told what it understands, or what it lacks" {
  local migration
  case $(qemu-system-x86_64 --version) in
    *"version 7."*) migration=x-enable-migration ;;
    *) migration=enable-migration ;;
  esac
  mdevtool create --parent mtty --type mtty-1 --uuid "$A"
  run -0 mdevtool start-vm-args "$A" --qemu qemu-system-x86_64 --migration off --id a
  assert_output "-device vfio-pci,sysfsdev=$devices/$A,id=a0,$migration=off"
  # It opens the device and ends.
  # shellcheck disable=SC2086 # the words are QEMU's
  run -0 timeout 60 qemu-system-x86_64 -machine pc -accel tcg -nodefaults -display none -S -qmp stdio $output \
    <<<'{"execute":"qmp_capabilities"} {"execute":"qom-get","arguments":{"path":"/machine/peripheral/a0","property":"sysfsdev"}} {"execute":"quit"}'
  assert_output --partial "{\"return\": \"$devices/$A\"}"
  if qemu-system-x86_64 -device vfio-pci,help | grep -q iommufd; then
    run -0 --separate-stderr mdevtool start-vm-args "$A" --qemu qemu-system-x86_64 --iommufd
    assert_line --index 0 "-object iommufd,id=iommufd0"
    assert_line --index 1 "-device vfio-pci,sysfsdev=$devices/$A,iommufd=iommufd0"
    assert_regex "$stderr" "/dev/iommu is not there"
  else
    run -9 mdevtool start-vm-args "$A" --qemu qemu-system-x86_64 --iommufd
    assert_output --partial "lacks the property 'iommufd' of vfio-pci"
  fi
}
