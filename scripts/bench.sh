# Benchmarks: one table on stdout, and build/bench.json. Parts: start, write, list, micro (default: all).
#
#   ./dev bench                 everything; about four minutes on an idle machine
#   ./dev bench write,list      some parts
#   ./dev bench --filter REGEX  only Google Benchmark's own output of src/**/*_bench.cpp

bench() {
  if [ "${1:-}" = --filter ]; then
    build bench
    for program in build-bench/bench/*_bench; do
      say "== $(basename "$program")"
      "$program" --benchmark_filter="${2:-.}"
    done
    return
  fi
  SLIPWAY_BUILD_ONLY="slipway bench" build release
  build bench
  build/tests/bench --slipway build/slipway --programs build-bench/bench --out build/bench.json --only "${1:-}"
}
