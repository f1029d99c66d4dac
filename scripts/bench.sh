# Benchmarks: builds every src/**/*_bench.cpp, runs them, prints Google Benchmark's table and keeps JSON in build-bench/results.

bench() {
  local filter=${1:-.} program
  build bench
  mkdir -p build-bench/results
  for program in build-bench/bench/*_bench; do
    say "== $(basename "$program")"
    "$program" --benchmark_filter="$filter" --benchmark_out="build-bench/results/$(basename "$program").json" --benchmark_out_format=json
  done
}
