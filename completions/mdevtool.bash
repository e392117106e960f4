# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC1003 # a backslash between quotes is meant
# Completion of mdevtool's command line for bash. Every word comes from 'mdevtool complete', which
# answers "WORD<tab>DESCRIPTION" lines from the program's own tables and from the machine, or
# ":file" at the end where a file's name may stand. Nothing of the bash-completion package is needed.

# Sets `words` to the words up to the cursor. bash's COMP_WORDS are cut at ':' and '=' as well,
# which PCI addresses and options have inside.
__mdevtool_split() {
  local text=${COMP_LINE:0:COMP_POINT} word='' quote='' begun=false i c
  words=()
  for ((i = 0; i < ${#text}; i++)); do
    c=${text:i:1}
    case $quote$c in
      "''" | '""') quote='' ;;
      \'?* | \"[!\\]) word+=$c ;;
      '"\' | '\')
        i=$((i + 1))
        word+=${text:i:1}
        begun=true
        ;;
      \' | \")
        quote=$c
        begun=true
        ;;
      [[:space:]])
        ! $begun || words+=("$word")
        word=''
        begun=false
        ;;
      *)
        word+=$c
        begun=true
        ;;
    esac
  done
  words+=("$word")
}

# Asks the program; sets `found` to the words and `about` to their descriptions.
__mdevtool_ask() {
  local program=$1 word description
  shift
  found=()
  about=()
  while IFS=$'\t' read -r word description; do
    found+=("$word")
    about+=("$description")
  done < <("$program" complete -- "$@" 2>/dev/null)
}

# Lists are read, not inserted: then, and only then, words may have their descriptions beside them.
__mdevtool_describe() {
  local i width=0 room=$((${COLUMNS:-80} - 3)) text
  for ((i = 0; i < ${#found[@]}; i++)); do
    ((${#found[i]} <= width)) || width=${#found[i]}
  done
  for ((i = 0; i < ${#found[@]}; i++)); do
    [ -n "${about[i]}" ] || continue
    printf -v text '%-*s  -- %s' "$width" "${COMPREPLY[i]}" "${about[i]}"
    COMPREPLY[i]=${text:0:room}
  done
}

__mdevtool_all_equal() {
  local word
  for word in "${found[@]}"; do
    [ "$word" = "${found[0]}" ] || return 1
  done
}

_mdevtool() {
  local words=() found=() about=() current option='' breaks='' standing='' program=$1 command i
  COMPREPLY=()
  __mdevtool_split
  while ((${#words[@]} > 1)) && [ "${words[0]}" != "$1" ]; do
    words=("${words[@]:1}")
  done
  words=("${words[@]:1}")
  ((${#words[@]})) || return 0
  current=${words[${#words[@]} - 1]}

  # mdevtool-COMMAND
  command=${1##*/}
  command=${command#mdevtool}
  if [[ $command == -?* ]]; then
    program=${1%"$command"}
    words=("${command#-}" "${words[@]}")
  fi
  type -t -- "$program" >/dev/null || program=mdevtool
  __mdevtool_ask "$program" "${words[@]}"

  # the answers complete what stands behind "--option="
  [[ $current != --*=* ]] || option=${current%%=*}=
  if ((${#found[@]})) && [ "${found[${#found[@]} - 1]}" = :file ]; then
    unset "found[${#found[@]} - 1]"
    mapfile -t -O "${#found[@]}" found < <(compgen -f -- "${current#"$option"}")
    compopt -o filenames 2>/dev/null
  elif __mdevtool_all_equal; then
    found=("${found[@]:0:1}")
  fi

  # bash replaces only what stands behind the last of its word breaks
  for i in : =; do
    [[ $COMP_WORDBREAKS != *$i* ]] || breaks+=$i
  done
  [ -z "$breaks" ] || standing=${current%"${current##*["$breaks"]}"}
  for ((i = 0; i < ${#found[@]}; i++)); do
    COMPREPLY[i]=$option${found[i]}
    COMPREPLY[i]=${COMPREPLY[i]#"$standing"}
  done
  if ((${#found[@]} > 1)); then
    case ${COMP_TYPE:-9} in
      33 | 63 | 64) __mdevtool_describe ;;
    esac
  elif ((${#found[@]} == 1)) && [[ ${found[0]} == *= ]]; then
    compopt -o nospace 2>/dev/null
  fi
}

# shellcheck disable=SC2046 # names of commands have no blanks
complete -F _mdevtool mdevtool $(compgen -c mdevtool- | sort -u)
