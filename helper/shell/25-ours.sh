# What of a file is ours. A managed file belongs to nobody: several resources, of several stacks, claim what is in it.
# $files/KEY/ (KEY is the path) holds what is known of it:
#   path, after         its name, and the checksum as we last wrote it
#   claims              the ids of those who claim it, first claimant first
#   text, mode, owner   all of it as we last wrote it, for the day when somebody deletes it
#   others/N/           what it would be if only the claimants in `for` were there: `bytes` (none: no file), and `hunks`
#                       from there to `text`. others/0 is for nobody: that is what the last undo leaves. `edited` has hunks
#                       that somebody has edited since they were written: what stands there now is in `bytes`.
# $home/folders lists the folders that we made.
files=$home/files

# The files of the registry's page and of its timer, which are ours as a whole: nobody's lines are kept in them.
page_folder=/var/lib/cluster-registry-ui
gc_folder=/var/lib/cluster-registry-gc
gc_unit=/etc/systemd/system/cluster-registry-gc

is_whole() {
  case $1 in "$page_folder"/* | "$gc_folder"/* | "$gc_unit".service | "$gc_unit".timer) ;; *) return 1 ;; esac
}

# key PATH: the path as the name of one folder, also in `key_name`.
key() {
  key_rest=$1 key_name=
  while :; do
    case $key_rest in
      *[%/]*) ;;
      *) break ;;
    esac
    key_head=${key_rest%%[%/]*}
    key_rest=${key_rest#"$key_head"}
    case $key_rest in
      %*) key_name=$key_name$key_head%25 ;;
      *) key_name=$key_name$key_head%2F ;;
    esac
    key_rest=${key_rest#?}
  done
  key_name=$key_name$key_rest
  printf '%s' "$key_name"
}

# The path that is really written: after symbolic links, of the file or of the folder it shall be in.
real_path() {
  if [ -e "$1" ]; then
    readlink -f "$1"
  elif [ -d "${1%/*}" ]; then
    printf '%s/%s\n' "$(readlink -f "${1%/*}")" "${1##*/}"
  else
    printf '%s\n' "$1"
  fi
}

# entry_of PATH: the folder of a managed file, empty for another one. A change that was cut off when it was good counts.
entry_of() {
  entry_into entry_found "$1"
  printf '%s' "$entry_found"
}

entry_into() {
  key "$2" >/dev/null
  for entry_at in "$records"/*/next/own/"$key_name" "$files/$key_name"; do
    [ -d "$entry_at" ] || continue
    case $entry_at in
      */next/own/*)
        line_into entry_step "${entry_at%/own/*}/step"
        case $entry_step in healthy | recording) ;; *) continue ;; esac
        ;;
    esac
    eval "$1=\$entry_at"
    return
  done
  eval "$1="
}

# as_if ALTERNATIVE FILE [MODE LOST]: the text that FILE would be if only those were there that the alternative (others/N of
# its entry) is for. 4: there would be no file. Somebody else's edits since are in it. MODE (lenient) and LOST: as `without`.
# The checksum of `summed_file` is known, in `summed`.
as_if() {
  [ -f "$2" ] || return 4
  line_into as_if_path "${1%/others/*}/path"
  if is_whole "$as_if_path"; then
    [ -f "$1/bytes" ] || return 4
    cat "$1/bytes"
    return
  fi
  as_if_edited=$1/edited
  [ -f "$as_if_edited" ] || as_if_edited=/dev/null
  line_into as_if_after "${1%/others/*}/after"
  as_if_now=${summed-}
  [ "$2" = "${summed_file-}" ] || sha_into as_if_now "$2"
  if [ "$as_if_now" = "$as_if_after" ]; then
    [ -f "$1/bytes" ] || return 4
    if [ -s "$as_if_edited" ]; then
      without "${3-lenient}" "${4-/dev/null}" "$(gone_claims "$1")" "$as_if_edited" <"$1/bytes"
    else
      cat "$1/bytes"
    fi
  else
    # A file that we made, with nothing in it but our lines.
    { [ -f "$1/bytes" ] && [ ! -s "$as_if_edited" ]; } ||
      without lenient /dev/null '' "$as_if_edited" "$1/hunks" <"$2" | grep -q '[^[:space:]]' || return 4
    without "${3-lenient}" "${4-/dev/null}" "$(gone_claims "$1")" "$as_if_edited" "$1/hunks" <"$2"
  fi
}

# gone_claims ALTERNATIVE: of $claims, those that were not there before: where one is gone, a person has seen to it.
gone_claims() {
  for gone_claim in ${claims-}; do
    if ! grep -qF -e "$gone_claim" "$1/bytes" 2>/dev/null || grep -qF -e "$gone_claim" "$1/edited" 2>/dev/null; then
      printf '%s ' "$gone_claim"
    fi
  done
}

# What a payload says of itself before its first file, in head_*: numbers of seconds, and the claims, each with its newline.
read_head() {
  head_daemon='' head_revision='' head_claims='' head_wait=60 head_watchdog=180
  [ -f "$1" ] || return 0
  while IFS= read -r head_line; do
    head_value=${head_line#* }
    case $head_line in
      'file '*) break ;;
      'daemon '*) head_daemon=$head_value ;;
      'revision '*) head_revision=$head_value ;;
      'claim '*) head_claims=$head_claims$head_value$newline ;;
      'wait '[!1-9]* | 'wait '*[!0-9]* | 'watchdog '[!1-9]* | 'watchdog '*[!0-9]*) ;;
      'wait '?*) head_wait=$head_value ;;
      'watchdog '?*) head_watchdog=$head_value ;;
    esac
  done <"$1"
}

# What is claimed on this host, whoever claims it.
all_claims() {
  for claiming in "$records"/*/payload; do
    read_head "$claiming"
    printf '%s' "$head_claims"
  done
}

# without_us PATH FILE: the text of the file at PATH (which is in FILE by now) with nothing of anybody's in it. 4: no file.
without_us() {
  entry_into us "$1"
  if [ -n "$us" ]; then
    as_if "$us/others/0" "$2"
  else
    set -- "$1" "$2" "$records"/*/undo
    if [ -d "$3" ]; then
      # shellcheck disable=SC2046 # folders without blanks
      former_text "$2" $(former_of "$1")
    else
      former_text "$2"
    fi
  fi
}

# Records of the former format keep what they wrote for themselves, in records/ID/undo/N/: path, after, hunks, bytes, folders.
# former_of PATH: these folders of all records.
former_of() {
  for former in "$records"/*/undo/*/; do
    [ "$(first_line "${former}path")" != "$1" ] || printf '%s\n' "${former%/}"
  done
}

# former_text FILE UNDO...: as without_us. Who wrote last goes first: another's lines may stand on those of one before.
former_text() {
  [ -f "$1" ] || return 4
  if [ $# -eq 1 ]; then
    cat "$1"
    return
  fi
  former_now=$(sha "$1")
  former_made=no
  former_taken=$(cat "$1" && printf .)
  shift
  while [ $# -gt 0 ]; do
    former_tries=$#
    while [ "$former_tries" -gt 0 ]; do
      former_next=$1
      shift
      if former_without "$former_next" exact; then break; fi
      set -- "$@" "$former_next"
      former_tries=$((former_tries - 1))
    done
    [ "$former_tries" -gt 0 ] || {
      former_without "$1" lenient
      former_next=$1
      shift
    }
    [ -f "$former_next/bytes" ] || former_made=yes
  done
  [ $former_made = no ] || printf '%s' "${former_taken%.}" | grep -q '[^[:space:]]' || return 4
  printf '%s' "${former_taken%.}"
}

# former_without UNDO exact|lenient: takes what the record wrote out of $former_taken, if it can.
former_without() {
  former_rest=$(
    if [ "$former_now" = "$(first_line "$1/after")" ]; then
      [ ! -f "$1/bytes" ] || cat "$1/bytes"
    else
      printf '%s' "${former_taken%.}" | without "$2" /dev/null '' "$1/hunks"
    fi && printf .
  )
  case $former_rest in *.) former_taken=$former_rest ;; *) return 1 ;; esac
  former_now=$(printf '%s' "${former_taken%.}" | sha256sum)
  former_now=${former_now%% *}
}

# note_entry ENTRY FILE: what follows from an entry's `text` and `bytes`, but for hunks that are there, and from the file that has (or will have) its mode.
note_entry() {
  sha "$1/text" >"$1/after" || return 1
  note_stat='644 0:0'
  if [ -f "$2" ]; then note_stat=$(stat -c '%a %u:%g' "$2") || return 1; fi
  printf '%s\n' "${note_stat% *}" >"$1/mode" && printf '%s\n' "${note_stat#* }" >"$1/owner" || return 1
  for note_other in "$1"/others/*; do
    [ ! -f "$note_other/bytes" ] || set -- "$1" "$note_other/bytes"
    [ -f "$note_other/bytes" ] || set -- "$1" /dev/null
    [ -f "$note_other/hunks" ] || hunks "$2" "$1/text" >"$note_other/hunks" || return 1
  done
}
