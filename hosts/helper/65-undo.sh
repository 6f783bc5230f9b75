# undo ID: this host as it would be if this record had never been.
undo() {
  need_root
  need_id "${1-}"
  if [ ! -d "$records/$1" ]; then
    say "Nothing to undo."
    return 0
  fi
  need_tools
  need_home
  new_stage
  detach undo "$1"
  undo_code=$?
  # With the last record everything went but what this very undo stood on.
  if [ ! -d "$records" ]; then
    rm -f "$home/lock"
    rmdir "$home" 2>/dev/null
  fi
  return $undo_code
}

undo_now() {
  if [ ! -d "$record/undo" ]; then
    forget_record
    say "Nothing to undo."
    return 0
  fi
  claimant=$(other_claimant)
  if [ -n "$claimant" ]; then
    hand_over "$records/$claimant"
    forget_record
    say "Left as it is: $claimant has a claim to the same; it restores what was before when it goes."
    return 0
  fi
  begin undo "$record/payload"
  plan_all
  if [ -n "$refused" ]; then
    drop
    refuse "$refused
  Nothing was changed on this host."
  fi
  printf '%s\n' "$activate" >"$tx/activate"
  if [ "$activate" != none ]; then note_daemon; fi
  carry_out
  say "${result:-Nothing of ours was left in the files.}"
}

# What becomes of each file, and of the daemon; `refused` says what cannot be done.
plan_all() {
  read_record
  refused=
  work=
  number=0
  for earlier in "$record"/undo/*/; do plan_undo "${earlier%/}"; done
}

# The daemon and the names that the last apply was about.
read_record() {
  daemon=docker unit='' seconds=60 names='' claims=''
  while IFS= read -r line; do
    rest=${line#* }
    case $line in
      'daemon '*) daemon=$rest ;;
      'wait '*) seconds=$rest ;;
      'claim '*) claims="$claims $rest" ;;
      'insecure '*)
        names="$names$rest
"
        ;;
      'file '*) break ;;
    esac
  done <"$record/payload"
  unit=$daemon.service
  printf '%s\n' "$unit" >"$tx/unit"
  printf '%s\n' "$seconds" >"$tx/wait" || abandon "expected room in $tx; found none: is the disk full?"
  unit_state "$unit"
  running=no
  if [ "$unit_load" = loaded ] && [ "$unit_active" = active ]; then running=yes; fi
}

# Another record of the same daemon with one of our claims.
other_claimant() {
  sed -n '/^file /q; /^claim /p; /^daemon /p' "$record/payload" >"$record/claims"
  grep -q '^claim ' "$record/claims" || return 0
  for other in "$records"/*/; do
    other=${other%/}
    [ "$other" != "$record" ] && [ -f "$other/payload" ] || continue
    grep -qxF -e "$(grep '^daemon ' "$record/claims")" "$other/payload" || continue
    if grep '^claim ' "$record/claims" | grep -qxF -f - "$other/payload"; then
      printf '%s\n' "${other##*/}"
      return 0
    fi
  done
}

# hand_over OTHER: what we would have restored, the other record restores in its time.
hand_over() {
  for mine in "$record"/undo/*/; do
    mine=${mine%/}
    theirs=$(undo_of "$1" "$(first_line "$mine/path")")
    [ -n "$theirs" ] && [ -f "$theirs/bytes" ] && [ -s "$mine/hunks" ] || continue
    without "$mine/hunks" "$theirs/bytes" lenient /dev/null >"$theirs/bytes.new" &&
      cat "$theirs/hunks" "$mine/hunks" >"$theirs/hunks.new" || refuse "expected room in $theirs; found none: is the disk full?"
    if [ ! -f "$mine/bytes" ] && ! grep -q '[^[:space:]]' "$theirs/bytes.new"; then
      cp "$mine/folders" "$theirs/folders"
      rm -f "$theirs/bytes.new" "$theirs/bytes"
    else
      mv -f "$theirs/bytes.new" "$theirs/bytes"
    fi
    mv -f "$theirs/hunks.new" "$theirs/hunks"
  done
}

# What shall become of one file.
plan_undo() {
  number=$((number + 1))
  f=$tx/files/$number
  mkdir "$f" || abandon "expected room in $tx; found none: is the disk full?"
  path=$(first_line "$1/path")
  real=$(real_path "$path")
  now=$(state_of "$real")
  printf '%s\n' "$path" >"$f/path"
  printf '%s\n' "$real" >"$f/real"
  printf '%s\n' "$now" >"$f/base"
  cp "$1/folders" "$f/made"
  if [ "$now" = "$(first_line "$1/after")" ]; then
    as_it_was "$1"
  elif [ "$now" = absent ]; then
    plan nothing absent
  elif [ "$now" = other ]; then
    refused="$refused$path: expected a plain file; found something else
"
  else
    without_ours "$1"
  fi
}

# plan DO AFTER
plan() {
  { printf '%s\n' "$1" >"$f/do" && printf '%s\n' "$2" >"$f/after"; } || abandon "expected room in $tx; found none: is the disk full?"
  case $1 in
    nothing) return 0 ;;
    remove) result="$result$path: removed. " ;;
    mode) result="$result$path: mode and owner put back. " ;;
    create) result="$result$path: put back. " ;;
    *) result="$result$path: our lines taken out. " ;;
  esac
  case $path in
    */hosts.toml) return 0 ;;
  esac
  [ "$running" = yes ] && [ "$1" != mode ] || return 0
  case $unit in
    docker.service) plan_reload ;;
    *) activate=restart ;;
  esac
}

# The file is as we left it: what was there before returns, byte for byte.
as_it_was() {
  if [ ! -f "$1/bytes" ]; then
    if [ "$now" = absent ]; then plan nothing absent; else plan remove absent; fi
    return 0
  fi
  cp "$1/bytes" "$f/new" || abandon "expected room in $tx; found none: is the disk full?"
  after=$(sha "$f/new")
  if [ "$now" = absent ]; then
    cp "$1/mode" "$1/owner" "$f/"
    plan create "$after"
  elif [ "$after" != "$now" ]; then
    cp "$1/mode" "$1/owner" "$f/"
    plan replace "$after"
  else
    plan nothing "$after"
  fi
}

# Someone edited it since: only our lines go.
without_ours() {
  : >"$tx/lost"
  if ! without "$1/hunks" "$real" strict "$tx/lost" "$claims" >"$f/new"; then
    refused="$refused$path: expected our lines as they were written; found the file edited where they were. By hand:
$(masked <"$tx/lost")
then run again
"
    return 0
  fi
  after=$(sha "$f/new")
  if [ "$after" = "$now" ]; then
    plan nothing "$after"
  elif [ ! -f "$1/bytes" ] && ! grep -q '[^[:space:]]' "$f/new"; then
    plan remove absent
  else
    plan replace "$after"
  fi
}

# dockerd keeps the insecure registries it has when a file without the key is reloaded; an empty list clears them. So it
# gets one for a moment.
plan_reload() {
  [ "$activate" = restart ] || activate=reload
  final=$f/new
  [ "$(first_line "$f/after")" != absent ] || final=/dev/null
  printf '%s' "$names" | while IFS= read -r name; do
    grep -qF -e "$name" "$final" || printf '%s\n' "$name"
  done >"$tx/unwanted"
  grep -q '"insecure-registries"' "$final" && return 0
  awk '
    { text = text $0 "\n" }
    END {
      brace = index(text, "{")
      if (brace == 0) { print "{\"insecure-registries\": []}"; exit }
      rest = substr(text, brace + 1)
      printf "%s\"insecure-registries\": []%s%s", substr(text, 1, brace), (rest ~ /^[[:space:]]*}/ ? "" : ","), rest
    }' "$final" >"$f/interim" || abandon "expected room in $tx; found none: is the disk full?"
}
