# observe_timer CALENDAR: what systemd has of the registry's timer and of what it starts, the last line of that, and whether
# systemd understands the time at which it shall run (observation/timer.ts reads it).
observe_timer() {
  timer_now=$(
    systemctl show -p LoadState -p ActiveState -p UnitFileState -p NeedDaemonReload -p LastTriggerUSec \
      -p NextElapseUSecRealtime "${gc_unit##*/}.timer" 2>/dev/null 9>&-
    echo
    systemctl show -p ActiveState -p Result -p ExecMainStartTimestamp -p NeedDaemonReload \
      "${gc_unit##*/}.service" 2>/dev/null 9>&-
    echo
    [ ! -f "$gc_unit.service" ] || journalctl -q -t "${gc_unit##*/}" -n 1 -o cat --no-pager 2>/dev/null 9>&-
  )
  sent_text timer "$timer_now"
  command -v systemd-analyze >/dev/null || return 0
  timer_said=$(systemd-analyze calendar "$1" 2>&1 9>&-) || {
    sent_text calendar "${timer_said%%"$newline"*}"
  }
}
