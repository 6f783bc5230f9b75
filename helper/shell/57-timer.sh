# The registry's timer: systemd has it enabled and started as long as its files are there.

is_timer_change() {
  for timer_file in "$tx"/files/*/path; do
    line_into timer_path "$timer_file"
    [ "$timer_path" != "$gc_unit.timer" ] || return 0
  done
  return 1
}

# Before its programs are replaced, a clean-up that runs ends, and the registry takes pushes again.
quiet_timer() {
  cat "$tx"/files/*/do | grep -qvx nothing || return 0
  systemctl stop "${gc_unit##*/}.timer" "${gc_unit##*/}.service" 2>/dev/null 9>&-
}

# Brings systemd in line with the files that are in place now; if it cannot, `problem` says why.
switch_timer() {
  timer_unit=${gc_unit##*/}.timer
  if [ ! -f "$gc_unit.timer" ]; then
    rm -rf "$boot_folder"/*.wants/"$timer_unit" "$gc_folder/work" "/var/lib/systemd/timers/stamp-$timer_unit"
    systemctl daemon-reload 2>/dev/null 9>&-
    systemctl reset-failed "${timer_unit%.timer}.service" "$timer_unit" 2>/dev/null 9>&-
    result="${result-}$timer_unit stopped and disabled. "
    return 0
  fi
  timer_wants=$boot_folder/timers.target.wants
  [ -d "$timer_wants" ] || printf '%s\n' "$timer_wants" >>"$tx/files/1/folders"
  # At boot, systemd waits for this very program before it starts anything.
  timer_start=restart
  [ "${verb-}" != settle ] || timer_start='--no-block start'
  # shellcheck disable=SC2086 # an option, and a verb
  timer_said=$({ systemctl daemon-reload && systemctl enable "$timer_unit" && systemctl $timer_start "$timer_unit"; } 2>&1 9>&-) || {
    problem="expected $timer_unit to start; found that it does not: $(printf '%s\n' "$timer_said" | tail -n 1)"
    return 1
  }
  result="${result-}$timer_unit enabled and started. "
}

put_back_timer() {
  switch_timer || {
    complain "  The old files are in place, but: $problem"
    return 1
  }
  complain "  Rolled back: the old files are in place."
}
