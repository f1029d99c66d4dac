# Shared by the scripts: progress that is visible on a terminal and readable in a log.

if [ -t 1 ] && [ "${TERM:-dumb}" != dumb ] && [ -z "${NO_COLOR:-}" ] && [ -z "${CI:-}" ]; then tty=1; else tty=; fi

say() { printf '%s\n' "$*"; }
ok() { if [ -n "$tty" ]; then printf '\r\033[K \033[32m✔\033[0m %s\n' "$*"; else printf ' ✔ %s\n' "$*"; fi; }
die() { printf '\n%s\n' "error: $*" >&2; exit 1; }
now() { date +%s; }

# step TITLE LOGFILE COMMAND...: runs the command with its output in the log, shows that it lives, and how long it took.
step() {
  local title=$1 log=$2 start pid frames=(⠋ ⠙ ⠹ ⠸ ⠼ ⠴ ⠦ ⠧ ⠇ ⠏) i=0 last
  shift 2
  mkdir -p "$(dirname "$log")"
  start=$(now)
  "$@" >"$log" 2>&1 </dev/null &
  pid=$!
  # What runs in the background does not see Ctrl-C by itself.
  trap 'kill "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; say; exit 130' INT TERM
  last=$start
  while kill -0 "$pid" 2>/dev/null; do
    if [ -n "$tty" ]; then
      printf '\r\033[K %s %s  %ds  %s' "${frames[i++ % 10]}" "$title" $(($(now) - start)) "$(progress_of "$log")"
      sleep 0.2
    else
      sleep 0.5
      if [ $(($(now) - last)) -ge 15 ]; then last=$(now); say "   $title: $((last - start)) s  $(progress_of "$log")"; fi
    fi
  done
  trap - INT TERM
  if ! wait "$pid"; then
    [ -n "$tty" ] && printf '\r\033[K'
    say " ✗ $title failed after $(($(now) - start)) s; the end of $log:"
    tail -n 40 "$log" >&2
    return 1
  fi
  ok "$title  $(($(now) - start)) s"
}

# The newest line of a log, short: enough to see that something moves. Of a compiler line, the file.
progress_of() {
  tail -c 400 "$1" 2>/dev/null | tr '\r' '\n' | grep -v '^$' | tail -n 1 |
    sed -E 's#^(\[[0-9/]+\]) Building CXX object .*\.dir/(.*)\.o$#\1 \2#; s#^(\[[0-9/]+\]) Linking CXX (static library|shared library|executable) #\1 #' | cut -c1-60
}
