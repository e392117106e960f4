# SPDX-License-Identifier: GPL-2.0-or-later
# Shared by the scripts here: where things are, and how to give up.
# shellcheck shell=bash disable=SC2034

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$here/../../.." && pwd)

# Debian's linux-source that the guest's kernel is built from. Another than the
# first has a cache of its own, so that neither throws the other's results away.
series=${MDEVTOOL_S390X_KERNEL:-6.1}
cache=${MDEVTOOL_VM_CACHE:-$repo/vm-cache}/s390x
[ "$series" = 6.1 ] || cache+=-$series

# What 'prepare' leaves behind; each is a link to a result that carries its
# key in its name, so that a changed key makes a new one.
kernel=$cache/kernel        # bzImage, modules/
sysroot=$cache/sysroot      # s390x programs, libraries, headers
base_cpio=$cache/base.cpio  # the guest without a payload

target=s390x-linux-gnu

# depmod is there, and not everybody's PATH has it.
PATH=$PATH:/usr/sbin:/sbin

say() {
  printf 's390x: %s\n' "$*" >&2
}

# The stage cannot be had here: automake's status for a skipped test.
skip() {
  say "skipped: $*"
  exit 77
}

# "${tied[@]}" COMMAND...: a command that ends when this script is ended
tied=(setpriv --pdeathsig TERM)

# key FILE-OR-WORD...: a short checksum of files' contents and of words
key() {
  local item
  for item; do
    if [ -f "$item" ]; then cat "$item"; else printf '%s\n' "$item"; fi
  done | sha256sum | cut -c1-12
}

# publish RESULT NAME: makes $cache/NAME point to $cache/RESULT, and removes
# what earlier keys left
publish() {
  local old
  ln -sfn "$1" "$cache/$2"
  for old in "$cache/$2"-*; do
    [ "$old" = "$cache/$1" ] || rm -rf "$old"
  done
}
