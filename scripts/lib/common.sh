# shellcheck shell=bash
# What every script here shares: where things are, and how to say what goes on.
# All messages go to stderr: stdout belongs to the programs that are started.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
TOOLS=$ROOT/.tools
export ROOT

# Tools that had to be fetched for this checkout come last, after the system's.
export PATH=$PATH:$TOOLS/bin

say() {
  printf '%s\n' "$*" >&2
}

die() {
  say "error: $*"
  exit 1
}

have() {
  command -v "$1" >/dev/null 2>&1
}

# Usage: is_root_or_may_sudo; then as_root COMMAND...
is_root_or_may_sudo() {
  [ "$(id -u)" -eq 0 ] || { have sudo && sudo -n true 2>/dev/null; }
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

# Runs a command that may take long, and shows that it is at work and for how
# long: a moving line on a terminal, now and then a line in a log. What the
# command prints goes to a file, whose end is shown when it fails.
# Usage: step "Installing this" COMMAND...
step() {
  local what=$1 log status=0 pid
  shift
  mkdir -p "$TOOLS"
  log=$(mktemp "$TOOLS/step.XXXXXX")
  local started=$SECONDS
  "$@" >"$log" 2>&1 </dev/null &
  pid=$!
  # A job in the background does not hear Ctrl-C by itself.
  trap 'kill "$pid" 2>/dev/null; rm -f "$log"; exit 130' INT TERM
  if [ -t 2 ]; then spin "$what" "$pid"; else tick "$what" "$pid"; fi
  wait "$pid" || status=$?
  trap - INT TERM
  if [ "$status" -eq 0 ]; then
    say "$(printf '%-58s %4d s' "$what" $((SECONDS - started)))"
  elif [ -n "${FAILURE_IS_FINE:-}" ]; then
    say "$(printf '%-58s %4d s  (no)' "$what" $((SECONDS - started)))"
  else
    say "$what: failed after $((SECONDS - started)) s. The end of what it said:"
    tail -n 20 "$log" | sed 's/^/  | /' >&2
  fi
  rm -f "$log"
  return "$status"
}

# Like step, for what may fail because there is another way: the failure is one
# line, without the details.
attempt() {
  FAILURE_IS_FINE=1 step "$@"
}

spin() {
  local what=$1 pid=$2 started=$SECONDS frames='-\|/' i=0
  while kill -0 "$pid" 2>/dev/null; do
    printf '\r%s %-56s %4d s' "${frames:i++%4:1}" "$what" $((SECONDS - started)) >&2
    sleep 0.2
  done
  printf '\r\033[K' >&2
}

tick() {
  local what=$1 pid=$2 started=$SECONDS shown=0
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.1
    if [ $((SECONDS - started - shown)) -ge 15 ]; then
      shown=$((SECONDS - started))
      say "$(printf '%-58s %4d s ...' "$what" "$shown")"
    fi
  done
}

# A fingerprint of files and words; what a stamp file holds.
# Usage: fingerprint FILE... -- WORD...
fingerprint() {
  {
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
      cat "$1"
      shift
    done
    printf '%s\n' "$@"
  } | sha256sum | cut -d ' ' -f 1
}

is_stamped() {
  [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]
}

# Only one set-up at a time works on this checkout.
lock_checkout() {
  have flock || return 0
  mkdir -p "$TOOLS"
  exec 9>"$TOOLS/lock"
  if ! flock --nonblock 9; then
    say "Another set-up of this checkout is at work; waiting for it."
    flock 9
  fi
}

unlock_checkout() {
  have flock && exec 9>&-
  return 0
}
