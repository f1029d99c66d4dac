# Builds every src/**/*_fuzz.cpp with libFuzzer and sanitizers and runs each for a while. Corpora stay in build-fuzz/corpus.

fuzz_one() {
  local program=$1 seconds=$2 name
  name=$(basename "$program")
  mkdir -p "build-fuzz/corpus/$name"
  (cd build-fuzz && "$program" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -print_final_stats=1 "corpus/$name")
}

# fuzz [SECONDS] [NAME]: fails with the first finding.
fuzz() {
  local seconds=${1:-20} wanted=${2:-} program failed=0
  build fuzz
  for program in "$PWD"/build-fuzz/fuzz/*_fuzz; do
    [ -z "$wanted" ] || [ "$(basename "$program")" = "$wanted" ] || continue
    step "$(basename "$program"), $seconds s" "build-fuzz/logs/$(basename "$program").log" fuzz_one "$program" "$seconds" || failed=1
  done
  return $failed
}
