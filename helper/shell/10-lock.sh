# One change at a time on a host, whoever starts it. The lock goes away with its holder, however that ends.
# Children get no copy of it (9>&-): a daemon or a hung command must not keep it.
lock_seconds=240

# take_lock HOLDER [late]: who comes `late`, to see to the end of another's change, makes no folder for it anew: if that went
# while the lock was waited for, an undo came first, and there is nothing left to see to.
take_lock() {
  uptime_into lock_until
  lock_until=$((lock_until + lock_seconds))
  while :; do
    [ -d "$home" ] || [ -z "${2-}" ] || exit 0
    # Tried out first: a shell ends, without a word of ours, where the redirection of its `exec` fails.
    { true >>"$home/lock"; } 2>/dev/null || refuse "cannot open $home/lock: is the disk full or read-only?"
    exec 9>>"$home/lock"
    await_flock
    # The last undo takes the folder away; a lock on a file that has gone keeps nobody out.
    [ "$home/lock" -ef /proc/$$/fd/9 ] && break
    [ -z "${2-}" ] || exit 0
    need_home
  done
  say "by $1 since $(date -u +%Y-%m-%dT%H:%M:%SZ), process $$" >"$home/lock"
}

# Asked again and again, since busybox's flock has no -w.
await_flock() {
  until flock -n 9; do
    flock_code=$?
    [ $flock_code -eq 1 ] || refuse "cannot lock $home/lock (flock exit code $flock_code): does the file system support locks?"
    uptime_into lock_now
    [ "$lock_now" -lt "$lock_until" ] ||
      refuse "the lock of this host has been held for $lock_seconds seconds, $(masked <"$home/lock"): wait until it is released, then run again"
    pause 0.1
  done
}
