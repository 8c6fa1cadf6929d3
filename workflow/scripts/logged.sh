# What every rule's command runs under, in bash.

warm="$(dirname "${BASH_SOURCE[0]}")/../../src/resolute/engines/warm.py"

# logged LOG COMMAND...: write what a command prints to its log. Its standard error is shown too, unless the logger
# plugin is there and shows what matters of the log. With `tee -p` a command goes on when nobody reads that any more.
# One of a single thread begins in a process that has imported what it needs, where there is one.
logged() {
  local log=$1
  shift
  : > "$log"
  if [ -n "${RESOLUTE_WARM:-}" ] && [ "${OMP_NUM_THREADS:-}" = 1 ] && [ "$1" = resolute ] && [ "${2:-}" != train ]; then
    set -- python3 -I -S "$warm" run "$RESOLUTE_WARM" "$@"
  fi
  if [ -n "${RESOLUTE_QUIET_JOBS:-}" ]; then
    exec "$@" >> "$log" 2>&1
  else
    local status=0
    "$@" >> "$log" 2> >(tee -ap "$log" >&2) || status=$?
    # Snakemake ends what a job leaves behind, which may be a `tee` that has not yet shown the last line.
    wait "${!:-}" 2> /dev/null || true
    return "$status"
  fi
}
