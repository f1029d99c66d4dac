# Installs what packages.txt lists and the machine lacks. Root, or an ordinary user with sudo.
# `setup bench` installs the peers of the benchmarks, too; `setup check` what makes reports of the sanitizers readable.

missing_packages() {
  local name
  grep -v '^#' packages.txt | awk -v also="${1:-}" 'NF && (($2 != "bench" && $2 != "check") || $2 == also) {print $1}' | while read -r name; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || printf '%s ' "$name"
  done
}

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# Asks for the password, if there is one, before anything runs in the background.
check_rights() {
  [ "$(id -u)" != 0 ] || return 0
  command -v sudo >/dev/null || die "installing packages needs root or sudo; as root: apt-get install -y --no-install-recommends $1"
  sudo -v || die "sudo was refused; as root: apt-get install -y --no-install-recommends $1"
}

setup() {
  command -v apt-get >/dev/null || die "this is not a Debian system (no apt-get); packages.txt lists what is needed"
  local missing
  missing=$(missing_packages "${1:-}")
  if [ -z "$missing" ]; then ok "packages: all there"; return; fi
  say "   packages to install: $missing"
  check_rights "$missing"
  # Another apt may be at work on a machine that was just switched on: wait for it.
  step "package lists" build/logs/apt-update.log as_root apt-get -o DPkg::Lock::Timeout=300 update
  # shellcheck disable=SC2086
  step "packages" build/logs/apt-install.log as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends $missing
}
