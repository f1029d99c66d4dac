#!/bin/sh
# check.sh PROGRAM [FOLDER]: is what packaging/ says true of this program? The image's file system is made and looked at, as Docker would have it; the
# unit is read by systemd itself. What cannot be checked here is said.
set -eu
here=$(dirname "$(readlink -f "$0")")
program=$(readlink -f "$1")
root=${2:-$(mktemp -d)}
failed=0
good() { echo " ✓ $*"; }
bad() { echo " ✗ $*"; failed=1; }

rm -rf "$root"
"$here/image-root.sh" "$program" "$root"

# Every library is found inside, by the image's own loader.
for binary in usr/bin/slipway usr/sbin/haproxy; do
  loader=$(cd "$root" && find lib64 lib -name 'ld-linux*.so*' | head -n 1)
  libraries=$(cd "$root" && find . -name '*.so*' -type f | xargs -n 1 dirname | sort -u | sed "s|^\.|$root|" | paste -sd:)
  foreign=$("$root/$loader" --library-path "$libraries" --list "$root/$binary" |
    awk -v root="$root" '/not found/ || ($2 == "=>" && index($3, root) != 1) {print $1}')
  if [ -z "$foreign" ]; then good "the image holds every library of $binary"; else bad "not in the image, for $binary:" $foreign; fi
done

# It runs with nothing else, as the image's user.
if [ "$(id -u)" = 0 ]; then
  if chroot --userspec=65532:65532 "$root" /usr/bin/slipway version --client >/dev/null; then good "it runs in the image"; else bad "it does not run in the image"; fi
elif unshare -r chroot "$root" /usr/bin/slipway version --client >/dev/null 2>&1; then good "it runs in the image"
else echo " - not run in the image: neither root nor user namespaces"; fi
if [ -s "$root/etc/ssl/certs/ca-certificates.crt" ]; then good "certificate authorities are there"; else bad "no certificate authorities"; fi

if [ -s "$root/usr/share/zoneinfo/Europe/Berlin" ]; then good "time zones are there"; else bad "no time zones"; fi

# So does the proxy, and the gateway finds it.
if [ "$(id -u)" = 0 ]; then
  if chroot --userspec=65532:65532 "$root" /usr/sbin/haproxy -v >/dev/null; then good "haproxy runs in the image"; else bad "haproxy does not run in the image"; fi
  said=$(chroot --userspec=65532:65532 "$root" /usr/bin/slipway gateway --kubeconfig /none 2>&1) || true
  case $said in *"HAProxy is not installed"*) bad "slipway gateway does not find haproxy in the image" ;; *) good "slipway gateway finds haproxy in the image" ;; esac
elif unshare -r chroot "$root" /usr/sbin/haproxy -v >/dev/null 2>&1; then good "haproxy runs in the image"
else echo " - haproxy not run in the image: neither root nor user namespaces"; fi

# The Dockerfile names what there is.
user=$(awk '$1 == "USER" {sub(":.*", "", $2); print $2}' "$here/Dockerfile")
entry=$(sed -n 's/^ENTRYPOINT \["\(.*\)"\]$/\1/p' "$here/Dockerfile")
if [ -x "$root$entry" ]; then good "ENTRYPOINT $entry"; else bad "ENTRYPOINT $entry is not in the image"; fi
if grep -q ":$user:" "$root/etc/passwd"; then good "USER $user has a name"; else bad "USER $user is not in /etc/passwd"; fi
if [ "$("$program" install --gateway -o yaml | grep -c "runAsUser: $user\$")" = 2 ]; then good "controllers and gateway run as USER $user"
else bad "the manifest runs as another user than $user"; fi
if "$program" install -o yaml | grep -q "runAsUser: $user\$"; then good "the manifest runs as USER $user"; else bad "the manifest runs as another user than $user"; fi
for script in $(sed -n 's/^RUN //p' "$here/Dockerfile" | tr ' ' '\n' | grep -E '^(\./|packaging/)'); do
  if [ -x "$here/../$script" ]; then good "RUN $script"; else bad "RUN $script is not there"; fi
done

# The unit, with the program where it is now.
if command -v systemd-analyze >/dev/null; then
  mkdir -p "$root/tmp/unit"
  sed "s|/usr/bin/slipway|$program|" "$here/slipway.service" >"$root/tmp/unit/slipway.service"
  if said=$(systemd-analyze verify --man=no "$root/tmp/unit/slipway.service" 2>&1) && ! echo "$said" | grep -q slipway; then good "systemd accepts the unit"
  else bad "systemd says: $said"; fi
  rm -r "$root/tmp/unit"
else
  echo " - the unit was not read: no systemd-analyze here"
fi
exit $failed
