#!/usr/bin/env bash
# Proves the set-up where nothing is installed: a fresh Debian 12 in a folder, with the committed sources in it, as root or as an ordinary user
# with sudo. Needs root, debootstrap and the network.
#
#   scripts/clean_room.sh [OPTIONS] FOLDER COMMAND...      e.g. scripts/clean_room.sh --user /var/tmp/room ./demo --once
#
#   --user      as an ordinary user, who may use sudo
#   --keep      leave the folder; without it, it is deleted at the end
#   --again     use a folder that was kept: the packages stay, the sources are replaced, the build folder stays
#   --offline   with a network of its own that leads nowhere, and ports of its own (with --again: the packages must be there)
#   --chroot    by chroot, as in a container image's builder: the kernel then denies user namespaces to ordinary users
#   --ccache F  the compiler cache in F, for repeated tries; what is measured then is not a first build
#
# The command runs in mount and process namespaces of its own: when it ends, everything that it started ends.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
usage() { sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' scripts/clean_room.sh >&2; exit 2; }

user='' keep='' again='' offline='' way=pivot ccache=''
while [ $# -gt 0 ]; do
  case "$1" in
    --user) user=1 ;;
    --keep) keep=1 ;;
    --again) again=1 keep=1 ;;
    --offline) offline=--net ;;
    --chroot) way=chroot ;;
    --ccache) ccache=$(readlink -f "${2:?the folder of the cache}"); shift ;;
    -*) usage ;;
    *) break ;;
  esac
  shift
done
[ $# -ge 2 ] || usage
room=$1
shift
[ "$(id -u)" = 0 ] || { echo "error: making a root file system needs root" >&2; exit 1; }
[ -n "$again" ] || [ ! -e "$room" ] || { echo "error: $room exists already; --again uses it once more" >&2; exit 1; }

leave() { [ -n "$keep" ] || rm -rf --one-file-system "$room"; }
trap leave EXIT

furnish() {
  [ -n "$again" ] || debootstrap --variant=minbase --include=ca-certificates bookworm "$room" >/dev/null
  cp /etc/resolv.conf "$room/etc/resolv.conf"
  printf '127.0.0.1 localhost\n127.0.1.1 %s\n' "$(hostname)" >"$room/etc/hosts"
  mkdir -p "$room/home/builder/slipway" "$room/.outside" "$room/.ccache"
  git archive HEAD | tar -x -C "$room/home/builder/slipway"
  [ -n "$user" ] || return 0
  [ -x "$room/usr/bin/sudo" ] || chroot "$room" sh -c 'apt-get update -qq && apt-get install -y -qq --no-install-recommends sudo >/dev/null'
  chroot "$room" sh -c 'id builder >/dev/null 2>&1 || useradd -m -s /bin/bash builder'
  echo 'builder ALL=(ALL) NOPASSWD: ALL' >"$room/etc/sudoers.d/builder"
  chroot "$room" chown -R builder:builder /home/builder
}

# Runs inside the new namespaces.
enter() {
  mount --bind "$room" "$room"
  mount -t proc proc "$room/proc"
  mount --rbind /sys "$room/sys"
  mount --rbind /dev "$room/dev"
  mount -t tmpfs -o mode=1777 tmpfs "$room/dev/shm"
  if [ -n "$ccache" ]; then mount --bind "$ccache" "$room/.ccache"; chmod a+rwx "$room/.ccache"; fi
  if [ -n "$offline" ]; then ip link set lo up; fi
  local settings=(PATH=/usr/local/bin:/usr/bin:/bin TERM="${TERM:-dumb}" HOME=/root) as=() go=(chroot "$room")
  if [ -n "$user" ]; then settings+=(HOME=/home/builder USER=builder) as=(setpriv --reuid=builder --regid=builder --init-groups); fi
  [ -n "$user" ] || settings+=(PATH=/usr/sbin:/usr/bin:/sbin:/bin)
  if [ -n "$ccache" ]; then settings+=(CCACHE_DIR=/.ccache CCACHE_UMASK=000 CCACHE_MAXSIZE=20G LANG="${LANG:-}"); fi  # the cache's keys hold the language
  if [ "$way" = pivot ]; then
    cd "$room"
    pivot_root . .outside
    umount -l /.outside
    go=()
  fi
  "${go[@]}" "${as[@]}" env -i "${settings[@]}" bash -c 'cd /home/builder/slipway && "$@"' _ "$@"
}

furnish
export room user offline way ccache
export -f enter
# shellcheck disable=SC2086
unshare --mount --pid --fork --kill-child $offline --propagation private bash -euo pipefail -c 'enter "$@"' _ "$@"
