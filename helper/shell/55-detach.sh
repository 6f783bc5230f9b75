# A change runs as a service of its own, so that neither a cut connection nor a killed shell stops it halfway; and if it
# is killed itself, systemd runs the recovery at once.

new_stage() {
  stage=$(mktemp -d "$home/stage.XXXXXXXX") || refuse "cannot create a directory in $home: is the disk full or read-only?"
  # Success is a file taken away and not one written: the disk may be full by then.
  process_into process_front $$
  printf '%s\n' "$process_front" >"$stage/front" && : >"$stage/unfinished" && : >"$stage/killed" ||
    refuse "cannot write to $home: is the disk full?"
}

need_stage() {
  case ${1-} in
    "$home"/stage.*[!A-Za-z0-9]*) refuse "expected a stage folder; found \"$1\"" ;;
    "$home"/stage.????????) [ -d "$1" ] || refuse "expected a stage folder; found nothing at $1" ;;
    *) refuse "expected a stage folder; found \"${1-}\"" ;;
  esac
}

# detach VERB ID: waits for the end, shows what was said, and fails unless the change itself says that it came to its end:
# to systemd a service that is ended by SIGTERM (a stop, a shutdown) ended well.
detach() {
  need_systemd
  systemd-run --quiet --wait --collect --unit="cluster-registry-$1-$2-${stage##*.}" \
    --property=StandardOutput=null --property=TimeoutStopSec="$(stop_seconds "$2")" \
    --property="ExecStopPost=/bin/sh -c 'test \"\$EXIT_CODE\" != exited || rm -f $stage/killed; test ! -d $records/$2/next || exec /bin/sh $home/helper recover $2 $stage'" \
    /bin/sh "$home/helper" run "$1" "$2" "$stage" 2>"$stage/systemd"
  detach_code=$?
  if [ -f "$stage/unfinished" ] && [ $detach_code -eq 0 ]; then detach_code=1; fi
  if [ $detach_code -eq 0 ]; then
    cat "$stage/out"
  elif [ ! -e "$stage/out" ]; then
    # The first thing that a change does is to open this file. A systemd that is too old has refused --collect.
    need_collect
    complain "systemd cannot start the change: $(cat "$stage/systemd")
  Nothing was started or changed on this host."
  else
    cat "$stage/out" >&2 2>/dev/null
    [ ! -f "$stage/killed" ] || complain "the change was stopped from outside before its end: $(cat "$stage/systemd")"
  fi
  rm -rf "$stage"
  return $detach_code
}

# A preview says the same, by the same words: decision/obstacles.ts. Without --collect, units of ours that failed would stay. What
# tells no version that can be read is tried.
need_systemd() {
  [ -d /run/systemd/system ] || refuse_unstarted "expected a host that runs systemd; found none"
  need_bus
}

need_collect() {
  systemd_found=$(systemd_version)
  [ "${systemd_found:-236}" -ge 236 ] ||
    refuse_unstarted "expected systemd 236 or later, whose systemd-run has --collect; found $systemd_found"
}

need_bus() {
  bus_answers ||
    refuse_unstarted "expected D-Bus on this host, through which systemd-run waits for a change; found that it does not answer: install dbus, or run \`systemctl start dbus\`"
}

refuse_unstarted() {
  [ -z "${stage-}" ] || rm -rf "$stage"
  refuse "$1
  Nothing was started or changed on this host."
}

# The recovery may have to wait for the lock, and then for the daemon.
stop_seconds() {
  stop_payload=$stage/payload
  [ -f "$stop_payload" ] || stop_payload=$records/$1/payload
  read_head "$stop_payload"
  printf '%s' $((lock_seconds + 60 + head_wait))
}

# own_patience PAYLOAD: as long as this change may take, until its watchdog ends it and the daemon is back, another one is
# waited for.
own_patience() {
  read_head "$1"
  lock_seconds=$((head_watchdog + head_wait))
}

# run VERB ID STAGE: the inside of it.
run_detached() {
  need_id "${2-}"
  need_stage "${3-}"
  stage=$3
  token=${stage##*.}
  own_unit=cluster-registry-$1-$2-$token.service
  exec >"$stage/out" 2>&1 </dev/null
  trap 'leave_stage' EXIT
  if [ -f "$stage/payload" ]; then own_patience "$stage/payload"; else own_patience "$records/$2/payload"; fi
  take_lock "$2"
  sweep
  # Files are shared: what any record's change was cut off in comes to its end first.
  for unsettled in "$records"/*/next; do
    [ -d "$unsettled" ] || continue
    unsettled=${unsettled%/next}
    open_record "${unsettled##*/}"
    recover
  done
  open_record "$2"
  [ ! -e "$record/done" ] || rm -rf "$record/done"
  convert
  case $1 in
    apply) apply_now ;;
    undo) undo_now ;;
    *) refuse "expected apply or undo; found \"$1\"" ;;
  esac
  rm -f "$stage/unfinished"
}

# Nobody may be there any more to read the output and to clean up.
leave_stage() {
  front_waits "$stage" || rm -rf "$stage"
}

# Does the process that a stage was made by still wait for it?
front_waits() {
  line_into front_name "$1/front"
  process_into front_now "${front_name%%:*}"
  [ "$front_now" = "$front_name" ]
}

# A process id and its start time, empty where there is none: ids are used again, start times are not.
process_into() {
  process_stat=
  { IFS= read -r process_stat <"/proc/$2/stat"; } 2>/dev/null
  # shellcheck disable=SC2086 # split on purpose; the name before the last ")" may hold blanks
  set -- "$1" "$2" ${process_stat##*) }
  eval "$1=\${22+\$2:\${22}}"
}

# recover ID STAGE: after a change was killed.
recover_detached() {
  need_id "${1-}"
  case ${2-} in
    '') ;;
    *) [ ! -d "$2" ] || { need_stage "$2"; exec >>"$2/out" 2>&1; } ;;
  esac
  [ -d "$records/$1/next" ] || return 0
  take_lock "$1" late
  open_record "$1"
  recover
}

# watchdog ID UNIT: the time is over, whatever that change is doing.
watchdog() {
  need_id "${1-}"
  case ${2-} in
    cluster-registry-*[!A-Za-z0-9._-]*) refuse "expected a unit of ours; found \"$2\"" ;;
    cluster-registry-*.service) ;;
    *) refuse "expected a unit of ours; found \"${2-}\"" ;;
  esac
  [ -d "$records/$1/next" ] || return 0
  # Its ExecStopPost recovers, and tells who waits; should that be dead as well, the lines below do.
  systemctl kill --signal=KILL "$2" 2>/dev/null
  read_head "$records/$1/next/payload"
  watchdog_until=$(($(uptime_seconds) + lock_seconds + 60 + head_wait))
  while [ "$(uptime_seconds)" -lt "$watchdog_until" ]; do
    unit_state "$2"
    case $unit_active in active | activating | deactivating) pause 0.2 ;; *) break ;; esac
  done
  [ -d "$records/$1/next" ] || return 0
  take_lock "$1" late
  open_record "$1"
  recover
}

# What processes that were killed left lying about. Whoever waits for the lock has a living front.
sweep() {
  for swept in "$home"/stage.*; do
    [ -d "$swept" ] && [ "$swept" != "${stage-}" ] || continue
    ! front_waits "$swept" || continue
    # Its front is gone; the change itself may still be waiting for its turn.
    [ -n "$(systemctl list-units --plain --no-legend "cluster-registry-*-${swept##*.}.service" 9>&-)" ] || rm -rf "$swept"
  done
  sweep_uploads
  for swept in "$home"/.helper.* "$home"/gone.*; do
    # This may be the text that runs.
    [ -e "$swept" ] && [ "$swept" != "$0" ] || continue
    find "$home" -maxdepth 1 \( -name '.helper.*' -o -name 'gone.*' \) -mmin +60 -exec rm -rf {} +
    break
  done
}

# Helpers that were on their way here when the guard's connection was cut: their names tell the process that fetched them.
sweep_uploads() {
  for upload in "$home"/.helper.*; do
    upload_process=${upload#"$home"/.helper.}
    upload_process=${upload_process%%.*}
    case $upload_process in '' | *[!0-9]*) continue ;; esac
    [ -d "/proc/$upload_process" ] || rm -f "$upload"
  done
}
