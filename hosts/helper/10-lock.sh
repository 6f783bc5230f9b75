# One change at a time on a host, whoever starts it. The lock goes away with its holder, however that ends.
# Children get no copy of it (9>&-): a daemon or a hung command must not keep it.
lock_seconds=240

# take_lock HOLDER [late]: who comes `late`, to see to the end of another's change, makes no folder for it anew: if that went
# while the lock was waited for, an undo came first, and there is nothing left to see to.
take_lock() {
  if command -v flock >/dev/null; then take_flock "$@"; else take_link_lock "$@"; fi
}

take_flock() {
  while :; do
    [ -d "$home" ] || [ -z "${2-}" ] || exit 0
    # Tried out first: a shell ends, without a word of ours, where the redirection of its `exec` fails.
    (: >>"$home/lock") 2>/dev/null || refuse "cannot open $home/lock: is the disk full or read-only?"
    exec 9>>"$home/lock"
    flock -n 9 || flock -w "$lock_seconds" 9 ||
      refuse "expected the lock of this host; found it held for $lock_seconds seconds, $(masked <"$home/lock"): wait for that to end, then run again"
    # The last undo takes the folder away; a lock on a file that has gone keeps nobody out.
    [ "$home/lock" -ef /proc/$$/fd/9 ] && break
    [ -z "${2-}" ] || exit 0
    need_home
  done
  say "by $1 since $(date -u +%Y-%m-%dT%H:%M:%SZ), process $$" >"$home/lock"
}

# Without flock(1): a symbolic link is made with its content in one step, and names its holder.
take_link_lock() {
  link_lock=$home/lock.holder
  link_until=$(($(uptime_seconds) + lock_seconds))
  until ln -s "$(process_name $$) $1" "$link_lock" 2>/dev/null; do
    if ! link_seen=$(readlink "$link_lock"); then
      if [ ! -d "$home" ]; then
        [ -z "${2-}" ] || exit 0
        need_home
      fi
      continue
    fi
    link_process=${link_seen%% *}
    if [ "$(process_name "${link_process%%:*}")" != "$link_process" ]; then
      # Its holder is dead. Of several that see this one moves the link away.
      mv -f "$link_lock" "$link_lock.$$" 2>/dev/null || continue
      [ "$(readlink "$link_lock.$$")" = "$link_seen" ] || ln -s "$(readlink "$link_lock.$$")" "$link_lock"
      rm -f "$link_lock.$$"
      continue
    fi
    [ "$(uptime_seconds)" -lt "$link_until" ] ||
      refuse "expected the lock of this host; found it held for $lock_seconds seconds, by process $link_seen: wait for that to end, then run again"
    pause 0.2
  done
  # A change takes the link away in a trap of its own (leave_stage).
  [ -n "${own_unit-}" ] || trap 'rm -f "$link_lock"' EXIT
}

# A process id and its start time: ids are used again, start times are not.
process_name() {
  if process_stat=$(cat "/proc/$1/stat" 2>/dev/null); then
    # shellcheck disable=SC2086 # split on purpose; the name before the last ")" may hold blanks
    set -- "$1" ${process_stat##*) }
    printf '%s:%s' "$1" "${21}"
  fi
}
