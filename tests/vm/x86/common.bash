# shellcheck shell=bash
# Shared by prepare and run: where things are kept, how a stage says why it cannot run.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$here/../../.." && pwd)
cache=${MDEVTOOL_VM_CACHE:-$repo/vm-cache}/x86

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { say "$*"; exit 1; }
skip() { say "skipped: $*"; exit 77; }

# Newest kernel whose initramfs is complete, or nothing.
cached_kernel() {
  local base
  # Versions hold no odd characters, and `ls -v` sorts them as versions.
  # shellcheck disable=SC2012
  base=$(ls -v "$cache"/*/base.cpio 2>/dev/null | tail -n 1)
  [ -n "$base" ] && basename "$(dirname "$base")"
}
