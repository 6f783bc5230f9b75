# A change of one record's files: all of it, or none. What it is about lies in a folder ($tx), so that it can be
# finished or reverted by another process when this one is killed:
#   step                how far it came; written anew at each step, never torn
#   kind                apply or undo
#   unit, wait          the daemon, and how long it may take
#   activate            none, reload or restart
#   wanted, unwanted    docker: registries that must and must not be insecure afterwards, and URLs of mirrors that it must
#                       and must not have
#   payload             the new record (apply)
#   own/, leave/        the new entries of $files, and the names of those that go
#   instead             records of this stack that this one takes the place of
#   files/N/            path, real, base, after, do (replace, create, remove, mode, nothing), new (the bytes),
#                       interim (bytes to run with for a moment), mode, owner, tmp, keep, folders

# Steps before the files are touched: begin, checked, staged, validated. After: replacing, replaced, activating, checking.
# When the new state is known to be good: healthy, recording.
mark() {
  { printf '%s\n' "$1" >"$tx/step.new" && mv -f "$tx/step.new" "$tx/step"; } 2>/dev/null ||
    abandon "cannot write the progress to $tx: is the disk full or read-only?"
}

# How far it came, in `stepped`.
step() {
  line_into stepped "$tx/step"
}

# open ID: names the record and its change.
open_record() {
  id=$1
  record=$records/$id
  tx=$record/next
}

# Gives up: puts back what was changed, and ends with an error.
abandon() {
  step
  case $stepped in
    replacing | replaced | activating | checking)
      complain "$@"
      put_back
      ;;
    healthy | recording)
      # Do not roll back a good change because it could not be recorded.
      complain "$@"
      complain "  The new files are in place and the daemon is healthy, but the record could not be written: run again to write it."
      ;;
    *)
      drop
      complain "$@"
      complain "  Nothing was changed on this host."
      ;;
  esac
  exit 1
}

# Forgets a change that has touched no file.
drop() {
  for drop_file in "$tx"/files/*/; do
    if [ -f "${drop_file}tmp" ]; then
      line_into drop_tmp "${drop_file}tmp"
      rm -f "$drop_tmp" "$drop_tmp.interim"
    fi
    drop_folders "${drop_file}folders"
  done
  stop_watchdog
  forget
}

# The folder goes in one step, and is emptied after that.
forget() {
  disarm_boot
  [ ! -e "$record/done" ] || rm -rf "$record/done"
  [ ! -d "$tx" ] || mv "$tx" "$record/done"
  rm -rf "$record/done"
}

# The file is ours to write, and there is room for it: tried out in a file beside it.
stage() {
  f=$1
  line_into path "$f/path"
  line_into real "$f/real"
  line_into do "$f/do"
  case $do in
    replace | remove)
      if is_mount_point "$real"; then
        fixed_file "$real"
        abandon "$path: $problem"
      fi
      if ! { true >>"$real"; } 2>"$tx/error"; then
        abandon "$path: cannot write the file: $(system_reason "$tx/error") (chattr +i? a read-only file system?)"
      fi
      ;;
    create) ;;
    *) return 0 ;;
  esac
  folder=${real%/*}
  missing_folders "$real" >"$f/folders"
  while IFS= read -r missing; do
    (umask 022 && mkdir "$missing") 2>"$tx/error" ||
      abandon "$path: cannot create the directory $missing: $(system_reason "$tx/error")"
  done <"$f/folders"
  tmp=$folder/.cluster-registry-$token-${f##*/}
  { printf '%s\n' "$tmp" >"$f/tmp" && printf '%s\n' "$tmp.old" >"$f/keep"; } || abandon "cannot write to $tx: is the disk full?"
  if [ "$do" = remove ]; then
    fill "$tmp" /dev/null
    rm -f "$tmp"
  else
    fill "$tmp" "$f/new"
  fi
  [ ! -f "$f/interim" ] || fill "$tmp.interim" "$f/interim"
}

# fill TMP BYTES: a new file with the bytes, and with mode, owner and attributes of the one that it will replace.
fill() {
  {
    set -C
    true >"$1"
    fill_code=$?
    set +C
  } 2>"$tx/error"
  [ $fill_code -eq 0 ] ||
    abandon "$path: cannot write to $folder: $(system_reason "$tx/error") (full? read-only? chattr +i?)"
  if [ -f "$real" ]; then
    cp -a "$real" "$1" 2>"$tx/error" || abandon "$path: cannot copy the file in $folder: $(system_reason "$tx/error")"
  fi
  if ! { cat "$2" >"$1"; } 2>"$tx/error" || ! cmp -s "$2" "$1"; then
    abandon "$path: cannot write the new text to $folder: $(system_reason "$tx/error")"
  fi
  if [ -f "$f/mode" ]; then line_into fill_mode "$f/mode" && chmod "$fill_mode" "$1" || abandon "$path: cannot set the mode of $1"; fi
  if [ -f "$f/owner" ]; then line_into fill_owner "$f/owner" && chown "$fill_owner" "$1" || abandon "$path: cannot set the owner of $1"; fi
  durable "$1"
}

# The daemon itself reads the new text, where it can without taking it.
validate() {
  f=$1
  line_into path "$f/path"
  ! is_whole "$path" || return 0
  line_into do "$f/do"
  case $do in
    replace | create) ;;
    *) return 0 ;;
  esac
  line_into tmp "$f/tmp"
  case $path in
    */daemon.json)
      command -v dockerd >/dev/null || return 0
      limited 20 dockerd --validate --config-file="$tmp" >"$tx/error" 2>&1 && return 0
      # dockerd before 23.0 cannot; its reload refuses a bad file as a whole.
      grep -q 'unknown flag: --validate' "$tx/error" && return 0
      ;;
    */hosts.toml) return 0 ;;
    *)
      command -v containerd >/dev/null || return 0
      # Imports are relative to the file's folder, so the new text is read from there, under another name.
      check=$tmp
      if [ "${path%/*}" != "${tmp%/*}" ]; then
        check=${path%/*}/.cluster-registry-$token-check
        ln -s "$tmp" "$check" || abandon "$path: cannot write in ${path%/*}"
      fi
      limited 20 containerd --config "$check" config dump >"$tx/dump" 2>"$tx/error"
      validate_code=$?
      [ $validate_code -ne 124 ] || printf 'no answer within 20 seconds\n' >"$tx/error"
      [ "$check" = "$tmp" ] || rm -f "$check"
      [ $validate_code -ne 0 ] || return 0
      ;;
  esac
  abandon "$path: the daemon cannot read the new text: $(tail -n 3 "$tx/error" | masked)"
}

# Puts the new file in place, or the interim one where there is one.
put() {
  f=$1
  line_into path "$f/path"
  line_into real "$f/real"
  line_into tmp "$f/tmp"
  line_into keep "$f/keep"
  line_into base "$f/base"
  if [ -f "$f/interim" ]; then
    replace "$tmp.interim" "$real" "$base" "$keep"
  else
    put_final
  fi
  case $? in
    0) [ ! -d "${real%/*}" ] || durable "${real%/*}" ;;
    3) abandon "$path was changed by someone else during this operation: check it, then run again" ;;
    *) abandon "$path: cannot replace the file (chattr +a? a mount?)" ;;
  esac
}

put_final() {
  line_into do "$f/do"
  line_into base "$f/base"
  case $do in
    replace) replace "$tmp" "$real" "$base" "$keep" ;;
    create) create "$tmp" "$real" ;;
    remove) remove "$real" "$base" "$keep" ;;
    mode)
      line_into put_mode "$f/mode"
      stat -c '%a %u:%g' "$real" >"$f/mode.was" && chmod "$put_mode" "$real" && chown 0:0 "$real"
      ;;
  esac
}

# put_back_file F: the very file that was there returns, with all its attributes; it needs no room on the disk. It is
# compare-and-swap like the way there: what somebody saves meanwhile stays.
put_back_file() {
  f=$1
  line_into path "$f/path"
  line_into real "$f/real"
  line_into tmp "$f/tmp"
  line_into keep "$f/keep"
  line_into base "$f/base"
  line_into do "$f/do"
  ours=$tmp.ours
  case $do in
    replace | create | remove) ;;
    mode)
      put_back_mode && return
      complain "  $path: cannot restore the mode and owner"
      return 1
      ;;
    *) return 0 ;;
  esac
  put_back_tries=0
  until put_back_once; do
    put_back_code=$? put_back_tries=$((put_back_tries + 1))
    # 3: they saved once more in between.
    if [ $put_back_code -ne 3 ] || [ $put_back_tries -ge 100 ]; then
      complain "  $path: cannot restore the old text: it is in ${old:-no remaining file}"
      return 1
    fi
  done
  [ "$put_back_saw" != other ] || complain "  $path was changed by someone else during this operation: their text is kept; check it."
  [ ! -d "${real%/*}" ] || durable "${real%/*}"
}

put_back_once() {
  state_into now "$real"
  old=
  standing_into put_back_saw "$f" "$now"
  case $put_back_saw in
    new) put_back_old ;;
    other) [ ! -f "$real" ] || leave_theirs "$real" ;;
  esac
}

# Mode and owner too, unless somebody has set others since.
put_back_mode() {
  [ -s "$f/mode.was" ] || return 0
  mode_ours=$(first_line "$f/mode")
  [ "$(stat -c '%a %u:%g' "$real")" = "${mode_ours#0} 0:0" ] || return 0
  read -r mode_was owner_was <"$f/mode.was"
  chown "$owner_was" "$real" && chmod "$mode_was" "$real"
}

put_back_old() {
  # Cut off right after an exchange, the old file still has the new one's name.
  for old in "$keep" "$tmp" "$tmp.interim"; do
    if [ -f "$old" ]; then
      sha_into old_sha "$old"
      [ "$old_sha" != "$base" ] || break
    fi
    old=
  done
  case $do:$now in
    create:*) remove "$real" "$now" "$ours" ;;
    *:absent) [ -n "$old" ] && create "$old" "$real" ;;
    *)
      # Someone wrote into the old file while it was being replaced: that is what returns.
      [ -n "$old" ] || [ ! -f "$keep" ] || old=$keep
      [ -n "$old" ] && replace "$old" "$real" "$now" "$ours"
      ;;
  esac
}

# leave_theirs FILE: their text is in place, without our lines if they are in it. $now is what is in place now.
leave_theirs() {
  if [ -f "$f/lines" ] && without strict "$tx/lost" '' "$f/lines" <"$1" >"$tx/theirs" 2>/dev/null; then
    cmp -s "$tx/theirs" "$real" && return 0
    rm -f "$tmp.theirs"
    cp -a "$1" "$tmp.theirs" && cat "$tx/theirs" >"$tmp.theirs" && replace "$tmp.theirs" "$real" "$now" "$tmp.theirs.old"
  elif [ "$1" != "$real" ]; then
    replace "$1" "$real" "$now" "$tmp.theirs.old"
  fi
  # Where there is no room to take our lines out, it stays as it is.
  [ $? -ne 3 ] || return 3
}

# A program that had a file of ours open may have written into it after it was taken away; and who was cut off between an
# exchange and the look at what came out left somebody's text under a name of ours. It is put in place, unless they have
# saved once more since.
put_back_strays() {
  f=$1
  [ -f "$f/tmp" ] || return 0
  line_into path "$f/path"
  line_into real "$f/real"
  line_into tmp "$f/tmp"
  line_into keep "$f/keep"
  for stray in "$tmp" "$tmp.interim" "$tmp.ours" "$keep"; do
    [ -f "$stray" ] || continue
    sha_into stray_sha "$stray"
    standing_into stray_saw "$f" "$stray_sha"
    [ "$stray_saw" = other ] || continue
    state_into now "$real"
    standing_into stray_saw "$f" "$now"
    [ "$stray_saw" = old ] || continue
    complain "  $path was changed by someone else during this operation: their text is kept; check it."
    if [ "$now" = absent ]; then create "$stray" "$real"; else leave_theirs "$stray"; fi
  done
}

# Everything as it was before, the daemon too.
put_back() {
  put_back_failed=
  for put_back_each in $(ls "$tx/files" | sort -rn); do
    put_back_file "$tx/files/$put_back_each" || put_back_failed=1
  done
  if [ -n "$put_back_failed" ]; then
    complain "  Repair this host by hand: see above. The change remains recorded in $tx."
    exit 1
  fi
  put_back_daemon
  put_back_code=$?
  for put_back_each in "$tx"/files/*/; do put_back_strays "${put_back_each%/}"; done
  stop_watchdog
  finish_files
  for put_back_each in "$tx"/files/*/; do drop_folders "${put_back_each}folders"; done
  forget
  [ $put_back_code -eq 0 ] || exit 1
}

put_back_daemon() {
  if is_timer_change; then
    put_back_timer
    return
  fi
  line_into activation "$tx/activate"
  line_into unit "$tx/unit"
  if [ "$activation" = none ] || ! daemon_may_have_taken_it; then
    complain "  Rolled back: the old files are in place."
    return 0
  fi
  line_into seconds "$tx/wait"
  line_into was "$tx/was"
  since=$(journal_end)
  unit_state "$unit"
  step
  case $stepped:$was in
    activating:inactive | activating:failed | checking:inactive | checking:failed)
      # It was this change that started it.
      limited "$seconds" systemctl stop "$unit" 2>/dev/null
      [ "$was" = failed ] || systemctl reset-failed "$unit" 2>/dev/null 9>&-
      unit_state "$unit"
      case $unit_active in
        inactive | failed)
          complain "  Rolled back: the old files are in place, and ${unit%.service} is stopped, as before."
          return 0
          ;;
      esac
      complain "  The old files are in place, but ${unit%.service}, which was stopped before, is $unit_active ($unit_sub)"
      return 1
      ;;
  esac
  # An entry that was not there before does not go away by a reload, so nothing is asked of the list.
  wanted=
  unwanted=
  if [ "$activation" = reload ] && [ "$unit_active" = active ]; then
    reload "$unit" "$seconds"
  else
    restart "$unit" "$seconds"
  fi || {
    complain "  The old files are in place, but: $problem"
    [ "$(first_line "$tx/well")" = yes ] || complain "  It was not healthy before this change either."
    last_words "$unit" "$since" >&2
    return 1
  }
  complain "  Rolled back: the old files are in place, and ${unit%.service} is healthy."
}

# Did the daemon read the new files? Certainly from `activating` on; else only if it was started by someone meanwhile. No
# clock is asked: one that is wrong, or set in between, must not leave a daemon with files that are gone.
daemon_may_have_taken_it() {
  line_into unit "$tx/unit"
  if [ "${verb-}" = settle ]; then
    # In this boot it has not read any file yet, unless it runs already.
    unit_state "$unit"
    [ "$unit_active" = active ]
    return
  fi
  step
  case $stepped in activating | checking) return 0 ;; esac
  unit_state "$unit"
  line_into taken_invocation "$tx/invocation"
  [ "$unit_invocation" != "$taken_invocation" ]
}

# Removes the helpers of a change that is over: the old files and what was never used.
finish_files() {
  for finish_file in "$tx"/files/*/; do
    [ -f "${finish_file}tmp" ] || continue
    line_into finish_tmp "${finish_file}tmp"
    rm -f "$finish_tmp" "$finish_tmp.interim" "$finish_tmp.old" "$finish_tmp.ours" "$finish_tmp.theirs" "$finish_tmp.theirs.old"
  done
}

# The host puts itself back if nobody says within the time that all is well: also when this process is stopped dead.
arm_watchdog() {
  watchdog=cluster-registry-watchdog-$id-$token
  printf '%s\n' "$watchdog" >"$tx/watchdog" || abandon "cannot write to $tx: is the disk full?"
  systemd-run --quiet --collect --unit="$watchdog" --on-active="$1" --timer-property=AccuracySec=100ms \
    /bin/sh "$home/helper" watchdog "$id" "$own_unit" 2>"$tx/error" 9>&- ||
    abandon "cannot start the watchdog with systemd-run: $(tail -n 1 "$tx/error")"
}

# Its service too: it may be waiting for the end that it brought about, which is here.
stop_watchdog() {
  line_into stopped "$tx/watchdog"
  [ -n "$stopped" ] || return 0
  if [ "$verb" = watchdog ]; then set -- "$stopped.timer"; else set -- "$stopped.timer" "$stopped.service"; fi
  systemctl stop "$@" 2>/dev/null 9>&-
}

# The new record, written last. Safe to be cut off and done again at any point.
commit() {
  # On a full disk the step stays at `healthy`, which says the same to whoever comes after.
  { printf 'recording\n' >"$tx/step.new" && mv -f "$tx/step.new" "$tx/step"; } 2>/dev/null
  # Not after the record: what was good is not to be reverted while it is written.
  stop_watchdog
  # First, since a folder of ours goes only once nothing is left in it.
  finish_files
  line_into kind "$tx/kind"
  case $kind in
    apply)
      # A change of the former format that was cut off has its undo here.
      { [ ! -d "$tx/undo" ] || { rm -rf "$record/undo" && mv "$tx/undo" "$record/undo"; }; } &&
        commit_entries && take_places &&
        { [ ! -s "$tx/running" ] || mv -f "$tx/running" "$record/running"; } &&
        { [ ! -f "$tx/payload" ] || mv -f "$tx/payload" "$record/payload"; } ||
        abandon "cannot write the record to $record: is the disk full or read-only?"
      durable "$record" "$record/payload"
      keep_dump
      forget
      ;;
    undo)
      disarm_boot
      commit_entries || abandon "cannot write to $files: is the disk full or read-only?"
      forget_record
      ;;
  esac
}

commit_entries() {
  [ -d "$tx/own" ] || return 0
  for commit_entry in "$tx"/own/* "$tx"/leave/*; do
    [ -d "$commit_entry" ] || continue
    [ ! -e "$files/${commit_entry##*/}" ] || rm -rf "$files/${commit_entry##*/}"
    case $commit_entry in */own/*) { [ -d "$files" ] || mkdir -p "$files"; } && mv "$commit_entry" "$files/" || return 1 ;; esac
  done
  # Folders that an undo makes were somebody else's, and stay.
  if [ "$kind" != undo ]; then
    for commit_made in "$tx"/files/*/folders; do
      [ ! -s "$commit_made" ] || cat "$commit_made" >>"$home/folders" 2>/dev/null
    done
  fi
  sweep_folders
  [ ! -d "$files" ] || durable "$files"
}

# Of the folders that we made, those that hold nothing any more go; deepest first, since one lies in another.
sweep_folders() {
  [ -s "$home/folders" ] || return 0
  sort -ru "$home/folders" | while IFS= read -r swept_folder; do
    rmdir "$swept_folder" 2>/dev/null
    [ ! -d "$swept_folder" ] || printf '%s\n' "$swept_folder"
  done >"$home/folders.new" && mv -f "$home/folders.new" "$home/folders"
}

# Other records of this stack for the same daemon are of a node that had this host before: the copy of the first day is theirs.
take_places() {
  while IFS= read -r taken; do
    if [ -d "$records/$taken/first" ]; then rm -rf "$record/first" && mv "$records/$taken/first" "$record/first"; fi &&
      if [ -f "$records/$taken/running" ]; then mv -f "$records/$taken/running" "$record/running"; fi &&
      rm -rf "${records:?}/$taken" || return 1
  done <"$tx/instead"
}

# What containerd makes of the new file is known by now; a look at the host need not ask it again (it takes longer than all
# the rest of the look) as long as neither the file nor the program has changed. Worth nothing more than that time.
keep_dump() {
  for kept_file in "$record/seen" "$record/seen.new"; do [ ! -e "$kept_file" ] || rm -rf "$kept_file"; done
  line_into unit "$tx/unit"
  [ "$unit" = containerd.service ] && [ -s "$tx/dump" ] || return 0
  [ -n "${config_known-}" ] || containerd_config
  for kept_file in "$tx"/files/*/; do
    line_into kept_path "${kept_file}path"
    [ "$kept_path" = "$config_file" ] || continue
    kept_identity=$(containerd_identity "$(command -v containerd)" "$kept_path")
    [ -n "$kept_identity" ] || return 0
    # The new text was read under another name; the dump has that name in it.
    mkdir "$record/seen.new" &&
      printf '%s\n' "$kept_identity" >"$record/seen.new/identity" &&
      containerd --version >"$record/seen.new/version" 9>&- &&
      sed 's#/[^"]*/\.cluster-registry-[^"]*#'"$kept_path#" "$tx/dump" >"$record/seen.new/dump" &&
      mv "$record/seen.new" "$record/seen"
  done 2>/dev/null
  return 0
}

# The record goes; with the last one everything of ours does.
forget_record() {
  gone=$home/gone.$id
  [ ! -e "$gone" ] || rm -rf "$gone"
  mv "$record" "$gone"
  rm -rf "$gone"
  leave_home
}

leave_home() {
  [ -f "$home/installed-by-guard" ] || return 0
  rmdir "$records" 2>/dev/null || return 0
  sweep_uploads
  rm -rf "$files" "$home/folders" "$home/helper" "$home/installed-by-guard" "$home/lock" "$home"/gone.*
  rmdir "$home" 2>/dev/null
  return 0
}

# What an earlier change of this record was cut off in: finished if it was known to be good, else reverted.
recover() {
  [ ! -e "$record/done" ] || rm -rf "$record/done"
  [ -d "$tx" ] || return 0
  step
  recover_step=$stepped
  case $recover_step in
    healthy | recording)
      say "The last change was interrupted at \"$recover_step\", after its health check passed: finishing it now."
      commit
      ;;
    # An older helper had a step `armed`.
    replacing | replaced | armed | activating | checking)
      say "The last change was interrupted at \"$recover_step\": rolling it back now."
      put_back
      ;;
    *)
      drop
      ;;
  esac
}

# Carries a prepared change through: `begin` was marked, all of $tx but the steps is there.
carry_out() {
  mark checked
  for each in "$tx"/files/*/; do stage "${each%/}"; done
  mark staged
  for each in "$tx"/files/*/; do validate "${each%/}"; done
  mark validated
  line_into unit "$tx/unit"
  line_into activation "$tx/activate"
  line_into seconds "$tx/wait"
  since=$(journal_end)
  # From here on the files in $tx are what a revert lives on.
  set -- "$tx"
  # Its deepest files are own/KEY/others/N/NAME.
  for synced in "$tx"/* "$tx"/*/* "$tx"/*/*/* "$tx"/*/*/*/* "$tx"/*/*/*/*/*; do
    [ ! -f "$synced" ] || set -- "$@" "$synced"
  done
  durable "$@"
  arm_boot
  mark replacing
  durable "$tx/step" "$tx"
  ! is_timer_change || quiet_timer
  for each in "$tx"/files/*/; do put "${each%/}"; done
  mark replaced
  ! is_timer_change || switch_timer || abandon "$problem"
  if [ "$activation" != none ]; then
    mark activating
    wanted='' unwanted='' problem=''
    [ ! -s "$tx/wanted" ] || wanted=$(cat "$tx/wanted")
    [ ! -s "$tx/unwanted" ] || unwanted=$(cat "$tx/unwanted")
    # A restart asks for itself.
    [ "$activation" != reload ] || unit_state "$unit"
    if [ "$activation" = reload ] && [ "$unit_active" = active ] && [ "$unit_reload" = yes ]; then
      reload "$unit" "$seconds"
    else
      restart "$unit" "$seconds"
    fi || not_well
    mark checking
    for each in "$tx"/files/*/; do settle "${each%/}"; done
    if [ -s "$tx/reach" ]; then
      read -r reach_address reach_port <"$tx/reach"
      answers "$reach_address" "$reach_port" || not_well
    fi
    # The start that was found to be well.
    printf '%s\n' "$unit_invocation" >"$tx/running" || abandon "cannot write to $tx: is the disk full?"
  fi
  for each in "$tx"/files/*/; do need_unwritten "${each%/}"; done
  mark healthy
  durable "$tx/step" "$tx"
  commit
}

not_well() {
  way_out=
  line_into kind "$tx/kind"
  if [ "$kind" = undo ]; then
    line_into well "$tx/well"
    if [ "$well" != yes ]; then
      complain "${unit%.service} was not healthy before and is not healthy now: $problem"
      return 0
    fi
    if [ -f "$stage/anyway" ]; then
      complain "${unit%.service} is not healthy with the original files, which are in place: $problem"
      return 0
    fi
    way_out="
  To restore the original files anyway, run on this host: sudo sh $helper undo $id anyway"
  fi
  words=$(last_words "$unit" "$since")
  abandon "${unit%.service} is not healthy with the new files: $problem
$words$way_out"
}

# The bytes that were meant take the place of the interim ones; the daemon has nothing more to take from them.
settle() {
  [ -f "$1/interim" ] || return 0
  settle_tmp=$(first_line "$1/tmp")
  settle_real=$(first_line "$1/real")
  if [ "$(first_line "$1/after")" = absent ]; then
    remove "$settle_real" "$(sha "$1/interim")" "$settle_tmp.interim"
  else
    replace "$settle_tmp" "$settle_real" "$(sha "$1/interim")" "$settle_tmp.interim"
  fi || abandon "$(first_line "$1/path") was changed by someone else during this operation: check it, then run again"
  durable "${settle_real%/*}"
}

# A program that had the old file open may have written into it after it was replaced: that text is not thrown away.
need_unwritten() {
  line_into unwritten_keep "$1/keep"
  [ -f "$unwritten_keep" ] || return 0
  sha_into unwritten_sha "$unwritten_keep"
  line_into unwritten_base "$1/base"
  [ "$unwritten_sha" = "$unwritten_base" ] ||
    abandon "$(first_line "$1/path") was written by another program during this operation: check it, then run again"
}
