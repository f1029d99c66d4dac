#!/usr/bin/env bash
# Proves the set-up where nothing is installed: a fresh Debian 12 in a folder, with the committed sources in it, as root or as an ordinary user
# with sudo. Needs root, debootstrap and the network.
#
#   scripts/clean_room.sh [--user] [--keep] FOLDER COMMAND...      e.g. scripts/clean_room.sh /var/tmp/room ./demo --once
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

user='' keep=''
while :; do
  case "${1:-}" in
    --user) user=1; shift ;;
    --keep) keep=1; shift ;;
    *) break ;;
  esac
done
room=${1:?the folder to build the room in}
shift
[ "$(id -u)" = 0 ] || { echo "error: making a root file system needs root" >&2; exit 1; }
[ ! -e "$room" ] || { echo "error: $room exists already" >&2; exit 1; }

leave() {
  for point in dev sys proc; do umount -R -l "$room/$point" 2>/dev/null || true; done
  [ -n "$keep" ] || rm -rf --one-file-system "$room"
}
trap leave EXIT

debootstrap --variant=minbase --include=ca-certificates bookworm "$room" >/dev/null
cp /etc/resolv.conf "$room/etc/resolv.conf"
mount -t proc proc "$room/proc"
mount --rbind /sys "$room/sys"
mount --rbind /dev "$room/dev"
mount --make-rslave "$room/sys"
mount --make-rslave "$room/dev"
mkdir -p "$room/home/builder"
git archive --prefix=slipway/ HEAD | tar -x -C "$room/home/builder"
if [ -n "$user" ]; then
  chroot "$room" sh -c 'apt-get update -qq && apt-get install -y -qq --no-install-recommends sudo >/dev/null'
  chroot "$room" sh -c 'useradd -m -s /bin/bash builder 2>/dev/null; echo "builder ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/builder'
  chroot "$room" chown -R builder:builder /home/builder
  run=(chroot --userspec=builder:builder "$room" env HOME=/home/builder)
else
  run=(chroot "$room" env HOME=/root)
fi
"${run[@]}" PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb bash -c 'cd /home/builder/slipway && "$@"' _ "$@"
