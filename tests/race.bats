#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Many runs at once.
# shellcheck disable=SC2154 # set by what is loaded

load mdevtool.bash

# roomy NAME MOST: the machine, with room for so many of type 11.
roomy() {
  machine "$1"
  local record
  for record in "$root"/.mdevsim/parents/*; do
    sed -i "s/11:16/11:$2/" "$record"
  done
}

# at_once N COMMAND...: so many times, each with its number for %; what each said goes to out.N and
# err.N, its status to status.N.
at_once() {
  # shellcheck disable=SC2016 # the inner shell's
  play bash -c 'out=$1; n=$2; shift 2
    for ((i = 1; i <= n; i++)); do
      { "${@//%/$i}" >"$out/out.$i" 2>"$out/err.$i"; echo $? >"$out/status.$i"; } &
    done
    wait' - "$BATS_TEST_TMPDIR" "$@"
  succeeds
}

# ended N STATUS: so many ended so.
ended() {
  local n
  n=$(cat "$BATS_TEST_TMPDIR"/status.* | grep -cx "$2") || true
  [ "$n" -eq "$1" ] || complain "$n ended with $2, not $1:" "$(cat "$BATS_TEST_TMPDIR"/err.*)"
}

@test "race: 64 creates at once never mix their params" {
  roomy m60 64
  fault --delay '*/params=1' --delay '*/create=1'
  at_once 64 "$MDEVTOOL" --root "$root" create --type 11 --params p=% --name n%
  ended 64 0
  local i
  for ((i = 1; i <= 64; i++)); do
    has "$(cat "$BATS_TEST_TMPDIR/out.$i")" params "p=$i"
  done
  all_is_whole
  mdevtool list --json
  json '.devices | length' 64
  json '[.devices[] | select((.params | ltrimstr("p=")) == (.name | ltrimstr("n")))] | length' 64
}

@test "race: params of one do not reach those that give none" {
  roomy m60 64
  # shellcheck disable=SC2016 # the inner shell's
  at_once 24 sh -c 'if [ $(($1 & 1)) = 1 ]; then set -- "$@" --params "p=$1"; fi
    shift; exec "$@"' - % "$MDEVTOOL" --root "$root" create --type 11
  ended 24 0
  local i uuid
  for ((i = 1; i <= 24; i++)); do
    uuid=$(cat "$BATS_TEST_TMPDIR/out.$i")
    if [ $((i % 2)) -eq 0 ]; then
      has_no "$uuid" params
    else
      has "$uuid" params "p=$i"
    fi
  done
}

@test "race: virtual functions are given once, with the params of whom they were given" {
  machine nvidia-vf
  fault --delay '*/current_vgpu_type=2' --delay '*/vgpu_params=2'
  at_once 12 "$MDEVTOOL" --root "$root" create --type 1145 --params p=% --name n%
  ended 8 0
  ended 4 5
  all_is_whole
  local i
  for ((i = 1; i <= 12; i++)); do
    [ "$(cat "$BATS_TEST_TMPDIR/status.$i")" = 0 ] || continue
    vgpu "$(vf_of "$(cat "$BATS_TEST_TMPDIR/out.$i")")" 1145 "p=$i"
  done
  mdevtool list --json
  json '.devices | map(.address) | unique | length' 8
}

@test "race: 16 at once on the functions of two cards, each with its group, params and name" {
  machine nvidia-vfx2
  fault --delay '*/current_vgpu_type=1' --delay '*/vgpu_params=1'
  at_once 16 "$MDEVTOOL" --root "$root" create --type 1145 --params p=% --name n% --group auto \
    --placement spread
  ended 12 0
  ended 4 5
  all_is_whole
  local i
  for ((i = 1; i <= 16; i++)); do
    [ "$(cat "$BATS_TEST_TMPDIR/status.$i")" = 0 ] || continue
    vgpu "$(vf_of "$(cat "$BATS_TEST_TMPDIR/out.$i")")" 1145 "p=$i"
  done
  mdevtool list --json
  json '.devices | map(.address) | unique | length' 12
  json '.devices | map(.group) | sort | tostring' '[1,2,3,4,5,6,7,8,9,10,11,12]'
  json '[.devices[] | select((.params | ltrimstr("p=")) == (.name | ltrimstr("n")))] | length' 12
}

@test "race: 16 make and release functions while another tool takes and gives back one, and all counts add up" {
  machine nvidia-vf
  # shellcheck disable=SC2016 # the inner shell's
  at_once 17 sh -c 'if [ "$3" = 17 ]; then
      for i in 1 2 3 4 5 6 7 8 9 10; do
        # opened without emptying it, which sysfs does not do either
        echo 1149 1<>"$4" && sleep 0.02 && echo 0 1<>"$4"
      done 2>/dev/null
      exit 0
    fi
    for i in 1 2; do
      "$1" --root "$2" create --type 1145 --name "n$3" --params "p=$3" >/dev/null; status=$?
      case $status in
        0) "$1" --root "$2" destroy "n$3" || exit ;;
        5 | 6) ;; # no room, or that tool was just there
        *) exit $status ;;
      esac
    done' - "$MDEVTOOL" "$root" % "$(file_of "${vfs[0]}" current_vgpu_type)"
  ended 17 0
  foreign_vgpu "${vfs[0]}" 0
  nothing_left
}

@test "race: 16 at once over all dialects, and every listing made meanwhile is whole" {
  machine mixed
  document '[{"type":"11","params":"x"},{"type":"1145","params":"a=1"}]'
  # shellcheck disable=SC2016 # the inner shell's
  at_once 16 sh -c 'if [ $(($3 & 1)) = 0 ]; then
      "$1" --root "$2" list --json | jq -e "all(.devices[]; .parent and .type)" >/dev/null || exit 99
      "$1" --root "$2" list-types --json --quiet | jq -e "has(\"types\")" >/dev/null || exit 98
      exit 0
    fi
    exec "$1" --root "$2" create "$4" --group "$3"' - "$MDEVTOOL" "$root" % "$document"
  ended 16 0
  all_is_whole
  mdevtool list --json
  json '.devices | group_by(.group) | map([.[].type] | sort | join(" ")) | unique == ["11 1145"]'
  json '.devices | length' 16
}

@test "race: of two sizes for an empty card one wins, and no set is torn" {
  machine nvidia-vf
  # shellcheck disable=SC2016 # the inner shell's
  at_once 6 sh -c 'exec "$1" --root "$2" create --type "$((1149 + ($3 & 1)))" --count 4' - \
    "$MDEVTOOL" "$root" %
  ended 2 0
  # who comes so late that the card lists only the other size does not find the type
  ended 4 '[35]'
  mdevtool list --json
  json '.devices | map(.type) | unique | length' 1
  json '.devices | length' 8
  all_is_whole
}

@test "race: virtual functions are made and released, and in the end nothing is left" {
  machine nvidia-vf
  # shellcheck disable=SC2016 # the inner shell's
  at_once 8 sh -c 'for i in 1 2 3; do
      "$1" --root "$2" create --type 1145 --name "n$3" --params "p=$3" >/dev/null || exit
      "$1" --root "$2" destroy "n$3" || exit
    done' - "$MDEVTOOL" "$root" %
  ended 8 0
  nothing_left
}

@test "race: --group auto never gives a number twice" {
  roomy m60 64
  at_once 24 "$MDEVTOOL" --root "$root" create --type 11 --group auto
  ended 24 0
  mdevtool list --json
  json '.devices | map(.group) | unique | length' 24
  json '.devices | map(.group) | max' 24
}

@test "race: a name is given once" {
  machine m60
  at_once 12 "$MDEVTOOL" --root "$root" create --type 11 --name desk
  ended 1 0
  ended 11 4
  mdevtool list --json
  json '.devices | length' 1
  all_is_whole
}

@test "race: a UUID is given once" {
  machine m60
  at_once 12 "$MDEVTOOL" --root "$root" create --type 11 --uuid "$A"
  ended 1 0
  ended 11 4
  recorded "$A"
  all_is_whole
}

@test "race: the last places are given once, and sets are whole or not at all" {
  machine m60
  at_once 8 "$MDEVTOOL" --root "$root" create --type 11 --count 3 --params p=%
  ended 5 0
  ended 3 5
  room 11 is 1
  all_is_whole
}

@test "race: sets on two cards, parents in any order, never wait for each other" {
  machine m60x2
  local list="0000:86:00.0 0000:87:00.0" i
  for i in 1 2; do
    document "[{\"type\":\"11\",\"parent\":\"${list%% *}\"},{\"type\":\"11\",\"parent\":\"${list##* }\"}]"
    mv "$document" "$BATS_TEST_TMPDIR/set.$i"
    list="${list##* } ${list%% *}"
  done
  # shellcheck disable=SC2016 # the inner shell's
  at_once 12 sh -c 'exec "$2" --root "$3" create "$4/set.$((($1 & 1) + 1))"' - % \
    "$MDEVTOOL" "$root" "$BATS_TEST_TMPDIR"
  ended 12 0
  room 11 is 4
  all_is_whole
}

@test "race: creates and destroys, and in the end nothing is left" {
  machine m60
  # shellcheck disable=SC2016 # the inner shell's
  at_once 8 sh -c 'for i in 1 2 3; do
      "$1" --root "$2" create --type 11 --name "n$3" --params "$3" >/dev/null || exit
      "$1" --root "$2" destroy "n$3" || exit
    done' - "$MDEVTOOL" "$root" %
  ended 8 0
  nothing_left
}

@test "race: a device is destroyed once" {
  machine m60
  device "$A" 11
  at_once 8 "$MDEVTOOL" --root "$root" destroy "$A"
  wrote mdev_destroy "$A"
  wrote_nothing_else
  # those that came too late find it gone
  ! cat "$BATS_TEST_TMPDIR"/status.* | grep -vx '[03]' || complain "another status"
  nothing_left
}

@test "race: listings meanwhile parse and do not warn" {
  roomy m60 64
  fault --delay '*/create=5'
  # shellcheck disable=SC2016 # the inner shell's
  play bash -c '
    for ((i = 0; i < 16; i++)); do "$1" --root "$2" create --type 11 --params $i >/dev/null & done
    for ((i = 0; i < 15; i++)); do
      "$1" --root "$2" list --json 2>&1 | jq -e "has(\"devices\")" >/dev/null || echo "list: bad"
      "$1" --root "$2" list-types --json 2>&1 | jq -e "has(\"types\")" >/dev/null || echo "types: bad"
    done
    wait' - "$MDEVTOOL" "$root"
  succeeds
  says_nothing
  is_silent
}

@test "race: virtual functions are listed meanwhile, whole, and without a warning" {
  machine nvidia-vf
  # shellcheck disable=SC2016 # the inner shell's
  play bash -c '
    for ((i = 0; i < 10; i++)); do
      "$1" --root "$2" create --type 1145 --name desk --params a=1 >/dev/null
      "$1" --root "$2" destroy desk
    done &
    for ((i = 0; i < 20; i++)); do
      "$1" --root "$2" list --json 2>&1 | jq -e "has(\"devices\")" >/dev/null || echo "list: bad"
      "$1" --root "$2" list-types --json --quiet 2>&1 | jq -e "has(\"types\")" >/dev/null || echo "types: bad"
    done
    wait' - "$MDEVTOOL" "$root"
  succeeds
  says_nothing
  is_silent
}

@test "race: a UUID is defined once, a name too, and groups are never given twice" {
  machine m60
  at_once 8 "$MDEVTOOL" --root "$root" define --type 11 --uuid "$A"
  ended 1 0
  ended 7 4
  at_once 8 "$MDEVTOOL" --root "$root" define --type 11 --name desk
  ended 1 0
  ended 7 4
  at_once 8 "$MDEVTOOL" --root "$root" define --type 11 --name n% --group auto
  ended 8 0
  mdevtool list --defined --json
  succeeds
  json '.definitions | length' 10
  json '[.definitions[].group | select(.)] | unique | length' 8
  definitions_are_tidy
}

@test "race: of changes to one definition none is lost" {
  machine m60
  definition "$A" 11 --name desk
  at_once 12 "$MDEVTOOL" --root "$root" modify "$A" --add-attr a%=%
  ended 12 0
  mdevtool show "$A" --json
  json '.definitions[0].name' desk
  json '.definitions[0].attributes | map(.name) | unique | length' 12
}

@test "race: a definition is forgotten once, and what is defined meanwhile is whole" {
  machine m60
  definition "$A" 11 --name desk
  # shellcheck disable=SC2016 # the inner shell's
  at_once 8 sh -c 'if [ $(($3 & 1)) = 1 ]; then exec "$1" --root "$2" undefine desk; fi
    exec "$1" --root "$2" define --type 11 --name n$3 --params p=$3' - "$MDEVTOOL" "$root" %
  ended 5 0
  ended 3 3
  mdevtool list --defined --json
  json '.definitions | map(.params == "p=" + (.name | ltrimstr("n"))) == [true, true, true, true]'
}

@test "race: definitions are listed meanwhile, whole, and without a warning" {
  machine m60
  definition "$A" 11 --name desk --params x
  # shellcheck disable=SC2016 # the inner shell's
  play bash -c '
    for ((i = 0; i < 20; i++)); do
      "$1" --root "$2" define --type 11 --name "n$i" --params x >/dev/null
      "$1" --root "$2" undefine "n$i"
    done &
    for ((i = 0; i < 40; i++)); do
      "$1" --root "$2" list --defined --json 2>&1 |
        jq -e ".definitions | map(.params == \"x\") | all" >/dev/null || echo bad
    done
    wait' - "$MDEVTOOL" "$root"
  succeeds
  says_nothing
  is_silent
}

@test "race: several that start what starts by itself: each is made once, all succeed" {
  machine m60
  mdevtool define --type 11 --parent "$card" --count 16 --name n --params x --auto
  fault --delay '*/create=2'
  at_once 6 "$MDEVTOOL" --root "$root" start --auto --parent "$card"
  ended 6 0
  room 11 is 0
  [ "$(cat "$BATS_TEST_TMPDIR"/out.* | sort | uniq -u | wc -l)" -eq 16 ] ||
    complain "not each of them once"
  all_is_whole
}

@test "race: several that start one: it is made once, all succeed" {
  machine m60
  definition "$A" 11
  fault --delay '*/create=2'
  at_once 8 "$MDEVTOOL" --root "$root" start "$A"
  ended 8 0
  wrote 11/create "$A"
  wrote_nothing_else
}

@test "race: killed runs among others leave nothing in the end" {
  roomy m60 64
  fault --kill-after 5 --kill-before 11 --kill-after 20 --kill-before 27
  at_once 12 "$MDEVTOOL" --root "$root" create --type 11 --params p=%
  ended 4 137
  ended 8 0
  mdevtool recover
  succeeds
  all_is_whole
  local i
  for ((i = 1; i <= 12; i++)); do
    [ "$(cat "$BATS_TEST_TMPDIR/status.$i")" = 0 ] || continue
    has "$(cat "$BATS_TEST_TMPDIR/out.$i")" params "p=$i"
  done
}

# meanwhile WRITE COMMAND: before the driver sees that write somebody else runs this, its drivers
# answering.
meanwhile() {
  printf '%s\n' "$2" >"$BATS_TEST_TMPDIR/meanwhile"
  fault --exec "$1=$MDEVSIM run \$MDEVSIM_DIR -- sh $BATS_TEST_TMPDIR/meanwhile"
}

@test "race: a device that is just being made, or removed, is listed with all that is known" {
  machine m60
  # its params are being cleared: it is there, and has no record yet
  meanwhile 3 "'$MDEVTOOL' --root '$root' list --raw --noheadings -o uuid,name,type,group,state \
    >'$BATS_TEST_TMPDIR/list' 2>&1"
  mdevtool create --type 11 --group 3 --name desk --params x --uuid "$A"
  succeeds
  [ "$(cat "$BATS_TEST_TMPDIR/list")" = "$A desk 11 3 active" ] || complain "$(cat "$BATS_TEST_TMPDIR/list")"
  meanwhile '*/mdev_destroy' "'$MDEVTOOL' --root '$root' list --raw --noheadings -o uuid,name,type \
    >'$BATS_TEST_TMPDIR/list' 2>&1"
  mdevtool destroy desk
  succeeds
  [ "$(cat "$BATS_TEST_TMPDIR/list")" = "$A desk 11" ] || complain "$(cat "$BATS_TEST_TMPDIR/list")"
}

@test "race: a shell makes a device of the same UUID first, which is told and left alone" {
  machine m60
  meanwhile '*/create' "echo $A >'$root$types/12/create'"
  mdevtool create --type 11 --params x --uuid "$A"
  fails 4 "$A" "File exists"
  has "$A" type 12
  params_are_clear
  no_journal_entry
  mdevtool list --json
  json '.devices | map([.uuid, .state]) == [["'"$A"'", "foreign"]]'
}

@test "race: a shell takes the last place, which is told" {
  machine s390-ccw
  meanwhile '*/create' "echo $B >'$root/sys/devices/css0/0.0.0001/mdev_supported_types/vfio_ccw-io/create'"
  mdevtool create --type vfio_ccw-io --parent 0.0.0001 --uuid "$A"
  fails 5 "0.0.0001"
  hints "mdevtool list --parent"
  no_journal_entry
  device_exists "$B"
  [ ! -e "$root/sys/bus/mdev/devices/$A" ] || complain "it is there"
}

@test "race: a shell removes what was just made, which is told" {
  machine m60
  meanwhile 3 "echo $A >'$root/sys/bus/pci/devices/$card/mdev_destroy'"
  mdevtool create --type 11 --params x --uuid "$A"
  fails 1 "$A" "not there"
  nothing_left
}
