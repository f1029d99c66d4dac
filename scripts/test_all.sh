#!/usr/bin/env bash
set -euo pipefail
. scripts/lib.sh
. scripts/setup.sh
. scripts/build.sh
. scripts/test.sh

setup
build release
begin_tests
for program in $(test_programs); do run_one "$program"; done
if timeout --kill-after=10 900 ./demo --once --port 0 >build/logs/test/demo.log 2>&1 </dev/null; then
  echo "1 0 0 demo 0" >>build/logs/test/counts
  ok "./demo --once (build/demo-report.json)"
else
  echo "0 1 0 demo 0" >>build/logs/test/counts
  say " ✗ ./demo --once; the end of its output:"
  tail -n 40 build/logs/test/demo.log
fi
report_tests
