#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Who may do what: with rights that the program was lent, as an ordinary user, and whose are the files.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # for another shell; set by what is loaded, in each test

load mdevtool.bash

### Rights that the program was lent

# lent: a copy of the program where rights can be lent to it, as nobody may run it; in $lent.
lent() {
  local up
  [ "$(id -u)" -eq 0 ] || skip "only root can lend rights"
  needs setpriv findmnt
  if grep -q 'NoNewPrivs:.*1' /proc/self/status; then
    skip "no rights can be gained here"
  fi
  for up in "$BATS_TEST_TMPDIR" "$top_builddir" /var/tmp; do
    [[ ,$(findmnt -no OPTIONS -T "$up"), == *,nosuid,* ]] || break
  done
  [[ ,$(findmnt -no OPTIONS -T "$up"), != *,nosuid,* ]] || skip "no file system here knows set-uid"
  lent_dir=$(mktemp -d "$up/lent-XXXXXXXX")
  lent=$lent_dir/mdevtool
  cp "$MDEVTOOL" "$lent"
  chmod 0755 "$lent_dir" "$lent"
  for name in mdevctl lsmdev mdevtool-list; do
    ln -s mdevtool "$lent_dir/$name"
  done
  while [ "$up" != / ]; do
    chmod a+x "$up"
    up=$(dirname "$up")
  done
}

teardown() {
  [ -z "${lent_dir-}" ] || rm -r "$lent_dir"
}

as_nobody() {
  run --separate-stderr setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}

# refuses: whatever it is called, asked for or surrounded by, with nothing looked at.
refuses() {
  local words
  for words in "" --help --version "list --json" "--root /nowhere list" "create --type 11" craete --none; do
    # shellcheck disable=SC2086 # words
    as_nobody "$lent" $words
    fails 7 "mdevtool: refusing to run set-uid, set-gid or with file capabilities"
    hints "chmod ug-s" "setcap -r" sudo
    says_nothing
    [ "$(wc -l <<<"$stderr")" -eq 2 ] || complain "it says more"
  done
  for words in mdevctl lsmdev mdevtool-list; do
    as_nobody "$lent_dir/$words" list
    fails 7 "refusing to run"
    says_nothing
  done
  as_nobody env MDEVTOOL_ROOT=/nowhere "$lent" list
  fails 7 "refusing to run"
  warns_not_of nowhere
  as_nobody sh -c 'exec "$0" list >&- 2>&-' "$lent"
  [ "$status" -eq 7 ] || complain "it did not refuse"
}

@test "rights: a set-uid or set-gid program refuses to run" {
  local mode
  lent
  as_nobody "$lent" --version
  succeeds
  for mode in 4755 2755 6755; do
    chmod "$mode" "$lent"
    refuses
  done
  # whoever it belongs to, it is not its user's
  chown 65533:65533 "$lent"
  chmod 6755 "$lent"
  refuses
}

@test "rights: root, who gains nothing by it, is not refused" {
  lent
  chmod 6755 "$lent"
  run --separate-stderr "$lent" --version
  succeeds
  chown 65533 "$lent"
  chmod 4755 "$lent"
  run --separate-stderr "$lent" --version
  fails 7 "refusing to run"
}

@test "rights: a program with file capabilities refuses to run" {
  lent
  needs setcap
  setcap cap_dac_override+ep "$lent" || skip "no capabilities can be given to files here"
  refuses
  setcap -r "$lent"
  as_nobody "$lent" --version
  succeeds
}
