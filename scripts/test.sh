# Runs test programs and fuzzers and adds up what they say. The last line is `N passed, N failed, N skipped`.
. scripts/fuzz.sh

tests_in=build  # the build folder whose programs run
longest=900     # seconds for one program

# Counts of one GoogleTest log: "passed failed skipped".
counts_of() {
  awk '/^\[  PASSED  \] [0-9]+ test/ {p = $4} /^\[  SKIPPED \] [0-9]+ test/ {s = $4} /^\[  FAILED  \] [0-9]+ test/ {f = $4}
       END {printf "%d %d %d", p, f, s}' "$1"
}

# "Suite.Test: reason" for each skipped test of a log.
skips_of() {
  awk '/^\[ RUN      \]/ {name = $4} /: Skipped$/ {getline reason; print "   skipped " name ": " reason}' "$1" | sort -u
}

run_one() {
  local program=$1 name log start status=0
  name=$(basename "$program")
  log=$tests_in/logs/test/$name.log
  start=$(now)
  local command=("$program")
  case "$name" in *_fuzz) fuzz_prepare "$program"; command+=("${fuzz_arguments[@]}") ;; esac
  # The limit is only there so that a hang ends the run with a name; no test depends on it.
  timeout --kill-after=10 "$longest" "${command[@]}" >"$log" 2>&1 </dev/null || status=$?
  read -r p f s <<<"$(counts_of "$log")"
  case "$name" in *_fuzz) if [ "$status" = 0 ]; then p=1; fi ;; esac  # a fuzzer is one test
  # A crash or a sanitizer report fails the program even when no test says so.
  if [ "$status" != 0 ] && [ "$f" = 0 ]; then f=1; fi
  echo "$p $f $s $name $(($(now) - start))" >>"$tests_in/logs/test/counts"
  if [ "$status" = 0 ]; then ok "$name  $p passed$([ "$s" = 0 ] || echo ", $s skipped")  $(($(now) - start)) s"
  else say " ✗ $name  exit $status, $f failed; the end of $log:"; grep -E '^\[  FAILED|Failure|ERROR|bug:' "$log" | head -20 || true; tail -n 15 "$log"
  fi
}

test_programs() {
  if [ $# -gt 0 ]; then for n in "$@"; do find "$tests_in" -maxdepth 3 -type f -perm -u+x \( -name "$n" -o -name "${n}_test" -o -name "${n}_fuzz" \); done | sort -u
  else find "$tests_in" -maxdepth 3 \( -name '*_test' -o -name '*_fuzz' \) -type f -perm -u+x | sort
  fi
}

# run_tests [--preset P] [NAME ...]
run_tests() {
  local program
  if [ "${1:-}" = --preset ]; then tests_in=$(build_dir "$2"); sanitizer_options "$2"; shift 2; fi
  begin_tests
  for program in $(test_programs "$@"); do run_one "$program"; done
  report_sanitizers
  report_tests
}

# Every process that a test starts writes what its sanitizer finds to a file of its own, so that nothing is lost with a child's
# output.
sanitizer_options() {
  local reports=$PWD/$tests_in/logs/sanitizer
  case "$1" in asan | tsan) ;; *) return 0 ;; esac
  rm -rf "$reports"
  mkdir -p "$reports"
  chmod 1777 "$reports"  # processes of pods have users of their own
  longest=3600
  local symbolizer=/usr/lib/llvm-19/bin/llvm-symbolizer lines=
  [ ! -x "$symbolizer" ] || lines=":external_symbolizer_path=$symbolizer"
  export ASAN_OPTIONS="log_path=$reports/asan:detect_stack_use_after_return=1$lines"
  export UBSAN_OPTIONS="log_path=$reports/ubsan:print_stacktrace=1$lines"
  export TSAN_OPTIONS="log_path=$reports/tsan:suppressions=$PWD/tests/tsan.suppressions:second_deadlock_stack=1$lines"
}

report_sanitizers() {
  local report
  for report in "$tests_in"/logs/sanitizer/*; do
    [ -e "$report" ] || continue
    echo "0 1 0 sanitizer 0" >>"$tests_in/logs/test/counts"
    say " ✗ $report:"
    head -n 40 "$report"
  done
}

begin_tests() {
  rm -rf "$tests_in/logs/test"
  mkdir -p "$tests_in/logs/test"
  : >"$tests_in/logs/test/counts"
}

report_tests() {
  cat "$tests_in"/logs/test/*.log 2>/dev/null | skips_of /dev/stdin
  awk '{p += $1; f += $2; s += $3} END {printf "%d passed, %d failed, %d skipped\n", p, f, s; exit f > 0}' "$tests_in/logs/test/counts"
}
