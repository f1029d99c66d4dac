# Configures and builds one preset of CMakePresets.json.

build_dir() { if [ "$1" = release ]; then echo build; else echo "build-$1"; fi; }

build() {
  local preset=$1 dir
  dir=$(build_dir "$preset")
  export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
  [ -f "$dir/build.ninja" ] || step "configure ($preset)" "$dir/logs/configure.log" cmake --preset "$preset"
  # shellcheck disable=SC2086
  step "build ($preset)" "$dir/logs/build.log" cmake --build "$dir" -j "$(nproc)" ${SLIPWAY_BUILD_ONLY:+--target $SLIPWAY_BUILD_ONLY}
}
