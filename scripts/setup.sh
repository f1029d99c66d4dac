# Installs what packages.txt lists and the machine lacks. Root, or an ordinary user with sudo.

missing_packages() {
  local name
  grep -v '^#' packages.txt | awk 'NF {print $1}' | while read -r name; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || printf '%s ' "$name"
  done
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else die "installing packages needs root or sudo; as root: apt-get install -y --no-install-recommends $(missing_packages)"
  fi
}

setup() {
  command -v apt-get >/dev/null || die "this is not a Debian system (no apt-get); packages.txt lists what is needed"
  local missing
  missing=$(missing_packages)
  if [ -z "$missing" ]; then ok "packages: all there"; return; fi
  say "   packages to install: $missing"
  if [ "$(id -u)" != 0 ] && command -v sudo >/dev/null; then sudo -v || die "sudo was refused"; fi
  step "package lists" build/logs/apt-update.log as_root apt-get update
  # shellcheck disable=SC2086
  step "packages" build/logs/apt-install.log as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends $missing
}
