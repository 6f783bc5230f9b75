# undo ID [anyway]: this host as it would be if this record had never been; anyway: also where the daemon is not well with that.
undo() {
  need_root
  need_id "${1-}"
  case ${2-} in
    '' | anyway) ;;
    *) refuse "expected nothing more, or anyway; found \"$2\"" ;;
  esac
  if [ ! -d "$records/$1" ]; then
    say "Nothing to undo."
    return 0
  fi
  need_tools
  need_home
  new_stage
  [ -z "${2-}" ] || : >"$stage/anyway"
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
  if [ ! -f "$record/payload" ]; then
    forget_record
    say "Nothing to undo."
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
  result=$said$result
  if [ "$activate" != none ]; then note_daemon; fi
  result=${result:-$(nothing_done)}
  carry_out
  say "$result"
}

nothing_done() {
  others=$(cat "$tx"/files/*/claims 2>/dev/null | sort -u | tr '\n' ' ')
  if [ -n "$others" ]; then say "Left as it is: ${others}requires the same."; else say "Nothing of ours was left in the files."; fi
}

# What becomes of each file, and of the daemon; `refused` says what cannot be done, `said` what a person should know.
plan_all() {
  read_record
  refused=
  said=
  result=
  number=0
  for entry in "$files"/*/; do
    if claimed_by_us "${entry}claims"; then plan_undo "${entry%/}"; fi
  done
  # Where all was there before us already there is no file.
  for each in "$tx"/files/*/; do [ ! -d "$each" ] || spare_config_path "${each%/}"; done
  [ -z "$refused" ] || return 0
  for each in "$tx"/files/*/; do [ ! -d "$each" ] || settle_undo "${each%/}"; done
}

# Is this record among the claimants of a file? The others are in `remaining`.
claimed_by_us() {
  remaining='' claimed=1
  [ -f "$1" ] || return 1
  while IFS= read -r claimant; do
    if [ "$claimant" = "$id" ]; then claimed=0; else remaining=$remaining$claimant$newline; fi
  done <"$1"
  return $claimed
}

# The daemon and the names that the last apply was about.
read_record() {
  read_head "$record/payload"
  daemon=$head_daemon own_claims=$head_claims others_claims=$newline
  unit_of "$daemon"
  printf '%s\n' "$unit" >"$tx/unit"
  printf '%s\n' "$head_wait" >"$tx/wait" || no_room
  # Of what this record claims, what nobody else does in the same files.
  for other in "$records"/*/payload; do
    [ "$other" != "$record/payload" ] || continue
    read_head "$other"
    [ "$head_daemon" != "$daemon" ] || others_claims=$others_claims$head_claims
  done
  names=
  while [ -n "$own_claims" ]; do
    name=${own_claims%%"$newline"*}
    own_claims=${own_claims#*"$newline"}
    case $others_claims in *"$newline$name$newline"*) ;; *) names=$names${names:+$newline}$name ;; esac
  done
  claims=$names
  unit_state "$unit"
  running=no
  if [ "$unit_load" = loaded ] && [ "$unit_active" = active ]; then running=yes; fi
}

# What shall become of one file: what it would be if only the other claimants were there.
plan_undo() {
  number=$((number + 1))
  f=$tx/files/$number
  line_into path "$1/path"
  real=$(real_path "$path")
  state_into now "$real"
  mkdir -p "$f/others/0" && printf '%s\n' "$path" >"$f/path" && printf '%s\n' "$real" >"$f/real" && printf '%s\n' "$now" >"$f/base" &&
    : >"$f/others/0/for" && printf '%s' "$remaining" >"$f/claims" || no_room
  # Of a file that somebody has deleted, what is known is the text that was there.
  live=$real
  if [ "$now" = absent ] && [ -f "$1/others/0/bytes" ]; then live=$1/text; fi
  if [ "$live" = "$real" ]; then summed_file=$real summed=$now; fi
  target=
  for other in "$1"/others/*; do
    if [ -z "$remaining" ]; then
      [ -s "$other/for" ] || target=$other
    elif cmp -s "$other/for" "$f/claims"; then
      target=$other
    fi
  done
  : >"$tx/lost"
  if [ "$now" = other ]; then
    refused="$refused$path: expected a plain file; found something else
"
  elif [ -z "$target" ]; then
    refused="$refused$path: expected a plan of what it is for $(tr '\n' ' ' <"$f/claims")alone; found none: run \`up\` of that stack first, which plans it or says what it lacks; or destroy that stack first
"
  elif [ ! -s "$target/edited" ] && { same_file "$real" "$target/bytes" || { [ -n "$remaining" ] && same_file "$real" "$1/others/0/bytes"; }; }; then
    # A person has put it back.
    [ "$now" = absent ] || cat "$real" >"$f/new" || no_room
  else
    # If others claim all names of this record, none is left to look for. A file without anybody's name is one that a person
    # has put back. Then the record's own id, which no file has, stands for the names.
    claims=$names
    [ -n "$names" ] || ! nobody_named "$live" || claims=$id
    strictly=strict
    if [ "$now" = absent ] || [ -f "${stage-}/anyway" ]; then strictly=lenient; fi
    as_if "$target" "$live" $strictly "$tx/lost" >"$f/new"
    case $? in
      0) ;;
      4) rm -f "$f/new" ;;
      *)
        refused="$refused$path: lines of this program were edited by hand. Change them by hand:
$(by_hand <"$tx/lost")
then run again; or, to keep the edited lines, run on this host: sudo sh $helper undo $id anyway
"
        ;;
    esac
  fi
  # An edit that this undo does not settle stays noted for the undo of the others.
  claims=
  plan_others "$1"
  claims=$names
  summed_file=
  state_into after "$f/new"
  if [ "$after" = "$now" ] || [ "$now" = absent ]; then
    do=nothing
    after=$now
  elif [ "$after" = absent ]; then
    do=remove
  else
    do=replace
  fi
  printf '%s\n' "$do" >"$f/do" && printf '%s\n' "$after" >"$f/after" || no_room
}

# Is there no name of any claimant in this file?
nobody_named() {
  all_claims | while IFS= read -r named; do
    [ -z "$named" ] || ! grep -qF -e "$named" "$1" || exit 1
  done
}

# What the file would be for some of the claimants that are left, and for nobody.
plan_others() {
  others=0
  for other in "$1"/others/*; do
    part=$f/others/0
    if [ -s "$other/for" ]; then
      ! grep -vxF -q -f "$f/claims" "$other/for" && ! cmp -s "$other/for" "$f/claims" || continue
      others=$((others + 1))
      part=$f/others/$others
    fi
    # What nobody is in is there by now, and empty.
    [ ! -s "$other/for" ] || { mkdir -p "$part" && cp "$other/for" "$part/for"; } || no_room
    as_if "$other" "$live" lenient "$part/edited" >"$part/bytes"
    case $? in
      0) ;;
      4) rm -f "$part/bytes" ;;
      *) no_room ;;
    esac
  done
}

# A folder that config_path names stays in force while anything lies in it that this undo does not take away.
spare_config_path() {
  f=$1
  line_into path "$f/path"
  line_into do "$f/do"
  ! is_whole "$path" || return 0
  case $path:$do in
    */daemon.json:* | */hosts.toml:* | *:nothing) return 0 ;;
  esac
  line_into real "$f/real"
  grep -q config_path "$real" || return 0
  : >"$tx/theirs"
  [ ! -f "$f/new" ] || cat "$f/new" >"$tx/theirs"
  config_paths <"$real" | while IFS= read -r spared; do
    config_paths <"$tx/theirs" | grep -qxF -e "$spared" || find "$(real_path "$spared")" ! -type d 2>/dev/null
  done | while IFS= read -r spared; do
    for removed in "$tx"/files/*/; do
      if [ "$(first_line "${removed}real")" = "$spared" ] && [ "$(first_line "${removed}do")" = remove ]; then continue 2; fi
    done
    printf '%s\n' "$spared"
  done >"$f/spared"
  [ -s "$f/spared" ] || return 0
  # With nothing to put back but config_path, the file can stay as it is.
  if hunks "$tx/theirs" "$real" | grep '^-' | grep -qv config_path; then
    refused="$refused$path: expected nothing but ours in the folder of its config_path, which goes with us; found
$(sed 's/^/  /' "$f/spared")
move that away, or into the mirrors of the file, then run again
"
  else
    said="$said$(spared_words "$f") "
    cat "$real" >"$f/new" && printf 'nothing\n' >"$f/do" && first_line "$f/base" >"$f/after" || no_room
  fi
}

spared_words() {
  say "$(first_line "$1/path"): config_path stays, since $(first_line "$1/spared") is not ours."
}

# What a planned file means for the daemon, for what is said, and for what is known of it.
settle_undo() {
  f=$1
  line_into path "$f/path"
  line_into real "$f/real"
  line_into base "$f/base"
  line_into do "$f/do"
  new_entry "$f/claims"
  if [ "$base" = absent ] && [ -f "$f/others/0/bytes" ] && [ ! -s "$f/claims" ]; then
    said="$said$path: the file was deleted and is not restored; its last text of $(wc -c <"$files/$(key "$path")/text") bytes, which was kept on this host, is deleted. "
  fi
  case $do in
    nothing) return 0 ;;
    remove) result="$result$path: removed. " ;;
    *) result="$result$path: our lines removed. " ;;
  esac
  ! is_whole "$path" || return 0
  case $path in
    */hosts.toml) return 0 ;;
  esac
  [ "$running" = yes ] || return 0
  case $unit in
    docker.service)
      [ "$activate" = restart ] || activate=reload
      plan_interim
      ;;
    *) activate=restart ;;
  esac
}

# dockerd keeps the insecure registries and the mirrors it has when a file without the key is reloaded; an empty list clears
# them. So it gets one for a moment.
plan_interim() {
  final=$f/new
  line_into after "$f/after"
  [ "$after" != absent ] || final=/dev/null
  printf '%s\n' "$names" | while IFS= read -r name; do
    [ -z "$name" ] || grep -qF -e "$name" "$final" || printf '%s\n' "$name"
  done >"$tx/unwanted"
  interim=
  # Only a list that had something of ours: dockerd refuses one beside a flag of the same meaning.
  ! grep -qv '^http://' "$tx/unwanted" || grep -q '"insecure-registries"' "$final" || interim='"insecure-registries": []'
  ! grep -q '^http://' "$tx/unwanted" || grep -q '"registry-mirrors"' "$final" ||
    interim="${interim:+$interim, }\"registry-mirrors\": []"
  [ -n "$interim" ] || return 0
  awk -v lists="$interim" '
    { text = text $0 "\n" }
    END {
      brace = index(text, "{")
      if (brace == 0) { print "{" lists "}"; exit }
      rest = substr(text, brace + 1)
      printf "%s%s%s%s", substr(text, 1, brace), lists, (rest ~ /^[[:space:]]*}/ ? "" : ","), rest
    }' "$final" >"$f/interim" || abandon "cannot write to $tx: is the disk full?"
}
