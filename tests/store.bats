#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Definitions that last: runs of define, modify and undefine that end early, disks that are full,
# backups, and mdevctl beside us.
# shellcheck disable=SC2030,SC2031,SC2153,SC2154 # set by what is loaded, in each test

load mdevtool.bash

setup() {
  export root mdevtool=$MDEVTOOL work=$BATS_TEST_TMPDIR uuid=$A all="$A $B $C"
}

# What the definition of A is before and after.
old='["desk",3,"x=y","11","GRID M60-0B","manual",[["a","1"]]]'
new='["bench",4,"z","12","GRID M60-2Q","auto",[["a","1"],["b","2"]]]'
absent=absent
define=(define --uuid "$A" --type 11 --parent "$card" --name desk --group 3 --params x=y --attr a=1)
modify=(modify "$A" --name bench --group 4 --params z --type 12 --auto --attr b=2)
undefine=(undefine "$A")

# now_is: all of what is known of it, in one line.
now_is() {
  mdevtool show "$A" --json
  if [ "$status" -eq 3 ]; then
    output=$absent
  else
    succeeds
    output=$(jq -c '.definitions[0] | [.name, .group, .params, .type, .type_name, .start,
      (.attributes | map([.name, .value]))]' <<<"$output")
  fi
}

# is_either STATE STATE: one of them, whole; what is left of the other hinders nothing.
is_either() {
  now_is
  [[ "$output" == "$1" || "$output" == "$2" ]] || complain "neither the old nor the new one" "$which"
}

# is_now STATE
is_now() {
  now_is
  says "$1"
}

# The files as they are here, and as they were.
remember() {
  rm -rf "${BATS_TEST_TMPDIR:?}/etc"
  cp -a "$root/etc" "$BATS_TEST_TMPDIR/etc"
}

bring_back() {
  rm -rf "${root:?}/etc"
  cp -a "$BATS_TEST_TMPDIR/etc" "$root/etc"
}

# traced CALL HOW ARGUMENT...: the command, one of these system calls spoilt so.
traced() {
  which="with $2 of $1: ${*:3}"
  run --separate-stderr strace -qq -o "$BATS_TEST_TMPDIR/trace" -e "trace=$1" -e "inject=$1:$2" \
    "$MDEVTOOL" --root "$root" "${@:3}"
}

# The address sanitizer's search for leaks does not work under a tracer.
needs_strace() {
  export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
  needs strace
  strace -qq -o /dev/null -e trace=write -e inject=write:error=EIO:when=99 true 2>/dev/null ||
    skip "strace may not trace here"
  # what the C library makes of renameat()
  rename=renameat
  [ "$(uname -m)" != riscv64 ] || rename=renameat2
}

# calls CALL ARGUMENT...: how often the command makes it.
calls() {
  run strace -qq -o "$BATS_TEST_TMPDIR/trace" -e "trace=$1" "$MDEVTOOL" --root "$root" "${@:2}"
  [ "$status" -eq 0 ] || complain "it failed"
  calls=$(wc -l <"$BATS_TEST_TMPDIR/trace")
}

# spoilt killed|full STATE STATE ARGUMENT...: the command, each of its system calls that change or read a
# file spoilt in turn, leaves one of these two. Libraries are opened first, which is no matter here.
spoilt() {
  local how=$1 before=$2 after=$3 rule=signal=KILL call when
  local list="write pwrite64 fsync $rename mkdirat unlinkat fchmod openat2 openat"
  shift 3
  if [ "$how" = full ]; then
    rule=error=ENOSPC
    list=${list%unlinkat*} # what reads and removes needs no room
  fi
  remember
  for call in $list; do
    calls "$call" "$@"
    for ((when = calls > 12 ? calls - 11 : 1; when <= calls; when++)); do
      bring_back
      traced "$call" "$rule:when=$when" "$@"
      "was_$how" "$before" "$after"
    done
    bring_back
  done
}

### Killed at any time

was_killed() {
  [ "$status" -eq 137 ] || complain "it was not killed" "$which"
  is_either "$1" "$2"
}

@test "store: define that is killed at any system call leaves all of it or nothing" {
  needs_strace
  machine m60
  mkdir "$root/etc/mdevctl.d"
  spoilt killed "$absent" "$old" "${define[@]}"
  mdevtool "${define[@]}"
  succeeds
  is_now "$old"
  definitions_are_tidy
}

@test "store: modify that is killed at any system call leaves the old or the new one" {
  needs_strace
  machine m60
  mdevtool "${define[@]}"
  spoilt killed "$old" "$new" "${modify[@]}"
  mdevtool "${modify[@]}"
  succeeds
  is_now "$new"
  definitions_are_tidy
}

@test "store: undefine that is killed at any system call leaves all of it or nothing" {
  needs_strace
  machine m60
  mdevtool "${define[@]}"
  spoilt killed "$old" "$absent" "${undefine[@]}"
  mdevtool "${undefine[@]}"
  succeeds
  is_now "$absent"
  is_undefined "$A"
}

@test "store: what a killed run left is not in the way, nor shown to mdevctl" {
  needs_strace
  machine m60
  mdevtool "${define[@]}"
  calls "$rename" "${modify[@]}"
  mdevtool "${modify[@]}" --name desk --group 3
  remember
  traced "$rename" signal=KILL:when="$calls" modify "$A" --name chair
  # beside the directories of parents, not in them
  [ -z "$(find "$root/etc/mdevctl.d/$card" -name '.*' -type f)" ] || complain "it lies among definitions"
  mdevtool list --defined
  succeeds
  warns "an interrupted run left something of definitions" "mdevtool recover"
  mdevtool modify "$A" --name chair
  succeeds
  definitions_are_tidy
  mdevtool list --defined
  is_silent
}

### Disks that are full, or fail

was_full() {
  if [ "$status" -eq 0 ]; then
    # what it did without that call, like the PID in the lock, was not needed
    is_either "$1" "$2"
    return
  fi
  [ "$status" -ne 137 ] || complain "it crashed" "$which"
  [[ "$stderr" == *"No space left on device"* ]] || complain "it does not say why" "$which"
  is_either "$1" "$2"
}

@test "store: a full disk leaves the old one, whatever fails" {
  needs_strace
  machine m60
  mkdir "$root/etc/mdevctl.d"
  spoilt full "$absent" "$old" "${define[@]}"
  mdevtool "${define[@]}"
  spoilt full "$old" "$new" "${modify[@]}"
  is_now "$old"
  definitions_are_tidy
}

@test "store: a file that may not grow leaves the old one, and names it" {
  machine m60
  mdevtool "${define[@]}"
  remember
  local command
  for command in modify define; do
    # shellcheck disable=SC2016 # the inner shell's
    run bash -c '(trap "" XFSZ; ulimit -f 0; exec "$@") 2>&1 | cat; exit "${PIPESTATUS[0]}"' - \
      "$MDEVTOOL" --root "$root" "$command" \
      "$([ $command = modify ] && echo "$A" || echo "--type=11")" --params other
    [ "$status" -ne 0 ] || complain "it succeeded"
    mentions "cannot write '/etc/mdevctl.d/" "File too large"
    is_now "$old"
    mdevtool list --defined --noheadings --raw -o uuid
    says "$A"
    definitions_are_tidy
  done
}

@test "store: a small disk, filled step by step" {
  needs unshare
  machine m60
  mdevtool "${define[@]}"
  # shellcheck disable=SC2016 # the inner shell's
  run --separate-stderr unshare -rm bash -c '
    cp -a "$root/etc" "$work/etc"
    mount -t tmpfs -o size=64k,mode=0755 none "$root/etc" || exit 77
    cp -a "$work/etc/." "$root/etc/"
    dd if=/dev/zero of="$root/etc/ballast" bs=4k 2>/dev/null
    for ((left = 0; left < 6; left++)); do
      before=$("$mdevtool" --root "$root" export "$uuid")
      if "$mdevtool" --root "$root" modify "$uuid" --params "p$left" 2>"$work/err"; then
        echo "done $left"
      else
        grep -q "cannot .*: No space left on device" "$work/err" || cat "$work/err"
        [ "$("$mdevtool" --root "$root" export "$uuid")" = "$before" ] || echo "it has changed"
      fi
      truncate -s -4k "$root/etc/ballast"
    done' </dev/null
  if [ "$status" -eq 77 ]; then
    skip "no tmpfs may be mounted here"
  fi
  mentions "done 5"
  mentions_no "it has changed" "done 0" mdevtool:
}

@test "store: a set of which one cannot be written is kept as a whole or not at all" {
  needs_strace
  machine m60
  mkdir "$root/etc/mdevctl.d"
  calls "$rename" define --type 11 --count 3
  local when
  for ((when = 1; when <= calls; when++)); do
    rm -rf "${root:?}"/etc/*
    traced "$rename" error=EIO:when=$when define --type 11 --count 3 --name n
    fails 1 "definition $(((when + 1) / 2)) of 3 failed" "Input/output error" "nothing of the set is kept"
    mdevtool list --defined --json
    json '.definitions == []'
    definitions_are_tidy
  done
}

# Three that a set is made of, of two parents, each with something of ours.
three() {
  mdevtool define --type 11 --parent "$card" --uuid "$A" --name one --attr a=1
  mdevtool define --type 12 --parent 0000:87:00.0 --uuid "$B" --params x=y
  mdevtool define --type 11 --parent "$card" --uuid "$C" --group 3 --auto
  succeeds
}

# All that is known of them, and mdevctl's files byte by byte.
all_of_them() { mdevtool export && cat "$root"/etc/mdevctl.d/*/*; }

# is_whole_despite NOTHING CALL HOW COMMAND...: each of these calls fails in turn; either the command succeeds
# all the same, or the set is as it was, and NOTHING says so.
is_whole_despite() {
  local nothing=$1 call=$2 how=$3 when
  shift 3
  remember
  calls "$call" "$@"
  for ((when = 1; when <= calls; when++)); do
    bring_back
    before=$(all_of_them)
    traced "$call" "$how:when=$when" "$@"
    [ "$status" -ne 0 ] || continue
    [[ "$stderr" != *"of 3 failed: "*"; $nothing" ]] || failures=$((failures + 1))
    [ "$(all_of_them)" = "$before" ] || complain "it has changed" "$which"
    [ -z "$(find "$root/etc" -name '.*')" ] || complain "something is left" "$which"
  done
}

@test "store: a set of which one cannot be changed stays as it was" {
  needs_strace
  machine m60x2
  three
  local failures=0
  is_whole_despite "nothing of the set is changed" "$rename" error=EIO modify "$A" "$B" "$C" --params z --group 7
  [ "$failures" -eq 6 ] || complain "only $failures failed"
  failures=0
  is_whole_despite "nothing of the set is changed" fchmod error=ENOSPC modify "$A" "$B" "$C" --params z
  [ "$failures" -eq 6 ] || complain "only $failures failed"
  bring_back
  mdevtool modify "$A" "$B" "$C" --params z --group 7
  succeeds
  mdevtool list --defined --json
  json '.definitions | all(.params == "z" and .group == 7)'
  definitions_are_tidy
}

@test "store: a set of which one cannot be undefined stays as it was" {
  needs_strace
  machine m60x2
  three
  local failures=0
  is_whole_despite "nothing of the set is undefined" fsync error=EIO undefine "$A" "$B" "$C"
  [ "$failures" -eq 3 ] || complain "only $failures failed"
  bring_back
  # others make room for second names, or take away what means nothing any more
  failures=0
  is_whole_despite "nothing of the set is undefined" unlinkat error=EIO undefine "$A" "$B" "$C"
  [ "$failures" -eq 3 ] || complain "only $failures failed"
}

@test "store: a set is not changed where its files cannot have second names" {
  needs_strace
  machine m60x2
  three
  local before
  before=$(all_of_them)
  for command in "modify --params z" undefine; do
    # shellcheck disable=SC2086 # words
    traced linkat error=EPERM:when=2 $command "$A" "$B" "$C"
    fails 7 "cannot link '/etc/mdevctl.d/0000:87:00.0/$B': Operation not permitted"
    [ "$(all_of_them)" = "$before" ] || complain "it has changed"
    [ -z "$(find "$root/etc" -name '.*')" ] || complain "something is left"
  done
}

@test "store: the set that a killed run was at is put back under the names that its files had" {
  needs_strace
  machine m60x2
  three
  mv "$root/etc/mdevctl.d/$card/$C" "$root/etc/mdevctl.d/$card/${C^^}"
  mdevtool modify "$C" --name tall
  succeeds
  remember
  local before after when call
  before=$(all_of_them)
  # shellcheck disable=SC2086 # words
  for command in "modify --params z" undefine; do
    mdevtool $command "$C" "$A"
    succeeds
    after=$(all_of_them)
    bring_back
    call=unlinkat
    [ "$command" = undefine ] || call=$rename
    calls "$call" $command "$C" "$A"
    for ((when = 1; when <= calls; when++)); do
      bring_back
      traced "$call" signal=KILL:when=$when $command "$C" "$A"
      [ "$status" -eq 137 ] || complain "it was not killed" "$which"
      mdevtool recover
      succeeds
      output=$(all_of_them)
      [[ "$output" == "$before" || "$output" == "$after" ]] || complain "neither the old nor the new set" "$which"
    done
    bring_back
  done
}

@test "store: a set of which the last cannot have a second name stays as it was" {
  machine m60x2
  three
  local before
  before=$(all_of_them)
  mkdir "$root/etc/mdevctl.d/.$C.old"
  mdevtool modify "$A" "$B" "$C" --params z
  fails 4 "mdevtool: cannot link '/etc/mdevctl.d/$card/$C': File exists"
  rmdir "$root/etc/mdevctl.d/.$C.old"
  [ "$(all_of_them)" = "$before" ] || complain "it has changed"
  definitions_are_tidy
}

@test "store: what cannot be put back is named" {
  needs_strace
  machine m60x2
  three
  traced "$rename" error=EIO:when=4+ modify "$A" "$B" "$C" --auto
  fails 1 "definition 2 of 3 failed: cannot write '/etc/mdevctl.d/0000:87:00.0/$B'" \
    "; and $A could not be put back: cannot restore '/etc/mdevctl.d/$card/$A': Input/output error"
  warns_not_of "nothing of the set"
}

@test "store: a set on a small disk, filled step by step, is changed as a whole or not at all" {
  needs unshare
  machine m60x2
  three
  # shellcheck disable=SC2016 # the inner shell's
  run --separate-stderr unshare -rm bash -c '
    cp -a "$root/etc" "$work/etc"
    mount -t tmpfs -o size=96k,mode=0755 none "$root/etc" || exit 77
    cp -a "$work/etc/." "$root/etc/"
    dd if=/dev/zero of="$root/etc/ballast" bs=4k 2>/dev/null
    for ((left = 0; left < 12; left++)); do
      before=$("$mdevtool" --root "$root" export)
      if "$mdevtool" --root "$root" modify $all --params "p$left" --attr "b=$(printf "%03000d" $left)" 2>"$work/err"; then
        echo "done $left"
      else
        grep -Eq "No space left on device(; nothing of the set is changed)?$" "$work/err" && echo "failed $left" || cat "$work/err"
        [ "$("$mdevtool" --root "$root" export)" = "$before" ] || echo "it has changed"
      fi
      truncate -s -4k "$root/etc/ballast"
    done' </dev/null
  if [ "$status" -eq 77 ]; then
    skip "no tmpfs may be mounted here"
  fi
  mentions "failed 1" "done 11"
  mentions_no "it has changed" "done 0" mdevtool:
}

### Backups

@test "store: both directories from a backup, by cp and by tar, keep what is ours" {
  machine m60
  mdevtool "${define[@]}"
  remember
  mdevtool undefine "$A"
  bring_back
  is_now "$old"
  needs tar
  tar -C "$root/etc" -cf "$BATS_TEST_TMPDIR/tar" .
  rm -rf "${root:?}"/etc/*
  tar -C "$root/etc" -xf "$BATS_TEST_TMPDIR/tar"
  is_now "$old"
  mdevtool "${modify[@]}"
  is_now "$new"
}

@test "store: after recover the files of a backup may be changed in place" {
  machine m60
  mdevtool "${define[@]}"
  remember
  bring_back
  mdevtool recover --dry-run
  mdevtool recover
  succeeds
  sed -i.orig s/manual/auto/ "$root/etc/mdevctl.d/$card/$A"
  cat "$root/etc/mdevctl.d/$card/$A.orig" >/dev/null
  rm "$root/etc/mdevctl.d/$card/$A.orig"
  bring_back
  mdevtool recover
  printf '{"mdev_type": "11", "start": "auto", "attrs": []}' >"$root/etc/mdevctl.d/$card/$A"
  kept "$A" name desk group 3 params x=y start auto
}

@test "store: mdevctl's directory alone from a backup does not bring back another's name" {
  machine m60
  mdevtool "${define[@]}"
  remember
  mdevtool undefine "$A"
  rm -rf "${root:?}/etc/mdevctl.d"
  cp -a "$BATS_TEST_TMPDIR/etc/mdevctl.d" "$root/etc/mdevctl.d"
  kept "$A" name "" group "" params ""
}

### Somebody else

@test "store: a file that is changed in place keeps what is ours, a new one does not" {
  machine m60
  mdevtool "${define[@]}"
  printf '{"mdev_type": "12", "start": "auto", "attrs": []}' >"$root/etc/mdevctl.d/$card/$A"
  kept "$A" name desk group 3 params x=y type 12 type_name "" start auto
  rm "$root/etc/mdevctl.d/$card/$A"
  printf '{"mdev_type": "11", "start": "auto", "attrs": []}' >"$root/etc/mdevctl.d/$card/$A"
  kept "$A" name "" group "" params "" type 11
  mdevtool create --type 11 --name desk --uuid "$B"
  succeeds
}

@test "store: recover forgets what is ours of definitions that are gone" {
  machine m60
  mdevtool "${define[@]}"
  definition "$B" 11 --name other
  rm "$root/etc/mdevctl.d/$card/$A"
  mdevtool recover --dry-run
  says "would forget what was kept of $A, which is not defined any more"
  wrote_nothing
  mdevtool recover
  says "forgot what was kept of $A, which is not defined any more"
  is_undefined "$A"
  kept "$B" name other
  mdevtool recover
  says_nothing
}

@test "store: what is ours and cannot be read is named, and not taken for nothing" {
  machine m60
  mdevtool "${define[@]}"
  definition "$B" 11 --name other
  local text
  for text in '{"versions": [' '[]' '{"versions": 1}' ''; do
    printf '%s' "$text" >"$root/etc/mdevtool.d/$A"
    mdevtool list --defined --noheadings --raw -o uuid
    fails 1 "warning: /etc/mdevtool.d/$A:1:"
    says "$B"
    mdevtool modify "$A" --auto
    fails 8 "/etc/mdevtool.d/$A:1:"
    hints "correct the file, or remove it"
    mdevtool start "$A"
    fails 8 "/etc/mdevtool.d/$A:1:"
    wrote_nothing
    mdevtool modify other --auto
    succeeds
    is_silent
  done
  rm "$root/etc/mdevtool.d/$A"
  mkfifo "$root/etc/mdevtool.d/$A"
  mdevtool modify "$A" --auto
  fails 8 "cannot use '/etc/mdevtool.d/$A': not a file"
  rm "$root/etc/mdevtool.d/$A"
  mkdir "$root/etc/mdevtool.d/$A"
  mdevtool modify "$A" --auto
  [ "$status" -ne 0 ] || complain "it succeeded"
  warns "/etc/mdevtool.d/$A"
  rmdir "$root/etc/mdevtool.d/$A"
  mdevtool modify "$A" --auto
  succeeds
}

@test "store: values of ours that nobody may give are not taken" {
  machine m60
  mdevtool "${define[@]}"
  jq '.versions[0] += {"name": "../x", "group": 4294967296, "params": "a\nb", "type_name": 5}' \
    "$root/etc/mdevtool.d/$A" >"$BATS_TEST_TMPDIR/own"
  cp "$BATS_TEST_TMPDIR/own" "$root/etc/mdevtool.d/$A"
  kept "$A" name "" group "" params "" type_name ""
}

### mdevctl itself, on this machine's files

# Debian's, see mdevctl/README.
needs_mdevctl() {
  local found cache=${MDEVTOOL_MDEVCTL_CACHE:-$top_builddir/mdevctl-cache}
  found=$("$top_srcdir/tests/mdevctl/fetch" "$cache" 1.4.0) || skip "$found"
  export THEIRS=${found##*$'\n'}
}

# their_mdevctl ARGUMENT...
their_mdevctl() {
  mkdir -p "$root"/{etc/mdevctl.d,usr/lib/mdevctl}/scripts.d/{callouts,notifiers}
  run --separate-stderr env MDEVCTL_ENV_ROOT="$root" "$THEIRS" "$@"
}

@test "mdevctl: shows what we define, and we what it defines" {
  needs_mdevctl
  machine m60
  mdevtool "${define[@]}"
  their_mdevctl list --defined
  succeeds
  mentions "$A $card 11 manual"
  their_mdevctl define -u "$B" -p "$card" -t 12 --auto
  succeeds
  kept "$B" type 12 start auto parent "$card"
  mdevtool undefine "$B"
  their_mdevctl list --defined
  mentions_no "$B"
}

@test "mdevctl: its modify keeps our name, group and params" {
  needs_mdevctl
  machine m60
  mdevtool "${define[@]}"
  their_mdevctl modify -u "$A" --auto
  succeeds
  their_mdevctl modify -u "$A" --addattr b --value 2
  succeeds
  kept "$A" name desk group 3 params x=y start auto type_name "GRID M60-0B"
  mdevtool "${modify[@]}"
  succeeds
  their_mdevctl modify -u "$A" --manual
  kept "$A" name bench group 4 params z start manual
  their_mdevctl modify -u "$A" --type 13 --manual
  kept "$A" name bench group 4 params z type 13 type_name ""
}

@test "mdevctl: what it undefines and defines anew has no name of before" {
  needs_mdevctl
  machine m60
  mdevtool "${define[@]}"
  their_mdevctl undefine -u "$A"
  succeeds
  is_now "$absent"
  their_mdevctl define -u "$A" -p "$card" -t 11
  succeeds
  kept "$A" name "" group "" params ""
  mdevtool modify "$A" --name chair
  succeeds
  kept "$A" name chair group "" params ""
}

@test "mdevctl: what it undefines we may define anew, with another name or its own" {
  needs_mdevctl
  machine m60
  mdevtool "${define[@]}"
  their_mdevctl undefine -u "$A"
  definition "$B" 11 --name desk
  mdevtool define --uuid "$A" --type 12 --parent "$card"
  succeeds
  kept "$A" name "" group "" params "" type 12
}

@test "mdevctl: a backup of both directories, and then its modify" {
  needs_mdevctl
  machine m60
  mdevtool "${define[@]}"
  remember
  their_mdevctl undefine -u "$A"
  bring_back
  is_now "$old"
  mdevtool recover
  their_mdevctl modify -u "$A" --auto
  succeeds
  kept "$A" name desk group 3 params x=y start auto
}

@test "mdevctl: what a killed run of ours left is no definition to it" {
  needs_mdevctl
  needs_strace
  machine m60
  mdevtool "${define[@]}"
  traced "$rename" signal=KILL:when=2 modify "$A" --name chair
  [ "$status" -eq 137 ] || complain "it was not killed"
  [ -n "$(find "$root/etc/mdevctl.d" -name '.*.tmp')" ] || complain "nothing was left"
  their_mdevctl list --defined
  succeeds
  is_silent
  [ "${#lines[@]}" -le 2 ] || complain "there are others"
}
