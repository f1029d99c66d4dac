# What `./test` has no time for: every test program under the sanitizers, and every fuzzer for a while.

check() {
  local seconds=${1:-60} preset failed=0
  [ -x /usr/lib/llvm-19/bin/llvm-symbolizer ] || say "   reports will name no lines: ./dev setup check installs llvm-19"
  for preset in asan tsan; do
    build "$preset"
    say "== tests under $preset"
    (run_tests --preset "$preset") || failed=1
  done
  say "== fuzzers"
  fuzz "$seconds" || failed=1
  return $failed
}
