#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The personality: what mdevtool is when it is called mdevctl or lsmdev. The first tests compare it
# with mdevctl itself, see mdevctl/README; the others say what mdevctl fails at, and need none.

load mdevtool.bash

oracles=(1.4.0 1.2.0)
tools=$top_srcdir/tests/mdevctl

# start WHERE PROGRAM: plays all scenarios with it, in the background
start() {
  mkdir -p "$1"
  {
    status=0
    MDEVSIM=$MDEVSIM "$tools/play" "$1" "$2" <"$BATS_FILE_TMPDIR/scenarios" >"$1.told" 2>"$1.why" ||
      status=$?
    "$tools/normal" "$1.told" >"$1.normal"
    echo "$status" >"$1.status"
  } 3>&- &
}

setup_file() {
  local version found any= cache=${MDEVTOOL_MDEVCTL_CACHE:-$top_builddir/mdevctl-cache}
  export A B C
  { cat "$tools/scenarios" && "$tools/generate"; } >"$BATS_FILE_TMPDIR/scenarios"
  for version in "${oracles[@]}"; do
    if found=$("$tools/fetch" "$cache" "$version"); then
      start "$BATS_FILE_TMPDIR/$version" "${found##*$'\n'}"
      any=yes
    else
      echo "$found" >"$BATS_FILE_TMPDIR/$version.missing"
    fi
  done
  [ -z "$any" ] || start "$BATS_FILE_TMPDIR/ours" "$(realpath "$MDEVTOOL")"
  wait
}

setup() {
  bin=$BATS_TEST_TMPDIR/bin
  mkdir "$bin"
  ln -s "$(realpath "$MDEVTOOL")" "$bin/mdevctl"
  ln -s "$(realpath "$MDEVTOOL")" "$bin/lsmdev"
  export MDEVCTL_ENV_ROOT=
}

# mdevctl ARGUMENT...: the personality on the machine of the test; lsmdev likewise
mdevctl() {
  MDEVCTL_ENV_ROOT=$root play "$bin/mdevctl" "$@"
}
lsmdev() {
  MDEVCTL_ENV_ROOT=$root play "$bin/lsmdev" "$@"
}

# definition PARENT UUID TEXT: a file of mdevctl's
definition() {
  mkdir -p "$root/etc/mdevctl.d/$1"
  printf '%s\n' "$3" >"$root/etc/mdevctl.d/$1/$2"
}

# is_like VERSION: all command lines were compared, and only what is wanted differs
is_like() {
  local run
  [ ! -e "$BATS_FILE_TMPDIR/$1.missing" ] || skip "$(tail -n 1 "$BATS_FILE_TMPDIR/$1.missing")"
  for run in "$1" ours; do
    case $(cat "$BATS_FILE_TMPDIR/$run.status") in
      0) ;;
      77) skip "$(cat "$BATS_FILE_TMPDIR/$run.why")" ;;
      *) cat "$BATS_FILE_TMPDIR/$run.why" >&2 && return 1 ;;
    esac
  done
  "$tools/compare" "$1" "$BATS_FILE_TMPDIR/$1.normal" "$BATS_FILE_TMPDIR/ours.normal" \
    >"$BATS_TEST_TMPDIR/result" || { cat "$BATS_TEST_TMPDIR/result" >&2; return 1; }
  echo "# $(tail -n 1 "$BATS_TEST_TMPDIR/result")" >&3
  [ "$(sed -n '$s/ .*//p' "$BATS_TEST_TMPDIR/result")" -ge 200 ]
}

@test "mdevctl 1.4.0 does the same, but for what is meant to differ" {
  is_like 1.4.0
}

@test "mdevctl 1.2.0 does the same, but for what is meant to differ" {
  is_like 1.2.0
}

@test "an entry of the list that matches no difference is an error" {
  printf '%s\n' '[A title]' '$ mdevctl list' '= 0' >"$BATS_TEST_TMPDIR/same"
  printf '%s\n' '[1.4.0]' '  [[]A title] mdevctl *' >"$BATS_TEST_TMPDIR/list"
  run "$tools/compare" 1.4.0 "$BATS_TEST_TMPDIR/same" "$BATS_TEST_TMPDIR/same" "$BATS_TEST_TMPDIR/list"
  fails 1
  mentions "no longer different"
  sed 's/= 0/= 1/' "$BATS_TEST_TMPDIR/same" >"$BATS_TEST_TMPDIR/other"
  run "$tools/compare" 1.4.0 "$BATS_TEST_TMPDIR/same" "$BATS_TEST_TMPDIR/other" "$BATS_TEST_TMPDIR/list"
  succeeds
  run "$tools/compare" 1.4.0 "$BATS_TEST_TMPDIR/same" "$BATS_TEST_TMPDIR/other" /dev/null
  fails 1
}

@test "the name it is called by makes it mdevctl or lsmdev" {
  machine samples
  mdevctl --version
  says "mdevctl 1.4.0"
  lsmdev --version
  says "lsmdev 1.4.0"
  mdevctl start -u "$A" -p mtty -t mtty-2
  succeeds
  says_nothing
  wrote mtty-2/create "$A"
  lsmdev
  says "$A mtty mtty-2 manual"
  mdevctl stop --uuid="$A"
  succeeds
  is_gone "$A"
}

@test "JSON is mdevctl's to the byte, without a newline at the end" {
  machine samples
  mdevctl define -u "$A" -p mtty -t mtty-1 --auto
  mdevctl modify -u "$A" --addattr power/control --value on
  MDEVCTL_ENV_ROOT=$root "$bin/mdevctl" list -d --dumpjson >"$BATS_TEST_TMPDIR/json"
  printf '%s' "[
  {
    \"mtty\": [
      {
        \"$A\": {
          \"mdev_type\": \"mtty-1\",
          \"start\": \"auto\",
          \"attrs\": [
            {
              \"power/control\": \"on\"
            }
          ]
        }
      }
    ]
  }
]" | cmp - "$BATS_TEST_TMPDIR/json"
  MDEVCTL_ENV_ROOT=$root "$bin/lsmdev" --dumpjson -u "$B" >"$BATS_TEST_TMPDIR/json"
  printf '[]' | cmp - "$BATS_TEST_TMPDIR/json"
  MDEVCTL_ENV_ROOT=$root "$bin/lsmdev" -d --dumpjson -u "$A" | head -n 2 >"$BATS_TEST_TMPDIR/json"
  printf '{\n  "mdev_type": "mtty-1",\n' | cmp - "$BATS_TEST_TMPDIR/json"
}

@test "libvirt's probe, and its command lines" {
  machine samples
  mdevctl modify --defined --live --jsonfile b --help
  succeeds
  mdevctl define --parent=mtty --jsonfile=/dev/stdin --uuid="$A" \
    <<<'{"mdev_type":"mtty-2","start":"manual"}'
  succeeds
  says_nothing
  mdevctl modify --uuid "$A" --auto
  succeeds
  mdevctl list --dumpjson --defined
  json '.[0].mtty[0]["'"$A"'"].start' auto
  mdevctl start --uuid="$A"
  succeeds
  wrote mtty-2/create "$A"
  mdevctl modify --parent=mtty --jsonfile=/dev/stdin --uuid="$A" --defined \
    <<<'{"mdev_type":"mtty-1","start":"manual","attrs":[{"power/control":"on"}]}'
  succeeds
  mdevctl stop --uuid="$A"
  succeeds
  mdevctl undefine --uuid="$A"
  succeeds
  mdevctl start --parent=mtty --jsonfile=/dev/stdin <<<'{"mdev_type":"mtty-2","start":"manual"}'
  made 1
}

@test "virtual functions are no mediated devices: not listed, but started and stopped" {
  machine mixed
  foreign_vgpu "${vfs[7]}" 1149
  device "$B" 1145
  mdevctl list --dumpjson
  succeeds
  is_silent
  says "[]"
  lsmdev
  says_nothing
  mdevctl types --dumpjson
  json '.[0] | keys | tostring' '["0.0.0001","0000:00:02.0","0000:86:00.0"]'
  mdevctl types -p "$gpu"
  says_nothing
  mdevctl define --parent="$gpu" --jsonfile=/dev/stdin --uuid="$A" \
    <<<'{"mdev_type":"1145","start":"manual","attrs":[]}'
  succeeds
  mdevctl modify --uuid "$A" --auto
  mdevctl start --uuid="$A"
  succeeds
  wrote "${vfs[1]}/nvidia/current_vgpu_type" 1145
  mdevctl list --dumpjson
  says "[]"
  mdevctl list --dumpjson --defined
  json '.[0]["'"$gpu"'"][0]["'"$A"'"] | tostring' '{"mdev_type":"1145","start":"auto","attrs":[]}'
  mdevctl list -d
  says "$A $gpu 1145 auto (active)"
  mdevctl stop --uuid="$A"
  succeeds
  wrote "${vfs[1]}/nvidia/current_vgpu_type" 0
  mdevctl stop --uuid="${vfs[7]}"
  fails 2 "is no UUID"
  mdevctl start-parent-mdevs "$gpu"
  succeeds
  wrote "${vfs[1]}/nvidia/current_vgpu_type" 1145
  wrote_nothing_else
}

@test "a running device that cannot be changed says so" {
  machine samples
  mdevctl start -u "$A" -p mtty -t mtty-1
  document '{"mdev_type":"mtty-1","start":"manual","attrs":[{"power/control":"on"}]}'
  mdevctl modify --parent=mtty --jsonfile="$document" --uuid="$A" --live
  fails 1 "cannot be changed"
  mdevctl modify --uuid="$A" --live --auto
  fails 1 --auto
}

@test "call-outs change a running device, tell what is set, and are passed over with --force" {
  machine samples
  local scripts=$root/etc/mdevctl.d/scripts.d/callouts
  mkdir -p "$scripts"
  # as tests/mdevctl/callout does, but that stays with a machine whose /run is ours
  sed "s|/run/|$root/run/|g" "$tools/callout" >"$scripts/10-mtty"
  chmod 0755 "$root"/etc{,/mdevctl.d{,/scripts.d{,/callouts{,/10-mtty}}}}
  mdevctl define -u "$A" -p mtty -t mtty-1
  succeeds
  mdevctl start -u "$A"
  document '{"mdev_type":"mtty-1","start":"auto","attrs":[{"power/control":"auto"}]}'
  mdevctl modify --parent=mtty --jsonfile="$document" --uuid="$A" --defined --live
  succeeds
  grep -q -e "-e live -a modify .*\"auto\"" "$root/run/told"
  mdevctl list -d -v
  mentions "$A mtty mtty-1 auto (active)" '@{0}: {"power/control":"auto"}'
  mdevctl list --dumpjson
  json '.[0].mtty[0]["'"$A"'"].attrs[1].x' y
  touch "$root/run/refuse-pre"
  mdevctl stop -u "$A"
  fails 1 10-mtty
  device_exists "$A"
  mdevctl stop -u "$A" --force
  succeeds
  is_gone "$A"
}

@test "a broken definition hides no other" {
  machine samples
  mdevctl define -u "$A" -p mtty -t mtty-1
  definition mtty "$B" '{'
  definition mdpy "$C" '{"mdev_type": 1, "start": "auto"}'
  mdevctl list --defined
  succeeds
  says "$A mtty mtty-1 manual"
  warns "/etc/mdevctl.d/mtty/$B:1" "/etc/mdevctl.d/mdpy/$C:1:15"
  mdevctl list --defined --dumpjson
  succeeds
  json '.[0].mtty | length' 1
  mdevctl start -u "$B"
  fails 1 "/etc/mdevctl.d/mtty/$B"
}

@test "a type that cannot be read hides no other" {
  machine samples
  rm "$root/sys/class/mdev_bus/mtty/mdev_supported_types/mtty-1/available_instances"
  mkdir "$root/sys/class/mdev_bus/mtty/mdev_supported_types/mtty-1/available_instances"
  mdevctl types
  succeeds
  mentions mtty-1 mtty-2 mdpy-hd
  warns mtty-1/available_instances
  mdevctl types --dumpjson
  succeeds
  json '.[0].mtty[0]["mtty-1"].available_instances' null
}

@test "a reader that goes away, and a full disk, are errors and no signals" {
  machine samples
  export MDEVCTL_ENV_ROOT=$root
  run bash -c '{ sleep 0.1; exec "$1" types; } 2>&1 >&3 3>&- | cat; exit "${PIPESTATUS[0]}"' - \
    "$bin/mdevctl" 3> >(:)
  fails 1
  mentions "cannot write to stdout"
  run --separate-stderr bash -c '"$1" types >/dev/full' - "$bin/mdevctl"
  fails 1 "cannot write to stdout"
  run --separate-stderr bash -c '"$1" define -p mtty -t mtty-1 >/dev/full' - "$bin/mdevctl"
  fails 1 "cannot write to stdout" "defined: $(ls "$root/etc/mdevctl.d/mtty")"
}

@test "names that lead elsewhere are refused" {
  machine samples
  mdevctl define -u "$A" -p ../../outside -t mtty-1
  fails 1 ../../outside
  mdevctl start -p ../mtty -t mtty-1
  fails 1 ../mtty
  mdevctl start-parent-mdevs ../mtty
  succeeds
  mdevctl define -u "$A" -p mtty -t mtty-1
  mdevctl modify -u "$A" --addattr ../../remove --value 1
  fails 1 ../../remove
  document '{"mdev_type":"mtty-1","start":"manual","attrs":[{"../../remove":"1"}]}'
  mdevctl start -p mtty --jsonfile "$document"
  fails 1 ../../remove
  wrote_nothing_else
  [ ! -e "$root/outside" ]
}

@test "a device that somebody holds is not stopped" {
  machine samples
  mdevctl start -u "$A" -p mtty -t mtty-1
  holds "$A"
  mdevctl stop -u "$A"
  fails 1 web-1
  device_exists "$A"
}

@test "it works, with a warning, where /run/mdevtool cannot be written" {
  machine samples
  mkdir -p "$root/run/mdevtool"
  # even root cannot write to what is mounted so
  in=(unshare --mount)
  [ "$(id -u)" = 0 ] || in+=(--map-root-user)
  "${in[@]}" true 2>/dev/null || skip "no mount namespace can be had here"
  in+=(bash -c 'mount --bind "$MDEVCTL_ENV_ROOT/run" "$MDEVCTL_ENV_ROOT/run" &&
    mount -o remount,bind,ro "$MDEVCTL_ENV_ROOT/run" && exec "$@"' -)
  confined() {
    MDEVCTL_ENV_ROOT=$root play "${in[@]}" "$bin/mdevctl" "$@"
    succeeds
  }
  confined define -u "$A" -p mtty -t mtty-1
  warns "not recorded"
  confined modify -u "$A" --auto
  confined start -u "$A"
  warns "not recorded"
  wrote mtty-1/create "$A"
  confined list
  says "$A mtty mtty-1 auto (defined)"
  is_silent
  confined stop -u "$A"
  wrote "$A/remove" 1
  confined start-parent-mdevs mtty
  wrote mtty-1/create "$A"
  confined undefine -u "$A"
  [ -z "$(ls "$root/run/mdevtool")" ]
}

@test "the names are installed on request only, and replace nobody" {
  local names=$BATS_TEST_TMPDIR/names
  [ -e "$top_builddir/Makefile" ] || skip "not built here"
  MAKEFLAGS= make -s -C "$top_builddir" install-exec DESTDIR="$names" bindir=/bin systemdunitdir=/u
  [ ! -e "$names/bin/mdevctl" ]
  MAKEFLAGS= make -s -C "$top_builddir" install-exec DESTDIR="$names" bindir=/bin MDEVCTL_COMPAT=yes
  [ "$(readlink "$names/bin/mdevctl") $(readlink "$names/bin/lsmdev")" = "mdevtool mdevtool" ]
  MAKEFLAGS= make -s -C "$top_builddir" install-exec DESTDIR="$names" bindir=/bin MDEVCTL_COMPAT=yes
  MAKEFLAGS= make -s -C "$top_builddir" uninstall DESTDIR="$names" bindir=/bin MDEVCTL_COMPAT=yes
  [ ! -e "$names/bin/mdevctl" ]
  echo theirs >"$names/bin/mdevctl"
  run make -s -C "$top_builddir" install-exec DESTDIR="$names" bindir=/bin MDEVCTL_COMPAT=yes
  [ "$status" -ne 0 ]
  mentions "/bin/mdevctl"
  [ "$(cat "$names/bin/mdevctl")" = theirs ]
}
