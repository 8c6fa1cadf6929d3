# What every rule's command runs under, in bash.

# logged LOG COMMAND...: write what a command prints to its log. Its standard error is shown too, unless the logger
# plugin is there and shows what matters of the log. With `tee -p` a command goes on when nobody reads that any more.
logged() {
  local log=$1
  shift
  : > "$log"
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
