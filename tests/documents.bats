# SPDX-License-Identifier: GPL-2.0-or-later
# The manual, --help, NEWS and README against the program: whatever one of them names must be there
# in the others, and what they show must be what happens.
# shellcheck disable=SC2013 # what is listed are words
# shellcheck disable=SC2030,SC2031 # bats sets status for each test

bats_load_library bats-support
bats_load_library bats-assert

setup() {
  top_srcdir=${top_srcdir:-$(cd "$BATS_TEST_DIRNAME/.." && pwd)}
  top_builddir=${top_builddir:-$top_srcdir}
  export top_srcdir top_builddir
  unset MDEVTOOL_ROOT
  man=$top_srcdir/man
  missing=
  mapfile -t commands < <(mdevtool --help | sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z-]*\) .*/\1/p')
}

mdevtool() {
  "$top_builddir/mdevtool" "$@"
}

# Collects what is wrong, so that one run tells all of it.
complain() {
  printf '%s\n' "$*"
  missing=yes
}

nothing_missing() {
  [ -z "$missing" ]
}

# Options as "--name" and "-n", one a line, of --help's list.
options_in_help() {
  mdevtool "$@" --help | sed -n '/^Examples:/,$d; s/^ \{2,6\}\(-.*\)/\1/p' |
    sed 's/  .*//; s/\[\{0,1\}=[^ ,]*//g' | tr -d ' ' | tr ',' '\n' | sort -u
}

# The same of the pages' source, from text only, not from examples.
options_in_page() {
  sed '/^\.Bd/,/^\.Ed/d' "$1" | grep -o 'Fl \(\\&\)\{0,1\}-\{0,1\}[A-Za-z?][a-z-]*' |
    sed 's/^Fl \(\\&\)\{0,1\}/-/' | sort -u
}

# Options that a page describes itself: the tags of its lists.
options_described() {
  grep '^\.It Fl ' "$1" | grep -o 'Fl \(\\&\)\{0,1\}-\{0,1\}[A-Za-z?][a-z-]*' |
    sed 's/^Fl \(\\&\)\{0,1\}/-/' | sort -u
}

global_options() {
  options_in_help
}

@test "the program lists its commands" {
  [ "${#commands[@]}" -ge 8 ]
}

@test "every command has a page, and every page a command" {
  local command page
  for command in "${commands[@]}"; do
    [ -e "$man/mdevtool-$command.1" ] || complain "there is no man/mdevtool-$command.1"
  done
  for page in "$man"/mdevtool-*.1; do
    page=${page##*/mdevtool-}
    [[ " ${commands[*]} " == *" ${page%.1} "* ]] || complain "there is no command '${page%.1}'"
  done
  nothing_missing
}

@test "every command has a test" {
  local command
  for command in "${commands[@]}"; do
    [ -e "$top_srcdir/tests/$command.bats" ] || complain "there is no tests/$command.bats"
  done
  nothing_missing
}

@test "every command is in mdevtool(1), with --help's summary" {
  local command summary
  for command in "${commands[@]}"; do
    summary=$(mdevtool --help | sed -n "s/^  $command  *//p")
    grep -A2 -x "\.It Cm $command" "$man/mdevtool.1" | grep -q -x -F "$summary;" ||
      complain "mdevtool.1 does not say of $command: $summary"
    grep -q -x "\.Xr mdevtool-$command 1 *[.,]*" "$man/mdevtool.1" ||
      complain "mdevtool.1 does not refer to mdevtool-$command(1)"
  done
  nothing_missing
}

@test "every command is in NEWS" {
  local command
  for command in "${commands[@]}"; do
    grep -q -e "mdevtool $command" -e "'$command'" "$top_srcdir/NEWS" ||
      complain "NEWS does not mention $command"
  done
  nothing_missing
}

@test "every option of a command is in its page" {
  local command option
  for command in "${commands[@]}"; do
    for option in $(comm -23 <(options_in_help "$command") <(global_options)); do
      grep -q -x -e "$option" <(options_described "$man/mdevtool-$command.1") ||
        complain "mdevtool-$command.1 does not describe $option"
    done
    for option in $(options_in_help "$command"); do
      grep -q -x -e "$option" <(options_in_page "$man/mdevtool-$command.1") ||
        complain "mdevtool-$command.1 does not mention $option"
    done
  done
  nothing_missing
}

@test "no page describes an option that the command lacks" {
  local command option
  for command in "${commands[@]}"; do
    for option in $(options_described "$man/mdevtool-$command.1"); do
      grep -q -x -e "$option" <(options_in_help "$command") ||
        complain "mdevtool-$command.1 describes $option, $command has none"
    done
  done
  nothing_missing
}

@test "no page mentions an option that no command has" {
  local page option known
  known=$(for command in '' "${commands[@]}"; do
    # shellcheck disable=SC2086
    options_in_help $command
  done | sort -u)
  for page in "$man"/*.1; do
    for option in $(options_in_page "$page"); do
      # QEMU's, in the text
      [ "$option" != -name ] || continue
      grep -q -x -e "$option" <<<"$known" || complain "${page##*/} mentions $option"
    done
  done
  nothing_missing
}

@test "every global option is described in mdevtool(1), and no other" {
  run diff <(global_options) <(options_described "$man/mdevtool.1")
  assert_output ''
}

@test "columns are those that the program knows, with their headings and help" {
  local command key help line
  for command in list-parents list-types list; do
    while IFS=$'\t' read -r key help; do
      line=$(grep -A3 "^\.It Cm $key Pq " "$man/mdevtool-$command.1") ||
        complain "mdevtool-$command.1 has no column $key"
      [[ $line == *$'\n'"${help%%,*}"* ]] || complain "$command: $key is '$help', not '$line'"
    done < <(mdevtool complete -- "$command" -o '')
    run diff <(mdevtool complete -- "$command" -o '' | cut -f1) \
      <(sed -n '/^\.Sh COLUMNS/,/^\.Pp$/b; s/^\.It Cm \([a-z_]*\) Pq .*/\1/p' "$man/mdevtool-$command.1")
    assert_output ''
  done
  nothing_missing
}

@test "columns of definitions are those that the program knows, with their headings and help" {
  run diff <(mdevtool complete -- list --defined -o '') \
    <(sed -n '/^\.It Cm [a-z_]* , No/ { N; s/^\.It Cm \([a-z_]*\) , No .*\n/\1\t/p; }' "$man/mdevtool-list.1")
  assert_output ''
}

@test "headings and default columns are as the pages say" {
  local command key heading root=$BATS_TEST_TMPDIR/m60 shown
  local uuid=2f0c2d5e-9b1e-4f4e-8a53-5f0f1c7f9a11
  "$top_builddir/tests/mdevsim/mdevsim" build "$top_srcdir/tests/machines/m60.machine" "$root"
  run "$top_builddir/tests/mdevsim/mdevsim" run "$root" -- \
    "$top_builddir/mdevtool" --root "$root" create --type 11 --uuid $uuid
  [ "$status" -ne 77 ] || skip "no seccomp user notification here"
  for command in list-parents list-types list; do
    shown=
    while read -r key heading; do
      [[ $heading != *'*' ]] || shown+=${shown:+,}$key
      heading=${heading%' *'}
      run mdevtool --root "$root" "$command" -o "$key"
      assert_line --index 0 --regexp "^ *$heading *\$"
    done < <(sed -n 's/^\.It Cm \([a-z_]*\) Pq \(.*\)$/\1 \2/p' "$man/mdevtool-$command.1")
    assert_equal "$(mdevtool --root "$root" "$command" -o "$shown")" \
      "$(mdevtool --root "$root" "$command")"
  done
}

@test "exit statuses are those of the program" {
  local number word
  while read -r word number; do
    word=$(tr 'A-Z_' 'a-z-' <<<"$word")
    [ "$number" -ne 0 ] || continue
    grep -q -x "\.It $number Pq Cm $word" "$man/mdevtool.1" ||
      complain "mdevtool.1 does not say that $number is $word"
  done < <(sed -n 's/^\tERR_\([A-Z_]*\) = \([0-9]*\),/\1 \2/p' "$top_srcdir/src/base/err.h")
  assert_equal "$(grep -c '^\.It [0-9] Pq Cm' "$man/mdevtool.1")" \
    "$(grep -c '^[[:space:]]*ERR_[A-Z_]* = [1-9]' "$top_srcdir/src/base/err.h")"
  nothing_missing
}

@test "files are those of the program" {
  local path
  for path in $(sed -n 's/^#define STATE_[^"]*"\([^"]*\)".*/\1/p' "$top_srcdir/src/mdev/state.h"); do
    grep -q -F -e "$path" "$man/mdevtool.1" || complain "mdevtool.1 does not mention $path"
  done
  nothing_missing
}

@test "environment variables are those of the program" {
  run diff <(grep -rhoE 'getenv\("[A-Z_]*"\)' "$top_srcdir/src" | grep -o '[A-Z_]*[A-Z]' | sort -u) \
    <(sed -n 's/^\.It Ev //p' "$man/mdevtool.1" "$man/mdevtool-mdevctl.7" | sort -u)
  assert_output ''
}

@test "every page refers to mdevtool(1), and to pages that there are" {
  local page name
  for page in "$man"/*.1; do
    for name in $(sed -n 's/.*Xr \(mdevtool[a-z-]*\) 1.*/\1/p' "$page"); do
      [ -e "$man/$name.1" ] || complain "${page##*/} refers to $name(1)"
    done
    [ "$page" = "$man/mdevtool.1" ] || grep -q '^\.Xr mdevtool 1' "$page" ||
      complain "${page##*/} does not refer to mdevtool(1)"
  done
  nothing_missing
}

@test "references to sections lead somewhere" {
  local page section
  for page in "$man"/*.1; do
    while read -r section; do
      grep -q -x "\.Sh $section" "$page" "$man/mdevtool.1" ||
        complain "${page##*/} refers to a section '$section'"
    done < <(sed -n 's/.*Sx \([A-Z ]*[A-Z]\).*/\1/p' "$page")
  done
  nothing_missing
}

@test "pages say the version that the program says" {
  local page version
  version=$(mdevtool --version)
  for page in "$man"/*.1; do
    grep -q -x "\.Os $version" "$page" || complain "${page##*/} is not of $version"
  done
  assert_equal "$(head -n 1 "$top_srcdir/NEWS")" "$version"
  nothing_missing
}

@test "pages are clean for mandoc" {
  command -v mandoc >/dev/null || skip "mandoc is not installed"
  run mandoc -Tlint -Wwarning "$man"/*.[17]
  assert_output ''
}

@test "pages are clean for groff" {
  local page
  command -v groff >/dev/null || skip "groff is not installed"
  for page in "$man"/*.[17]; do
    run sh -c "groff -Tutf8 -mandoc -ww -K utf8 '$page' 2>&1 >/dev/null"
    assert_output ''
  done
}

# "Pq Ql a , Ql b" is one quotation within the other.
@test "pages quote each word by itself" {
  run grep -n '^\.[A-Z].* Ql .* Ql ' "$man"/*.[17]
  assert_output ''
}

# The tests below run what the documents show; check-docs says how.

needs_simulator() {
  [ "$1" -ne 77 ] || skip "no seccomp user notification here"
}

@test "transcripts in the pages are what happens" {
  run "$top_srcdir/tests/check-docs" transcripts "$man"/*.1
  needs_simulator "$status"
  assert_success
  assert_output ''
}

@test "every page of a command has examples" {
  local command
  for command in "${commands[@]}"; do
    sed -n '/^\.Sh EXAMPLES/,$p' "$man/mdevtool-$command.1" |
      sed 's/\\-/-/g' | grep -q "^\\$ .*mdevtool $command" ||
      complain "mdevtool-$command.1 shows no mdevtool $command"
  done
  nothing_missing
}

# On a machine with everything that these examples name.
accepted() {
  run "$top_srcdir/tests/check-docs" accepted m60 s390-ap nvidia-vf <<<"$1"
  needs_simulator "$status"
  assert_success
  assert_output ''
}

@test "examples of --help are accepted" {
  local command examples all=
  for command in "${commands[@]}"; do
    examples=$(mdevtool "$command" --help | sed -n '/^Examples:/,/^$/s/^  //p')
    [ -n "$examples" ] || complain "$command --help has no examples"
    all+=$examples$'\n'
  done
  nothing_missing
  accepted "${all%$'\n'}"
}

@test "examples in NEWS are accepted" {
  accepted "$(sed -n 's/^  *\(.*mdevtool .*\)/\1/p' "$top_srcdir/NEWS")"
}

@test "transcripts in the README are what happens" {
  local readme
  for readme in "$top_srcdir"/README{,.md}; do
    [ -e "$readme" ] || continue
    run "$top_srcdir/tests/check-docs" transcripts "$readme"
    needs_simulator "$status"
    assert_success
    assert_output ''
  done
}

@test "no document speaks of a command that is not there" {
  local file word
  for file in "$man"/*.1 "$top_srcdir"/NEWS "$top_srcdir"/README{,.md}; do
    [ -e "$file" ] || continue
    # what follows "mdevtool " where a command is meant: in examples and in quotes
    for word in $(sed 's/\\-/-/g' "$file" | grep -oE "(^ +|[\$\`'(] ?|Ql )mdevtool [a-z][a-z-]*" |
      sed 's/.*mdevtool //'); do
      [[ " ${commands[*]} craete " == *" $word "* ]] || complain "${file##*/}: mdevtool $word"
    done
  done
  nothing_missing
}

@test "documents: the table of figures has what the tests count, and nothing was lost" {
  local counted listed
  counted=$(grep -hoP '^ *figure "\K[a-z ]+' "$top_srcdir"/tests/*.bats | sort -u)
  listed=$(grep -v '^#' "$top_srcdir/tests/figures" | cut -f1 | grep -vx "fuzz executions" | sort)
  [ "$counted" = "$listed" ] || complain "'make figures' writes it anew:" "$listed"
  grep -qxP 'losses\t0' "$top_srcdir/tests/figures" || complain "something was lost"
  ! grep -vP '^#|\t[1-9][0-9]*$|^losses\t0$' "$top_srcdir/tests/figures" || complain "no number"
  nothing_missing
}

# The entries of a section of SECURITY.md, a line each, which begins with its name in "**".
entries() {
  awk -v section="## $1" '
    function finish() { if (entry != "") print entry; entry = "" }
    /^#/ { finish() }
    /^## / { inside = $0 == section }
    inside && /^\* / { finish(); entry = substr($0, 3) }
    inside && /^  / { sub(/^ */, ""); entry = entry " " $0 }
    END { finish() }' "$top_srcdir/SECURITY.md"
}

# Those names.
leads() {
  entries "$1" | sed 's/^\*\*\([^*]*\)\.\*\*.*/\1/'
}

# tests_of ENTRY: the tests that it names, a line each: FILE, and behind a tab NAME.
# shellcheck disable=SC2016 # Markdown's quotes
tests_of() {
  grep -oE '`tests/[^`]*`|"[^"]*"' <<<"${1#* Held by }" | awk '
    /^`/ { if (file != "" && !named) print file; file = substr($0, 2, length($0) - 2); named = 0 }
    /^"/ { print file "\t" substr($0, 2, length($0) - 2); named = 1 }
    END { if (!named) print file }'
}

# is_test FILE NAME: whether make check runs that test; a program of C may be one as a whole.
is_test() {
  case $1 in
    *.bats) grep -q -x -F "@test \"$2\" {" "$top_srcdir/$1" && grep -q "^	$1" "$top_srcdir/Makefile.am" ;;
    tests/unit/*.c) grep -q "^	${1%.c}\b" "$top_srcdir/Makefile.am" && grep -q -x -F "	$2();" "$top_srcdir/$1" ;;
    *.c) grep -q "= $1\$" "$top_srcdir/Makefile.am" && [ -e "$top_srcdir/$1" ] ;;
    *) false ;;
  esac
}

@test "every promise of SECURITY.md has a test, and every test that it names is there" {
  local entry file name promises=0 named=0
  while IFS= read -r entry; do
    promises=$((promises + 1))
    [[ $entry == '**'*'.** '*' Held by `tests/'* ]] || complain "no test holds: $entry"
    while IFS=$'\t' read -r file name; do
      named=$((named + 1))
      is_test "$file" "$name" || complain "SECURITY.md: there is no test '$name' in $file"
    done < <(tests_of "$entry")
  done < <(entries Promises)
  [ "$promises" -gt 15 ] && [ "$named" -gt "$promises" ] || complain "$promises promises, $named tests"
  nothing_missing
}

@test "mdevtool(1) promises what SECURITY.md promises, and no more" {
  guaranteed() { sed -n '/^\.Sh GUARANTEES/,/^\.Sh ENVIRONMENT/p' "$man/mdevtool.1" | awk -v "part=$1" '
    /^What is not guaranteed:/ { n++ } n == part && sub(/^\.It Sy (\\&)?/, "")'; }
  run diff <(leads Promises) <(guaranteed 0)
  assert_output ''
  run diff <(leads "Not promised") <(guaranteed 1)
  assert_output ''
}

@test "fuzz seeds have every command and every option" {
  local command option words
  words=$(tail -q -c +2 "$top_srcdir"/tests/fuzz/corpus/commands/* | tr '\0' '\n' | sed 's/=.*//' | sort -u)
  for command in "${commands[@]}"; do
    grep -q -x -e "$command" <<<"$words" || complain "no command line in tests/fuzz/corpus/commands has $command"
    for option in $(options_in_help "$command" | grep '^--'); do
      grep -q -x -e "$option" <<<"$words" ||
        complain "no command line in tests/fuzz/corpus/commands has $option of $command"
    done
  done
  nothing_missing
}

@test "fuzz targets: each has its replay and its corpus" {
  local target
  for target in "$top_srcdir"/tests/fuzz/target-*.c; do
    target=${target##*/target-}
    target=${target%.c}
    grep -q "tests/fuzz/replay-$target" "$top_srcdir/Makefile.am" || complain "there is no replay-$target"
    [ -n "$(ls "$top_srcdir/tests/fuzz/corpus/$target")" ] || complain "$target has no corpus"
  done
  nothing_missing
}

@test "packages: the program's notes name each library that it loads when it needs it" {
  [ -e "$top_builddir/config.h" ] || skip "the build's config.h is not here"
  command -v readelf >/dev/null || skip "readelf is not installed"
  local name soname notes sonames
  notes=$(readelf --string-dump=.note.dlopen "$top_builddir/mdevtool")
  sonames=$(grep -rhoE '\b[A-Z0-9]+_SONAME\b' "$top_srcdir/src" --include='*.c' | sort -u)
  [ -n "$sonames" ] || complain "it loads none"
  for name in $sonames; do
    soname=$(sed -n "s/^#define $name \(\".*\"\)/\1/p" "$top_builddir/config.h")
    [[ "$notes" == *"\"soname\":[$soname]"* ]] || complain "no note names $soname"
  done
  nothing_missing
}

# let_through FILE LINE: whether tests/layers has nothing to say of FILE when it has LINE, too.
let_through() {
  cat "$top_srcdir/$1" >"$1"
  echo "$2" >>"$1"
  run "$top_srcdir/tests/layers"
  cat "$top_srcdir/$1" >"$1"
  [[ "$status" -eq 0 || "$output" != "$1 "* ]]
}

@test "layers: what includes from below, or asks for a dialect, is found" {
  mkdir "$BATS_TEST_TMPDIR/work"
  cd "$BATS_TEST_TMPDIR/work"
  cp -r "$top_srcdir/Makefile.am" "$top_srcdir/src" .
  chmod -R u+w .
  run "$top_srcdir/tests/layers"
  assert_success
  assert_output ""
  local line
  for line in 'bool is_other = device->dialect == other;' 'struct dialect *dialect;' \
    'extern int dialect_vf;' '#include "mdev/dialect.h"' '#include "mdevctl/mdevctl.h"'; do
    ! let_through src/cmd/list.c "$line" || complain "it lets through: $line"
  done
  ! let_through src/mdev/store.c 'bool is_mdev = &dialect_mdev == dialect;' || complain "it lets a name through"
  let_through src/mdev/store.c 'bool hides = parent->dialect->hides_types;' || complain "it lets no question through"
  nothing_missing
}
