#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# 64 at once on four parents, making, removing, grouping, defining and listing whatever comes to
# their minds: a few seconds of it, or as many as MDEVTOOL_SOAK says ("make soak SECONDS=N").
# shellcheck disable=SC2034,SC2154 # what is loaded uses and sets it

load many.bash

setup() {
  begin_many
}

teardown() {
  forget_memory
}

# sum FILE...: of the numbers in them.
sum() {
  cat "$@" | awk '{ sum += $1 } END { print sum + 0 }'
}

@test "soak: 64 at once on four parents, and nothing is lost, mixed or given twice" {
  local racers=64 seconds=${MDEVTOOL_SOAK:-3} until losses
  cards 4
  until=$((EPOCHSECONDS + seconds))
  # shellcheck disable=SC2016 # the inner shell's
  MDEVTOOL=$MDEVTOOL root=$root play bash -c 'racer=$1 dir=$2 n=$3; shift 3
    for ((i = 1; i <= n; i++)); do "$racer" "$dir" "$i" "$@" & done; wait' - \
    "$top_srcdir/tests/tools/racer" "$BATS_TEST_TMPDIR" "$racers" "$until" "${addresses[@]}"
  succeeds
  losses=$(cat "$BATS_TEST_TMPDIR"/losses.* 2>/dev/null) || true
  [ -z "$losses" ] || complain "$losses"
  [ "$(find "$BATS_TEST_TMPDIR" -name 'operations.*' | wc -l)" -eq "$racers" ] || complain "one is missing"
  nothing_left
  [ -z "$(find "$root/etc" -type f)" ] || complain "definitions are left"
  figure "race operations" "$(sum "$BATS_TEST_TMPDIR"/operations.*)"
  figure "losses" 0
}
