#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What keeps a mistake of ours from becoming somebody's way in: how the program is built, and how the
# boot unit is confined.
# shellcheck disable=SC2030,SC2031,SC2154 # set by what is loaded, in each test

load mdevtool.bash

### The program

# variable NAME: its value in the build's Makefile.
variable() {
  sed -n "s/^$1 = *//p" "$top_builddir/Makefile"
}

# hardened: skips the test for a build that is not meant to be.
hardened() {
  needs readelf make
  [ -e "$top_builddir/Makefile" ] || skip "the build's Makefile is not here"
  [ -n "$(variable HARDEN_CFLAGS)" ] || skip "configured with --disable-hardening"
}

# has WHAT PATTERN: what readelf printed of the program has such a line.
has() {
  grep -qE "$2" <<<"$elf" || complain "$binary has no $1:" "$elf"
}

has_no() {
  ! grep -E "$2" <<<"$elf" || complain "$binary has $1"
}

# is_hardened BINARY: headers, segments and the dynamic section.
is_hardened() {
  local binary=$1 elf
  elf=$(readelf --wide --file-header --segments --dynamic "$binary")
  has "PIE" '^ *Type: +DYN'
  has "PIE" '\(FLAGS_1\).*\bPIE\b'
  has "RELRO" '^ *GNU_RELRO '
  has "binding at start" '\(FLAGS_1\).*\bNOW\b'
  has "stack that is not executable" '^ *GNU_STACK .* RW +0x'
  has_no "a segment that can be written and executed" '^ *[A-Z_]+ +0x.* RWE +0x'
  has_no "relocations in its text" TEXTREL
  has_no "a path of its own for libraries" 'R(UN)?PATH'
  elf=$(readelf --wide --dyn-syms "$binary")
  has "stack protector" '__stack_chk_fail'
  has "fortified functions" '__v?snprintf_chk'
  has "fortified functions" '__memcpy_chk'
  has_no "what is not fortified" ' v?s?n?printf@| v?fprintf@| v?asprintf@'
}

@test "hardening: the program as it was built" {
  hardened
  is_hardened "$MDEVTOOL"
}

@test "hardening: the program as it is installed, and nothing that is installed lends rights or is for others to write" {
  hardened
  local to=$BATS_TEST_TMPDIR/to
  MAKEFLAGS='' make -s -C "$top_builddir" install DESTDIR="$to" prefix=/usr bindir=/usr/bin \
    udevrulesdir=/usr/lib/udev systemdunitdir=/usr/lib/systemd/system \
    completiondir=/usr/share/completions >"$BATS_TEST_TMPDIR/log" 2>&1 || complain "$(<"$BATS_TEST_TMPDIR/log")"
  is_hardened "$to/usr/bin/mdevtool"
  assert_equal "$(stat -c %a "$to/usr/bin/mdevtool")" 755
  run find "$to" -perm /7022 ! -type l
  assert_output ''
  run find "$to" -type f ! -name mdevtool -perm /111
  assert_output ''
}

@test "hardening: _FORTIFY_SOURCE is 3 for every file, whatever the compiler begins with" {
  hardened
  local cc flags
  read -ra cc <<<"$(variable CC)"
  read -ra flags <<<"$(variable HARDEN_CFLAGS) $(variable CFLAGS)"
  [[ " ${flags[*]} " =~ " -O"[123s] ]] || skip "built without optimisation"
  [[ " ${flags[*]} " == *" -D_FORTIFY_SOURCE=3 "* ]] || complain "${flags[*]}"
  for before in -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=1; do
    "${cc[@]}" "$before" "${flags[@]}" -E -dM -include features.h - </dev/null |
      grep -x '#define __USE_FORTIFY_LEVEL 3' || complain "it is not 3 after $before"
  done
}

### The boot unit

# unit: a copy of it, for the program as it was built, in $unit.
unit() {
  needs systemd-analyze
  unit=$BATS_TEST_TMPDIR/mdevtool.service
  sed "s,[@]bindir[@],$(dirname "$MDEVTOOL"),g" "$top_srcdir/contrib/mdevtool.service.in" >"$unit"
}

@test "hardening: systemd understands the boot unit" {
  unit
  run systemd-analyze verify --man=no "$unit"
  assert_success
  assert_output ''
}

@test "hardening: the boot unit is exposed no more than its work needs" {
  unit
  systemd-analyze security --help | grep -q -e --offline || skip "this systemd-analyze looks at no files"
  run systemd-analyze security --offline=yes --threshold=36 --no-pager "$unit"
  assert_success
  # the same without what confines it
  sed -i '/^CapabilityBoundingSet=/d; /^SystemCall/d; /^Protect/d' "$unit"
  run systemd-analyze security --offline=yes --threshold=36 --no-pager "$unit"
  assert_failure
}

# left_by_the_unit COMMAND...: with the capabilities that the unit leaves.
left_by_the_unit() {
  local dropped
  dropped=$(sed -n 's/^CapabilityBoundingSet=~//p' "$top_srcdir/contrib/mdevtool.service.in" |
    tr ' A-Z' '\na-z' | sed 's/^cap_/-/' | paste -sd,)
  play setpriv --no-new-privs --bounding-set "$dropped" "$@"
}

@test "hardening: with the capabilities that the boot unit leaves its commands do their work" {
  [ "$(id -u)" -eq 0 ] || skip "only root has any"
  needs setpriv
  machine m60
  definition "$A" 11 --auto
  definition "$B" 11 --auto --params x=y
  fault --kill-after 2
  mdevtool create --type 11 --uuid "$C" --params x=y
  left_by_the_unit "$MDEVTOOL" --root "$root" recover
  succeeds
  mentions "$C"
  no_journal_entry
  left_by_the_unit "$MDEVTOOL" --root "$root" start --auto
  succeeds
  device_exists "$A"
  device_exists "$B"
  # and that was less than all
  left_by_the_unit grep CapEff /proc/self/status
  succeeds
  mentions_no "$(grep CapEff /proc/self/status)"
}
