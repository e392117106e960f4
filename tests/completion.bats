# SPDX-License-Identifier: GPL-2.0-or-later
# The completion function, driven as bash drives it, on the mail's machine with one device.

bats_load_library bats-support
bats_load_library bats-assert

UUID=2f0c2d5e-9b1e-4f4e-8a53-5f0f1c7f9a11
DEFINED=7d1c0a42-3c55-4d0b-9f6e-0c2b8e1d7b22

setup_file() {
  local tests sim
  tests=$BATS_TEST_DIRNAME
  : "${top_srcdir:=$(cd "$tests/.." && pwd)}" "${top_builddir:=$(cd "$tests/.." && pwd)}"
  export top_srcdir top_builddir
  sim=$top_builddir/tests/mdevsim/mdevsim
  export MDEVTOOL_ROOT=$BATS_FILE_TMPDIR/machine
  "$sim" build "$top_srcdir/tests/machines/m60.machine" "$MDEVTOOL_ROOT"
  "$sim" run "$MDEVTOOL_ROOT" -- "$top_builddir/mdevtool" create --type 11 --group 7 \
    --uuid "$UUID" --name web-gpu || [ $? -eq 77 ] || return 1
  "$top_builddir/mdevtool" define --type 12 --parent 0000:86:00.0 --group 9 \
    --uuid "$DEFINED" --name seat >/dev/null
  mkdir "$BATS_FILE_TMPDIR/bin"
  ln -s "$top_builddir/mdevtool" "$BATS_FILE_TMPDIR/bin/mdevtool"
  ln -s mdevtool "$BATS_FILE_TMPDIR/bin/mdevtool-create"
}

setup() {
  PATH=$BATS_FILE_TMPDIR/bin:$PATH
  COMP_WORDBREAKS=$' \t\n"\'><=;|&(:'
  COMP_TYPE=9
  COLUMNS=100
  # shellcheck source=completions/mdevtool.bash
  source "$top_srcdir/completions/mdevtool.bash"
}

needs_device() {
  [ -e "$MDEVTOOL_ROOT/sys/bus/mdev/devices/$UUID" ] || skip "no seccomp user notification here"
}

# complete_line LINE: what bash gets for LINE with the cursor at its end, one candidate a line.
complete_line() {
  COMP_LINE=$1
  COMP_POINT=${#1}
  _mdevtool "${1%% *}"
  ((${#COMPREPLY[@]} == 0)) || printf '%s\n' "${COMPREPLY[@]}"
}

# offers LINE WORD...: these candidates and no others, in any order.
offers() {
  local line=$1
  shift
  run complete_line "$line"
  assert_equal "$(sort <<<"$output")" "$(printf '%s\n' "$@" | sort)"
}

offers_nothing() {
  run complete_line "$1"
  assert_output ''
}

# What --help lists, as completion words it; --usage and --version are not for daily use.
options_in_help() {
  mdevtool "$@" --help | grep -o -- '--[a-z][a-z-]*\(\[\{0,1\}=\)\{0,1\}' | sed 's/\[=\{0,1\}$/=/' |
    grep -v -x -e '--usage' -e '--version' | sort -u
}

options_offered() {
  complete_line "mdevtool $1 --" | grep -v -x -e '--usage' -e '--version' | sort -u
}

@test "commands, all that --help lists" {
  run complete_line 'mdevtool '
  assert_equal "$(sort <<<"$output")" \
    "$(mdevtool --help | sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p' | sort)"
}

@test "a command that has begun" {
  offers 'mdevtool cr' create
  offers 'mdevtool list-' list-parents list-types
  offers_nothing 'mdevtool bogus'
}

@test "the program by its path, and words before it" {
  offers "$BATS_FILE_TMPDIR/bin/mdevtool cr" create
  COMP_LINE='LANG=C mdevtool rec'
  COMP_POINT=${#COMP_LINE}
  _mdevtool mdevtool
  assert_equal "${COMPREPLY[*]}" recover
}

@test "options of each command, all that its --help lists" {
  local command
  for command in $(mdevtool complete -- '' | cut -f1); do
    echo "# $command"
    assert_equal "$(options_offered "$command" | sed 's/=$//')" \
      "$(mdevtool "$command" --help | sed -n '/^Examples:/q; s/^ \{1,6\}\(-., \)\{0,1\}\(--[a-z-]*\).*/\2/p' |
        grep -v -x -e '--usage' -e '--version' | sort -u)"
  done
}

@test "global options before the command" {
  offers 'mdevtool --js' --json
  offers 'mdevtool --json list-t' list-types
  offers 'mdevtool --root / list-t' list-types
}

@test "an option with a value waits for it behind its equals sign" {
  offers 'mdevtool create --ty' --type=
}

@test "types, by id" {
  offers 'mdevtool create --type ' 11 12 13
  offers 'mdevtool create -t 1' 11 12 13
  offers 'mdevtool list-types --type=' 11 12 13
  offers 'mdevtool list-types --type=12' 12
}

@test "parents, with colons that bash breaks words at" {
  offers 'mdevtool list-parents ' 0000:86:00.0
  offers 'mdevtool list-types 0000' 0000:86:00.0
  offers 'mdevtool create -p 0000:' 86:00.0
  offers 'mdevtool create -p 0000:86' 86:00.0
  offers 'mdevtool create --parent 0000:86:0' 00.0
  offers 'mdevtool create --parent=' 0000:86:00.0
  offers 'mdevtool create --parent=0000:8' 86:00.0
}

@test "parents, in a shell that does not break words there" {
  COMP_WORDBREAKS=$' \t\n"\'><;|&('
  offers 'mdevtool create -p 0000:86' 0000:86:00.0
  offers 'mdevtool create --parent=0000:8' --parent=0000:86:00.0
}

@test "a quoted beginning" {
  offers "mdevtool list-types --type '1" 11 12 13
  offers 'mdevtool list-parents "0000:8' 86:00.0
}

@test "devices, by UUID and name" {
  needs_device
  offers 'mdevtool destroy ' $UUID web-gpu
  offers 'mdevtool destroy 2f' $UUID
  offers 'mdevtool start-vm-args w' web-gpu
  offers 'mdevtool list web' web-gpu
}

@test "any name for show" {
  needs_device
  offers 'mdevtool show ' 0000:86:00.0 11 12 13 $UUID web-gpu $DEFINED seat
}

@test "definitions, by UUID and name" {
  local command
  for command in modify undefine start 'list --defined' 'list -d'; do
    offers "mdevtool $command " $DEFINED seat
    offers "mdevtool $command 7d" $DEFINED
    offers "mdevtool $command se" seat
  done
}

@test "definitions and files for export" {
  cd "$BATS_TEST_TMPDIR"
  touch seat.xml
  offers 'mdevtool export se' seat seat.xml
}

@test "columns of definitions" {
  offers 'mdevtool list --defined -o sta' start state
  offers 'mdevtool list -d -o uuid,att' uuid,attributes
}

@test "formats, and words of modify" {
  offers 'mdevtool export --format ' json mdevctl rfc-xml libvirt-xml
  offers 'mdevtool export --format=l' libvirt-xml
  run complete_line 'mdevtool modify seat --group '
  assert_line none
  assert_line auto
}

@test "groups" {
  needs_device
  run complete_line 'mdevtool destroy --group '
  assert_line 7
  run complete_line 'mdevtool create --group='
  assert_line 7
}

@test "columns, one after the other" {
  offers 'mdevtool list-types -o res' resolution
  offers 'mdevtool list-types -o id,res' id,resolution
  offers 'mdevtool list --output=uuid,na' uuid,name
  run complete_line 'mdevtool list-parents -o '
  assert_line numa_node
  refute_line resolution
}

@test "columns as the program itself names them when it knows one not" {
  local command hint
  for command in list list-types list-parents; do
    hint=$(mdevtool $command -o bogus 2>&1) && return 1
    assert_equal "$(sed -n 's/^hint: there are //p' <<<"$hint" | tr -d ' ' | tr ',' '\n')" \
      "$(complete_line "mdevtool $command -o ")"
  done
}

@test "words that an option knows" {
  offers 'mdevtool create --placement ' pack spread numa=
  offers 'mdevtool create --placement=s' spread
  offers 'mdevtool create --placement=' pack spread numa=
}

@test "files for create and --root" {
  cd "$BATS_TEST_TMPDIR"
  touch vgpu.xml vgpu.json
  mkdir vm
  offers 'mdevtool create vg' vgpu.xml vgpu.json
  offers 'mdevtool create ./vgpu.x' ./vgpu.xml
  offers 'mdevtool --root v' vgpu.json vgpu.xml vm
  offers 'mdevtool --root=vm' vm
}

@test "the machine below --root is asked" {
  "$top_builddir/tests/mdevsim/mdevsim" build "$top_srcdir/tests/machines/samples.machine" \
    "$BATS_TEST_TMPDIR/samples"
  offers "mdevtool --root $BATS_TEST_TMPDIR/samples list-types mt" mtty
  offers "mdevtool create --root=$BATS_TEST_TMPDIR/samples --parent mtty --type " mtty-1 mtty-2
}

@test "a command by the program's own name" {
  offers 'mdevtool-create --ty' --type=
  offers 'mdevtool-create --type ' 11 12 13
  run complete -p mdevtool-create
  assert_output --partial _mdevtool
}

@test "descriptions stand beside the words of a list" {
  COMP_TYPE=63
  run complete_line 'mdevtool create --type '
  assert_line --regexp '^11  -- GRID M60-0B on 0000:86:00\.0, [0-9]+ free$'
  run complete_line 'mdevtool '
  assert_line --regexp '^create +-- Make a device, or a set of them$'
}

@test "descriptions are cut to the terminal's width" {
  COMP_TYPE=63
  COLUMNS=40
  run complete_line 'mdevtool '
  local line
  for line in "${lines[@]}"; do
    [ ${#line} -lt 40 ]
  done
}

@test "what is inserted has no description" {
  COMP_TYPE=63
  offers 'mdevtool create --type 11' 11
  COMP_TYPE=37 # menu completion
  offers 'mdevtool create --type ' 11 12 13
}

@test "a type that two parents offer is one word" {
  "$top_builddir/tests/mdevsim/mdevsim" build "$top_srcdir/tests/machines/m60x2.machine" \
    "$BATS_TEST_TMPDIR/two"
  COMP_TYPE=63
  offers "mdevtool --root $BATS_TEST_TMPDIR/two create --type 11" 11
}

@test "the cursor inside the line: what follows it does not count" {
  COMP_LINE='mdevtool create --type 1 --dry-run'
  COMP_POINT=24
  _mdevtool mdevtool
  assert_equal "${COMPREPLY[*]}" '11 12 13'
}

@test "a broken or missing program offers nothing" {
  rm "$BATS_FILE_TMPDIR/bin/mdevtool"
  offers_nothing '/nonexistent/mdevtool '
  offers_nothing 'mdevtool create --type '
  ln -s "$top_builddir/mdevtool" "$BATS_FILE_TMPDIR/bin/mdevtool"
}

@test "nothing breaks under set -u and with the bash-completion package" {
  local package=/usr/share/bash-completion/bash_completion
  set -u
  offers 'mdevtool cr' create
  set +u
  [ -e $package ] || skip "bash-completion is not installed"
  run bash -c "source $package; source '$top_srcdir/completions/mdevtool.bash'
    COMP_LINE='mdevtool cr' COMP_POINT=11; _mdevtool mdevtool; echo \"\${COMPREPLY[*]}\""
  assert_output create
}
