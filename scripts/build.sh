# Configures and builds one preset of CMakePresets.json.

build_dir() { if [ "$1" = release ]; then echo build; else echo "build-$1"; fi; }

# ON where the compile cache is empty (cmake/headers.cmake).
is_first_build() {
  if ccache --print-stats 2>/dev/null | awk '$1 == "files_in_cache" {n = $2} END {exit n > 0}'; then echo ON; else echo OFF; fi
}

build() {
  local preset=$1 dir
  dir=$(build_dir "$preset")
  export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
  export CCACHE_SLOPPINESS=pch_defines,time_macros  # for precompiled headers
  [ -f "$dir/build.ninja" ] || step "configure ($preset)" "$dir/logs/configure.log" cmake --preset "$preset" -DSLIPWAY_PCH="$(is_first_build)"
  # shellcheck disable=SC2086
  step "build ($preset)" "$dir/logs/build.log" cmake --build "$dir" -j "$(nproc)" ${SLIPWAY_BUILD_ONLY:+--target $SLIPWAY_BUILD_ONLY}
}
