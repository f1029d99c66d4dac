#!/bin/sh
# image-root.sh PROGRAM FOLDER: the file system of the image: the program, and HAProxy for `slipway gateway`. Every library that they name is copied to
# where it was.
set -eu
program=$1
root=$2
mkdir -p "$root/usr/bin" "$root/etc/ssl/certs" "$root/tmp"
install -m 0755 "$program" "$root/usr/bin/slipway"
strip "$root/usr/bin/slipway"
haproxy=$(PATH="$PATH:/usr/sbin" command -v haproxy) || { echo "haproxy is not here: install the Debian package haproxy" >&2; exit 1; }
mkdir -p "$root/usr/sbin"
install -m 0755 "$haproxy" "$root/usr/sbin/haproxy"
# "libz.so.1 => /lib/x86_64-linux-gnu/libz.so.1 (0x...)" and "/lib64/ld-linux-x86-64.so.2 (0x...)"
for binary in "$program" "$haproxy"; do ldd "$binary"; done | awk '$2 == "=>" {print $3} $1 ~ /^\// {print $1}' | while read -r library; do
  mkdir -p "$root$(dirname "$library")"
  cp -L "$library" "$root$library"
done
# glibc loads these by name when it looks up hosts.
for library in $(ldconfig -p | awk '/libnss_(files|dns)\.so\.2 .*x86-64/ {print $NF}'); do
  mkdir -p "$root$(dirname "$library")"
  cp -L "$library" "$root$library"
done
cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
# The time zones of release windows; those that count leap seconds, and the copies in posix/, are not used.
[ -f /usr/share/zoneinfo/Etc/UTC ] || { echo "no time zones are here: install the Debian package tzdata" >&2; exit 1; }
mkdir -p "$root/usr/share"
cp -rL /usr/share/zoneinfo "$root/usr/share/"
rm -rf "$root/usr/share/zoneinfo/right" "$root/usr/share/zoneinfo/posix"
mkdir -p "$root/usr/lib/ssl"
ln -sf /etc/ssl/certs "$root/usr/lib/ssl/certs"
ln -sf /etc/ssl/certs/ca-certificates.crt "$root/usr/lib/ssl/cert.pem"
echo 'slipway:x:65532:65532:slipway:/tmp:/sbin/nologin' >"$root/etc/passwd"
echo 'slipway:x:65532:' >"$root/etc/group"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
chmod 1777 "$root/tmp"
