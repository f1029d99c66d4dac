# Fuzzers: src/**/x_fuzz.cpp is the program fuzz/x_fuzz of a build. Two ways to run them:
#   long    ./dev fuzz: build asan, whose coverage guides the mutations; the corpora grow in build-asan/corpus
#   short   ./test and ./dev test: any build, some thousand mutations of the seeds, the same ones every time
# Seeds are tests/fuzz/corpus/NAME/*, text as far as possible; *.escaped is text for printf's %b. An input that once found
# something stays there.

# fuzz_seeds NAME FOLDER: puts the seeds of a fuzzer into the folder.
fuzz_seeds() {
  local seed into=$2
  mkdir -p "$into"
  for seed in "tests/fuzz/corpus/$1"/*; do
    case "$seed" in
      *.escaped) printf '%b' "$(<"$seed")" >"$into/$(basename "$seed" .escaped)" ;;
      *) cp "$seed" "$into/" ;;
    esac
  done
  if [ "$1" = yaml_fuzz ]; then find examples docs -name '*.yaml' -size -16k -exec cp -t "$into" {} +; fi
}

# How many inputs make a short run of a few seconds.
fuzz_runs() {
  case "$1" in
    store_fuzz | image_fuzz | emitter_fuzz) echo 2000 ;;
    *) echo 100000 ;;
  esac
}

# Seeds a short run and puts its arguments into `fuzz_arguments`.
fuzz_prepare() {
  local program=$1 name seeds
  name=$(basename "$program")
  seeds=$(dirname "$program")/seeds/$name
  rm -rf "$seeds"
  fuzz_seeds "$name" "$seeds"
  fuzz_arguments=(-runs="$(fuzz_runs "$name")" -seed=1 -keep_seed=1 -len_control=0 -artifact_prefix="$(dirname "$program")/$name-" "$seeds")
}

fuzz_long() {
  local program=$1 seconds=$2 name
  name=$(basename "$program")
  mkdir -p "build-asan/corpus/$name"
  fuzz_seeds "$name" "build-asan/seeds/$name"
  "$program" -max_total_time="$seconds" -rss_limit_mb=3000 -timeout=20 -print_final_stats=1 -keep_seed=1 \
    -artifact_prefix="build-asan/fuzz/$name-" "build-asan/corpus/$name" "build-asan/seeds/$name"
}

# fuzz [SECONDS] [NAME]: fails when one finds something.
fuzz() {
  local seconds=${1:-20} wanted=${2:-} program failed=0
  SLIPWAY_BUILD_ONLY=fuzz_programs build asan
  for program in build-asan/fuzz/*_fuzz; do
    [ -z "$wanted" ] || [ "$(basename "$program")" = "$wanted" ] || continue
    step "$(basename "$program"), $seconds s" "build-asan/logs/fuzz/$(basename "$program").log" fuzz_long "$program" "$seconds" || failed=1
  done
  return $failed
}
