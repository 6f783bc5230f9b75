# Prints what observation/timer.ts reads: what systemd has of the registry's timer, of its service, and the last line of that
# in the journal. Changes nothing.
unit=cluster-registry-gc
systemctl show -p LoadState -p ActiveState -p UnitFileState -p NeedDaemonReload -p LastTriggerUSec -p NextElapseUSecRealtime "$unit.timer"
echo
systemctl show -p ActiveState -p Result -p ExecMainStartTimestamp -p NeedDaemonReload "$unit.service"
echo
journalctl -q -t "$unit" -n 1 -o cat --no-pager 2>/dev/null || true
