#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# mdevtool create: options. What FILEs may hold is in input.bats.
# shellcheck disable=SC2030,SC2031,SC2154 # each test is a subshell of its own; set by what is loaded

load mdevtool.bash

# The dry run's text is kept in tests/golden; what the hardware database knows differs.
golden() {
  diff "$top_srcdir/tests/golden/$1" <(sed -E 's/^(# on [^ ]+) \(.*\): /\1: /' <<<"$output") >&2 ||
    complain "not as in tests/golden/$1"
}

### The mail's sequence

@test "create: to the mail's letter: params, UUID and group, params cleared" {
  machine m60
  mdevtool create --type 11 --group 1 --params frame_rate_limiter=0
  succeeds
  is_silent
  made 1
  wrote 11/params frame_rate_limiter=0
  wrote 11/create "${uuids[0]}:1"
  wrote 11/params ""
  wrote_nothing_else
  has "${uuids[0]}" params frame_rate_limiter=0
  has "${uuids[0]}" group 1
  room 11 is 15
  recorded "${uuids[0]}"
  all_is_whole
}

@test "create: without params none are set and none are cleared" {
  machine m60
  mdevtool create --type 11 --uuid "$A"
  succeeds
  says "$A"
  wrote 11/create "$A"
  wrote_nothing_else
}

@test "create: the count is read first, and 0 stops everything" {
  machine m60
  device "$A" 12
  mdevtool create --type 11 --params x
  fails 5 "cannot create '11' (GRID M60-0B) on '$card': no room, max_instances is 0"
  hints "mdevtool list --parent $card"
  wrote_nothing
}

@test "create: params are cleared also when the driver refuses" {
  machine m60
  fault --fail '*/create=ENOSPC'
  mdevtool create --type 11 --uuid "$A" --params frame_rate_limiter=0
  fails 5 "cannot create '11'" "No space left on device"
  wrote 11/params frame_rate_limiter=0
  tried 11/create "$A" ENOSPC
  wrote 11/params ""
  wrote_nothing_else
  nothing_left
}

@test "create: params that the driver refuses are cleared too, and nothing is made" {
  machine m60
  fault --fail '1=EINVAL'
  mdevtool create --type 11 --uuid "$A" --params nonsense
  fails 8 nonsense "Invalid argument"
  tried 11/params nonsense EINVAL
  wrote 11/params ""
  wrote_nothing_else
  nothing_left
}

@test "create: params that cannot be cleared undo the device and say so" {
  machine m60
  fault --fail '3=EIO'
  mdevtool create --type 11 --uuid "$A" --params x
  [ "$status" -eq 1 ] || complain "not status 1"
  no_device
  no_stray_record
  mdevtool recover
  succeeds
  nothing_left
}

@test "create: a type without a params file ignores them, with a warning, even with --quiet" {
  machine samples
  mdevtool create --type mtty-1 --uuid "$A" --params x --json --quiet
  succeeds
  warns "warning: " "params ignored"
  json '.devices[0].params_ignored'
  json '.devices[0] | has("params")' false
  wrote mtty-1/create "$A"
  wrote_nothing_else
}

@test "create: a random UUID is another one each time" {
  machine m60
  mdevtool create --type 11 --count 16
  succeeds
  made 16
  [ "$(sort -u <<<"$output" | wc -l)" -eq 16 ] || complain "not 16 different ones"
  room 11 is 0
}

@test "create: a UUID in capitals is the same one in lower case" {
  machine m60
  mdevtool create --type 11 --uuid "${A^^}"
  succeeds
  says "$A"
  wrote 11/create "$A"
  recorded "$A"
}

@test "create: by the type's whole name" {
  machine m60
  mdevtool create --type "GRID M60-2Q" --uuid "$A"
  succeeds
  wrote 12/create "$A"
}

@test "create: --json prints the whole record" {
  machine m60
  mdevtool create --type 11 --uuid "$A" --group 3 --name desk --params a=b --json
  succeeds
  json '.devices | length' 1
  json '.devices[0].uuid' "$A"
  json '.devices[0].parent' "$card"
  json '.devices[0].type' 11
  json '.devices[0].type_name' "GRID M60-0B"
  json '.devices[0].group' 3
  json '.devices[0].name' desk
  json '.devices[0].params' a=b
  json '.devices[0].state' active
}

@test "create: a driver that takes the UUID and makes no device is found out" {
  machine m60
  fault --swallow '*/create'
  mdevtool create --type 11 --uuid "$A" --params x
  fails 1 "$A" "not there"
  nothing_left
}

@test "create: a driver that takes only a part is a failure" {
  machine m60
  fault --short '*/create=5'
  mdevtool create --type 11 --uuid "$A" --params x
  fails 1 "did not take all"
  nothing_left
}

@test "create: another tool that takes the UUID first wins, and its device stays" {
  machine m60
  fault --exec "*/create=$MDEVSIM run \$MDEVSIM_DIR -- sh -c 'echo $A > \$MDEVSIM_DIR$types/11/create'"
  mdevtool create --type 11 --uuid "$A"
  fails 4 "$A"
  device_exists "$A"
  [ ! -e "$root/run/mdevtool/devices/$A" ] || complain "it is recorded as ours"
  no_journal_entry
  mdevtool list --json
  json '.devices[0].state' foreign
}

### The kernel's dialect

@test "create: on the kernel's tree the UUID alone, then the attributes in order" {
  machine s390-ap
  mdevtool create --parent matrix --type vfio_ap-passthrough --uuid "$A" --group 2 \
    --attr assign_control_domain=5 --attr assign_control_domain=4
  succeeds
  wrote vfio_ap-passthrough/create "$A"
  wrote "$A/assign_control_domain" 5
  wrote "$A/assign_control_domain" 4
  wrote_nothing_else
  mdevtool list --json
  json '.devices[0].group' 2
}

@test "create: an attribute that the driver refuses undoes the device" {
  machine s390-ap
  mdevtool create --type vfio_ap-passthrough --uuid "$A" \
    --attr assign_control_domain=5 --attr assign_adapter=9999
  [ "$status" -ne 0 ] || complain "it did not fail"
  warns assign_adapter 9999
  hints "create it with another value of 'assign_adapter'" "dmesg | tail"
  wrote vfio_ap-passthrough/create "$A"
  wrote "$A/assign_control_domain" 5
  next_write || complain "it did not try"
  wrote "$A/remove" 1
  wrote_nothing_else
  nothing_left
}

@test "create: a queue that is the host's, or another device's, and a file that is read-only" {
  machine s390-ap
  mdevtool create --type vfio_ap-passthrough --attr assign_adapter=5 --attr assign_domain=4
  fails 7 assign_domain
  hints "a queue of it is the host's" "echo -ADAPTER > /sys/bus/ap/apmask"
  mdevtool create --type vfio_ap-passthrough --attr matrix=1
  fails 7 "read-only"
  hints "create it without 'matrix'"
  play sh -c "echo -5 >'$root/sys/bus/ap/apmask'"
  device "$A" vfio_ap-passthrough --attr assign_adapter=5 --attr assign_domain=4
  mdevtool create --type vfio_ap-passthrough --attr assign_adapter=5 --attr assign_domain=4
  fails 6 assign_domain
  hints "'grep . /sys/bus/mdev/devices/*/matrix' shows which"
}

@test "create: an attribute that does not exist is invalid, and the device is undone" {
  machine samples
  mdevtool create --type mtty-1 --uuid "$A" --attr no_such_file=1
  fails 8 "no_such_file"
  hints "create it without 'no_such_file': 'ls /sys/bus/mdev/devices/$A' then shows what it has"
  wrote mtty-1/create "$A"
  wrote "$A/remove" 1
  wrote_nothing_else
  nothing_left
}

@test "create: an attribute is no way out of the device through a link" {
  machine s390-ap
  mdevtool create --type vfio_ap-passthrough --uuid "$A" --attr mdev_type/create="$B"
  fails 8 "mdev_type/create"
  nothing_left
}

### Groups

@test "create: the group goes to the driver only where the type requires one; it is kept anyway" {
  machine m60
  mdevtool create --type 12 --uuid "$A" --group 3
  succeeds
  wrote 12/create "$A"
  mdevtool list --json
  json '.devices[0].group' 3
}

@test "create: no group is ever demanded" {
  machine m60
  mdevtool create --type 11 --uuid "$A"
  succeeds
  has_no "$A" group
}

@test "create: --group auto is the lowest that is free, one for the set" {
  machine m60
  device "$A" 11 --group 1
  device "$B" 11 --group 3
  mdevtool create --type 11 --group auto --count 2
  succeeds
  wrote 11/create "${lines[0]}:2"
  wrote 11/create "${lines[1]}:2"
  mdevtool create --type 11 --group auto
  wrote 11/create "$output:4"
  mdevtool destroy --group 1
  succeeds
  skip_what_was_written
  mdevtool create --type 11 --group auto
  wrote 11/create "$output:1"
}

@test "create: joining a group is told, with who holds it" {
  machine m60
  device "$A" 11 --group 1
  mdevtool create --type 11 --uuid "$B" --group 1
  succeeds
  warns "joined group 1, now 2 devices"
  holds "$A"
  mdevtool create --type 11 --uuid "$C" --group 1
  warns "joined group 1, now 3 devices" qemu-system-x86 web-1
  mdevtool create --type 11 --group 1 --quiet
  is_silent
}

@test "create: the first of a group, and a whole new set, join nothing" {
  machine m60
  mdevtool create --type 11 --group 1 --count 3
  succeeds
  is_silent
}

@test "create: the largest group is 4294967295" {
  machine m60
  mdevtool create --type 11 --uuid "$A" --group 4294967295
  succeeds
  wrote 11/create "$A:4294967295"
}

### Names and sets

@test "create: a name is ours alone: the driver does not get it" {
  machine m60
  mdevtool create --type 11 --uuid "$A" --name desk-1
  succeeds
  wrote 11/create "$A"
  wrote_nothing_else
  mdevtool list desk-1 --noheadings --raw -o uuid
  says "$A"
}

@test "create: a name that is taken exists already" {
  machine m60
  device "$A" 11 --name desk
  mdevtool create --type 11 --name desk
  fails 4 "'desk'"
  wrote_nothing
  mdevtool destroy desk
  mdevtool create --type 11 --name desk
  succeeds
}

@test "create: --count with --name gives NAME-1 to NAME-N" {
  machine m60
  mdevtool create --type 11 --count 3 --name desk
  succeeds
  made 3
  mdevtool list --json
  json '.devices | map(.name) | sort == ["desk-1", "desk-2", "desk-3"]'
}

@test "create: what is there twice in a set, or taken, is told with its place" {
  local command
  machine m60
  device "$B" 11 --name web
  for command in create define; do
    document "[{\"type\":\"11\",\"name\":\"desk\"},
{\"type\":\"11\",\"name\":\"desk\"}]"
    mdevtool "$command" "$document"
    fails 4 "$document:2:1: the name 'desk' stands in the set twice"
    document "[{\"type\":\"11\",\"uuid\":\"$A\"},
{\"type\":\"11\",\"uuid\":\"$A\"}]"
    mdevtool "$command" "$document"
    fails 8 "$document:2:1: the UUID $A stands in the set twice"
    document "[{\"type\":\"11\"},
{\"type\":\"11\",\"name\":\"web\"}]"
    mdevtool "$command" "$document"
    fails 4 "$document:2:1: the name 'web' is taken"
  done
  wrote_nothing
}

@test "create: --count with a name of which one is taken makes none" {
  machine m60
  device "$A" 11 --name desk-2
  mdevtool create --type 11 --count 3 --name desk
  fails 4 "desk-2"
  wrote_nothing
}

@test "create: --count with --uuid is a usage error" {
  machine m60
  mdevtool create --type 11 --count 2 --uuid "$A"
  fails 2 "--count"
  wrote_nothing
}

@test "create: a set that does not fit is refused before anything is written" {
  machine m60
  mdevtool create --type 11 --count 17
  fails 5 "no room"
  wrote_nothing
}

@test "create: a set that fails in the middle is undone, last first, and the message says all of it" {
  machine m60
  fault --fail '7=EIO'
  mdevtool create --type 11 --count 3 --params x --verbose
  fails 1 "device 3 of 3" "Input/output error" "nothing of the set is left"
  says_nothing
  # shellcheck disable=SC2034 # next_write sets them all
  local first second path text result
  wrote 11/params x
  next_write; first=${text%\\n}
  wrote 11/params ""
  wrote 11/params x
  next_write; second=${text%\\n}
  wrote 11/params ""
  tried 11/params x EIO
  wrote 11/params ""
  wrote mdev_destroy "$second"
  wrote mdev_destroy "$first"
  wrote_nothing_else
  nothing_left
}

@test "create: what cannot be undone is named, the first cause stays first" {
  machine m60
  fault --fail '2=EINVAL' --fail '*/mdev_destroy=EBUSY'
  mdevtool create --type 11 --count 2
  fails 8 "Invalid argument"
  warns_not_of "nothing of the set is left"
  hints "mdevtool recover"
  [[ "$stderr" == *"Invalid argument"*"Device or resource busy"* ]] || complain "the order"
  mdevtool recover
  succeeds
  nothing_left
}

### Placement

@test "create: with no parent named, the smallest room above 0, ties by address" {
  machine m60x2
  mdevtool create --type 11 --uuid "$A"
  wrote "0000:86:00.0/mdev_supported_types/11/create" "$A"
  mdevtool create --type 11 --uuid "$B" --parent 87:00.0
  skip_what_was_written
  mdevtool create --type 11 --uuid "$C" --parent 87:00.0
  skip_what_was_written
  mdevtool create --type 11 --uuid "$D"
  wrote "0000:87:00.0/mdev_supported_types/11/create" "$D"
}

@test "create: a full parent is passed over" {
  machine m60x2
  mdevtool create --type 12 --parent 86:00.0
  mdevtool create --type 11 --uuid "$A"
  succeeds
  wrote "0000:87:00.0/mdev_supported_types/11/create" "$A"
}

@test "create: --placement pack fills one, spread takes turns" {
  machine m60x2
  mdevtool create --type 11 --count 4 --placement pack
  succeeds
  mdevtool list --json
  json '.devices | map(.parent) | unique | length' 1
  mdevtool create --type 11 --count 4 --placement spread
  mdevtool list --json
  json '.devices | group_by(.parent) | map(length) | sort == [4, 4]'
}

@test "create: a set goes to both cards where one has not the room" {
  machine m60x2
  mdevtool create --type 11 --count 20
  succeeds
  mdevtool list --json
  json '.devices | group_by(.parent) | map(length) | sort == [4, 16]'
  mdevtool create --type 11 --count 13
  fails 5 "no room"
  wrote_nothing
}

@test "create: --placement numa=N takes only that node" {
  machine m60x2
  chmod u+w "$root/sys/bus/pci/devices/0000:87:00.0/numa_node"
  echo 0 >"$root/sys/bus/pci/devices/0000:87:00.0/numa_node"
  mdevtool create --type 11 --uuid "$A" --placement numa=0
  succeeds
  wrote "0000:87:00.0/mdev_supported_types/11/create" "$A"
  mdevtool create --type 11 --placement numa=5
  fails 3 "NUMA node 5"
  wrote_nothing
}

@test "create: --placement must be one that there is" {
  machine m60
  local placement
  for placement in tight numa numa= numa=x numa=-1 ''; do
    mdevtool create --type 11 --placement="$placement"
    fails 2 "--placement"
    wrote_nothing
  done
}

@test "create: no room names another parent that has some" {
  machine m60x2
  mdevtool create --type 12 --parent 86:00.0
  mdevtool create --type 11 --parent 86:00.0
  fails 5
  hints "'0000:87:00.0' has room for 16"
}

### Progress

# on_terminal COMMAND: its outputs are a terminal, and what came there is in $output.
on_terminal() {
  needs script
  script -qec true /dev/null </dev/null >&2 || skip "no terminal can be made here"
  play script -qec "$1" /dev/null </dev/null
  output=${output//$'\r'/<}
}

@test "create: a set that takes longer than a second shows on a terminal how far it is" {
  machine m60
  fault --delay '*/create=600'
  on_terminal "'$MDEVTOOL' --root '$root' create --type 11 --count 4 2>&1"
  succeeds
  # one line, written over and over, that ends with the last
  mentions "<2 of 4 made<3 of 4 made<4 of 4 made<
"
  [ "$(tail -n 4 <<<"$output" | tr -d '<' | grep -cE '^[0-9a-f-]{36}$')" -eq 4 ] ||
    complain "the UUIDs do not stand below"
  mdevtool list --json
  json '.devices | length' 4
}

@test "create: on a terminal what a set fails of stands on a line of its own" {
  machine m60
  fault --delay '*/create=600' --fail '4=EIO'
  on_terminal "'$MDEVTOOL' --root '$root' create --type 11 --count 4 2>&1"
  fails 1
  mentions "<3 of 4 made<
mdevtool: device 4 of 4 failed"
  nothing_left
}

@test "create: a quick set, a quiet one, a traced one and a single device show no progress on a terminal" {
  machine m60
  on_terminal "'$MDEVTOOL' --root '$root' create --type 11 --count 2"
  succeeds
  mentions_no made
  fault --delay '*/create=600'
  on_terminal "'$MDEVTOOL' --root '$root' create --type 11 --count 3 --verbose 2>&1"
  succeeds
  mentions_no made
  fault --delay '*/create=600'
  on_terminal "'$MDEVTOOL' --root '$root' create --type 11 --count 3 --quiet"
  succeeds
  mentions_no made
  fault --delay '*/create=1200'
  on_terminal "'$MDEVTOOL' --root '$root' create --type 11"
  succeeds
  mentions_no made
}

@test "create: without a terminal there is no progress, however long it takes" {
  machine m60
  fault --delay '*/create=600'
  mdevtool create --type 11 --count 3
  succeeds
  made 3
  is_silent
}

### --dry-run and --verbose

@test "create: --dry-run prints the mail's echo lines and writes nothing" {
  machine m60
  mdevtool create --type 11 --group 1 --params frame_rate_limiter=0 --uuid "$A" --dry-run
  succeeds
  is_silent
  golden create-m60
  wrote_nothing
  nothing_left
}

@test "create: an option may call the document's type by its name" {
  machine m60
  document '{"type":"11"}'
  mdevtool create "$document" --type 'GRID M60-0B' --uuid "$A"
  succeeds
  mdevtool create "$document" --type 'GRID M60-2Q'
  fails 2 "is not what the document says: '11'"
}

@test "create: --dry-run is the same in every shell" {
  local params
  machine m60
  for params in '-n' 'a\\nb' '\\c'; do
    mdevtool create --type 11 --params "$params" --uuid "$A" --dry-run
    succeeds
    mentions "printf '%s\\n' '$params' > $types/11/params"
    [ "$(sh -c "$(grep -o "printf '%s.n' '[^']*'" <<<"$output")")" = "$params" ] || complain "not to sh"
  done
}

@test "create: several parents that together have too few places say how many" {
  machine m60x2
  device "$A" 11
  mdevtool create --type 11 --count 40
  fails 5 "no room for so many on any of 2 parents, there are 31 places together"
  mdevtool create --type 12 --count 4
  succeeds
  mdevtool create --type 12
  fails 5 "no room on any of 2 parents"
  hints "'mdevtool list' shows what occupies them"
}

@test "create: --dry-run names the card, where there is a hardware database" {
  needs_hwdb
  machine m60
  mdevtool create --type 11 --dry-run
  succeeds
  mentions "# on $card (NVIDIA Corporation GM204GL [Tesla M60]): 16 free"
}

@test "create: --dry-run of a set, on two cards" {
  machine m60x2
  document "[{\"type\": \"11\", \"uuid\": \"$A\"}, {\"type\": \"11\", \"uuid\": \"$B\"}]"
  mdevtool create "$document" --placement spread --group auto --dry-run
  succeeds
  golden create-m60x2
  wrote_nothing
}

@test "create: --dry-run on the kernel's trees" {
  machine nvidia-mdev
  mdevtool create --type 63 --params frame_rate_limiter=0 --uuid "$A" --group 1 --dry-run
  succeeds
  golden create-nvidia-mdev
  machine s390-ap
  mdevtool create --type vfio_ap-passthrough --uuid "$A" --dry-run \
    --attr assign_adapter=3 --attr "assign_domain=it's"
  succeeds
  golden create-s390-ap
}

@test "create: --dry-run shows which group auto would be" {
  machine m60
  device "$A" 11 --group 1
  mdevtool create --type 11 --uuid "$B" --group auto --dry-run
  mentions "$B:2"
  wrote_nothing
}

@test "create: --dry-run as JSON is the same lines" {
  machine m60
  mdevtool create --type 11 --params x --uuid "$A" --dry-run
  local text=$output
  mdevtool create --type 11 --params x --uuid "$A" --dry-run --json
  succeeds
  json '.steps | join("\n")' "$(grep -v '^#' <<<"$text")"
}

@test "create: --dry-run finds what would fail" {
  machine m60
  device "$A" 12 --name desk
  mdevtool create --type 11 --dry-run
  fails 5
  mdevtool create --type 12 --uuid "$A" --dry-run
  fails 4
  mdevtool create --type 12 --name desk --dry-run
  fails 4
  mdevtool create --type 99 --dry-run
  fails 3
  wrote_nothing
}

@test "create: the lines of --dry-run, given to a shell, do the same" {
  machine m60
  mdevtool create --type 11 --group 1 --params "it's=\$HOME" --uuid "$A" --dry-run
  play bash -ec "${output//\/sys\//$root\/sys\/}"
  succeeds
  wrote 11/params "it's=\$HOME"
  wrote 11/create "$A:1"
  wrote 11/params ""
  wrote_nothing_else
  has "$A" group 1
  has "$A" params "it's=\$HOME"
}

@test "create: --verbose shows the steps of the dry run as it makes them" {
  machine m60
  mdevtool create --type 11 --count 1 --group 1 --params a=b --uuid "$A" --dry-run
  mdevtool create --type 11 --group 1 --params a=b --uuid "$A" --dry-run
  local plan=$output
  mdevtool create --type 11 --group 1 --params a=b --uuid "$A" --verbose
  succeeds
  says "$A"
  [ "$stderr" = "$(grep -v '^#' <<<"$plan")" ] || complain "not the plan:" "$plan"
}

### What is wrong with options

@test "create: no type is a usage error that says where to look" {
  machine m60
  mdevtool create
  fails 2 "type"
  hints "list-types"
  wrote_nothing
}

@test "create: an unknown type is not found, the nearest is offered" {
  machine m60
  mdevtool create --type "GRID M60-0X"
  fails 3 "'GRID M60-0X'"
  hints "GRID M60-0B"
  wrote_nothing
}

@test "create: an unknown parent is not found, the nearest is offered" {
  machine m60
  mdevtool create --type 11 --parent 0000:86:00.1
  fails 3 "'0000:86:00.1'"
  hints "$card"
  wrote_nothing
}

@test "create: a type that only another parent offers" {
  machine mixed
  mdevtool create --type 11 --parent 0.0.0001
  fails 3 "'0.0.0001'" "'11'"
  wrote_nothing
}

@test "create: a UUID that is malformed" {
  machine m60
  local uuid
  for uuid in x "${A:0:35}" "${A}0" "${A//-/}" "{$A}" "${A/f/g}" \
    00000000-0000-0000-0000-000000000000 ''; do
    mdevtool create --type 11 --uuid="$uuid"
    fails 8 "--uuid"
    wrote_nothing
  done
}

@test "create: a UUID that is in use, on whichever parent, in whichever case" {
  machine m60x2
  device "$A" 11 --parent 86:00.0
  mdevtool create --type 11 --uuid "$A"
  fails 4 "$A"
  mdevtool create --type 11 --uuid "${A^^}" --parent 87:00.0
  fails 4 "$A"
  wrote_nothing
}

@test "create: a group that is none" {
  machine m60
  local group
  for group in 0 -1 +1 one 1.5 0x1 4294967296 18446744073709551617 ' 1' '' Auto; do
    mdevtool create --type 11 --group="$group"
    fails 8 "--group" "4294967295"
    wrote_nothing
  done
}

@test "create: a name that is none" {
  machine m60
  local name
  for name in a/b 1desk -x '' 'a b' ä .a "$(printf 'x%.0s' {1..65})" abcdefab "$C"; do
    mdevtool create --type 11 --name="$name"
    fails 8 "--name"
    wrote_nothing
  done
  mdevtool create --type 11 --name="$(printf 'x%.0s' {1..64})"
  succeeds
}

@test "create: params of 4095 bytes go, of 4096 do not" {
  machine m60
  local text
  text=$(printf 'x%.0s' {1..4095})
  mdevtool create --type 11 --uuid "$A" --params "${text}x"
  fails 8 "--params" 4095
  wrote_nothing
  mdevtool create --type 11 --uuid "$A" --params "$text"
  succeeds
  wrote 11/params "$text"
}

@test "create: params with control characters" {
  machine m60
  local text
  for text in $'a\nb' $'a\tb' $'\e[1m' $'a\x7f' $'a\n'; do
    mdevtool create --type 11 --params "$text"
    fails 8 "--params"
    wrote_nothing
  done
}

@test "create: an attribute's name that leads elsewhere" {
  machine samples
  local name
  for name in ../remove a/../../remove /etc/passwd . .. a//b a/ '' ./a; do
    mdevtool create --type mtty-1 --attr "$name=1"
    fails 8 "--attr"
    wrote_nothing
  done
}

@test "create: an attribute without a value is a usage error" {
  machine samples
  mdevtool create --type mtty-1 --attr remove
  fails 2 "--attr"
  wrote_nothing
}

@test "create: a type or a parent with a slash" {
  machine m60
  mdevtool create --type ../11
  fails 8 "../11"
  mdevtool create --type 11/create # might be the name of one
  [[ "$status" == 8 || "$status" == 3 ]] || complain "status"
  mdevtool create --type 11 --parent ../../x
  fails 8 "../../x"
  mdevtool create --type ''
  fails 8
  mdevtool create --type ..
  fails 8
  wrote_nothing
}

@test "create: a count that is none" {
  machine m60
  local count
  for count in 0 -1 x 1.5 '' 99999999999999999999; do
    mdevtool create --type 11 --count="$count"
    fails 2 "--count"
    wrote_nothing
  done
}

@test "create: the driver's refusals become statuses" {
  local errno wanted
  while read -r errno wanted; do
    rm -rf "$BATS_TEST_TMPDIR/m60"
    machine m60
    fault --fail "*/create=$errno"
    mdevtool create --type 11 --uuid "$A" --params x
    [ "$status" -eq "$wanted" ] || complain "$errno is not $wanted"
    warns "cannot create '11' (GRID M60-0B) on '$card'"
    nothing_left
  done <<'END'
EEXIST 4
ENOSPC 5
EUSERS 5
EBUSY 6
EACCES 7
EPERM 7
EINVAL 8
ENODEV 3
EIO 1
ENOMEM 1
EADDRINUSE 6
END
}

@test "create: EINVAL with room left points to the kernel's log" {
  machine m60
  fault --fail '*/create=EINVAL'
  mdevtool create --type 11
  fails 8
  hints dmesg
}

@test "create: what the driver of a vanished parent says" {
  machine samples
  fault --exec "*/create=$MDEVSIM unplug \$MDEVSIM_DIR mtty"
  mdevtool create --type mtty-1 --uuid "$A"
  fails 3 "No such device"
  no_journal_entry
  no_stray_record
}

@test "create: a virtual function that one of a set names is left to it" {
  machine nvidia-vf
  document '{"devices":[{"type":"1145"},{"type":"1149","parent":"'"${vfs[0]}"'"},{"type":"1145"}]}'
  mdevtool create "$document"
  succeeds
  made 3
  wrote "${vfs[1]}/nvidia/current_vgpu_type" 1145
  wrote "${vfs[0]}/nvidia/current_vgpu_type" 1149
  wrote "${vfs[2]}/nvidia/current_vgpu_type" 1145
  wrote_nothing_else
}

@test "create: a virtual function that is named twice, or in use, has no room" {
  machine nvidia-vf
  document '{"devices":[{"type":"1145","parent":"41:00.4"},{"type":"1145","parent":"41:00.4"}]}'
  mdevtool create "$document"
  fails 5 "${vfs[0]}"
  wrote_nothing
  mdevtool create --type 1145 --parent 41:00.4 --uuid "$A"
  succeeds
  mdevtool create --type 1145 --parent 41:00.4
  fails 5 "${vfs[0]}"
  hints "mdevtool list --parent ${vfs[0]}"
  mdevtool list --parent "${vfs[0]}" --noheadings --raw -o uuid
  says "$A"
}

@test "create: a UUID is not given to a mediated device and to a virtual function" {
  machine mixed
  device "$A" 1145
  mdevtool create --uuid "$A" --type 11
  fails 4 "$A"
  wrote_nothing
  mdevtool destroy "$A"
  device "$A" 11
  mdevtool create --uuid "$A" --type 1145
  fails 4 "$A"
}

@test "create: an attribute that cannot be written is read-only, and the device is undone" {
  machine nvidia-vf
  mdevtool create --type 1145 --attr gpu_instance_id=1
  fails 7 "gpu_instance_id' is read-only"
  nothing_left
}
