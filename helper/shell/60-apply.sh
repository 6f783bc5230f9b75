# apply ID: the payload comes on stdin (helper/payload.ts tells its format).
apply() {
  need_root
  need_tools
  need_id "${1-}"
  need_home
  [ -f "$records/$1/enrolled" ] || refuse "expected the guard of $1 to have run on this host; found no $records/$1/enrolled: run \`up\` again"
  new_stage
  cat >"$stage/payload" || refuse_staged "cannot write to $home: is the disk full?"
  [ "$(tail -n 1 "$stage/payload")" = end ] || refuse_staged "expected a whole payload on stdin; found one that is cut off: was the connection lost?"
  if [ ! -d "$records/$1/next" ] && [ -f "$records/$1/payload" ] && cmp -s "$stage/payload" "$records/$1/payload"; then
    rm -rf "$stage"
    say "Already applied: nothing to do."
    return 0
  fi
  detach apply "$1"
}

refuse_staged() {
  rm -rf "$stage"
  refuse "$@"
}

apply_now() {
  if [ -f "$record/payload" ] && cmp -s "$stage/payload" "$record/payload"; then
    say "Already applied: nothing to do."
    return 0
  fi
  begin apply "$stage/payload"
  cp "$stage/payload" "$tx/payload" || no_room
  read_payload
  printf '%s\n' "$activate" >"$tx/activate"
  line_into enrolled_here "$record/enrolled"
  [ "$enrolled" = "$enrolled_here" ] ||
    abandon "expected a payload for this host ($enrolled_here); found one for $enrolled: was the host replaced? Run \`up\` again"
  need_claimants
  foreign=
  claims=$(all_claims)
  for each in "$tx"/files/*/; do look_at "${each%/}"; done
  [ -z "$foreign" ] || abandon "these files were changed by someone else after the plan was made:$foreign
  Check them, then run again: the new plan starts from their present content."
  work=
  read_head "$record/payload"
  names=${head_claims%"$newline"}
  for each in "$tx"/files/*/; do prepare "${each%/}"; done
  choose_activation
  printf '%s\n' "$activate" >"$tx/activate"
  if [ -n "$work" ] || [ "$activate" != none ]; then
    if [ -s "$tx/reach" ]; then
      read -r reach_address reach_port <"$tx/reach"
      answers "$reach_address" "$reach_port" || abandon "$problem"
    fi
  fi
  if [ "$activate" != none ]; then note_daemon; fi
  carry_out
  say "${result:-The files already have this content: recorded.}"
}

# begin KIND PAYLOAD: a fresh folder for a change of this record, and a watchdog that ends the change if it hangs anywhere.
begin() {
  mkdir -p "$tx/files" "$tx/own" "$tx/leave" || refuse "cannot create $tx: is the disk full or read-only?"
  # These must be there before they are needed: on a full disk an existing file can still be written over.
  for begin_file in error lost theirs running watchdog; do : >"$tx/$begin_file"; done
  printf '%s\n' "$1" >"$tx/kind" || no_room
  for begin_file in wanted unwanted reach claimants instead; do : >"$tx/$begin_file"; done
  read_head "$2"
  arm_watchdog "$head_watchdog"
  mark begin
  activate=none
  result=
}

# Takes the payload apart into $tx; each path is one that we may write at all.
read_payload() {
  number=0 enrolled='' daemon='' activate='' seconds=60 why='' ended=''
  f=
  read_line=0
  while IFS= read -r line; do
    read_line=$((read_line + 1))
    word=${line%% *}
    rest=${line#* }
    case $read_line:$line in
      1:'cluster-registry 2') continue ;;
      1:*) abandon "expected a payload of format 2; found \"$(printf %s "$line" | cut -c1-60)\": the helper and the program are of different versions; run \`up\` again" ;;
    esac
    case $word in
      base | baseline | after | mode | for | edit | +* | =* | \\)
        # Without one, $f/base would be /base.
        [ -n "$f" ] || abandon "expected a file line before line $read_line; found none"
        ;;
    esac
    case $word in
      enrolled) enrolled=$rest ;;
      daemon) daemon=$rest ;;
      revision | spec | order | claim | watchdog) ;;
      claimant) printf '%s\n' "$rest" >>"$tx/claimants" ;;
      instead)
        need_id "$rest"
        printf '%s\n' "$rest" >>"$tx/instead"
        ;;
      why) why=$rest ;;
      activate) activate=$rest ;;
      insecure | mirror) printf '%s\n' "$rest" >>"$tx/wanted" ;;
      reach) printf '%s\n' "$rest" >"$tx/reach" ;;
      wait) seconds=$rest ;;
      file)
        number=$((number + 1))
        f=$tx/files/$number
        need_path "$rest"
        part=$f
        others=0
        mkdir -p "$f/others/0" && printf '%s\n' "$rest" >"$f/path" && : >"$f/edits" && : >"$f/others/0/for" || no_room
        ;;
      for)
        others=$((others + 1))
        part=$f/others/$others
        # shellcheck disable=SC2086 # ids, apart by blanks
        set -f && mkdir "$part" && printf '%s\n' $rest >"$part/for" && : >"$part/edits" || no_room
        set +f
        ;;
      base | baseline | after | mode) printf '%s\n' "$rest" >"$part/$word" || no_room ;;
      edit | +* | \\) printf '%s\n' "$line" >>"$part/edits" || no_room ;;
      =*) printf '%s' "${line#=}" | unpacked >>"$part/edits" || no_room ;;
      end) ended=yes ;;
      *) abandon "expected a payload line; found line $read_line: \"$(printf %s "$line" | cut -c1-60)\"" ;;
    esac
  done <"$tx/payload"
  [ -n "$ended" ] || abandon "expected a whole payload; found no end line"
  [ $number -gt 0 ] || abandon "expected a file in the payload; found none"
  case $daemon in
    containerd | docker | page | timer) unit_of "$daemon" ;;
    *) abandon "expected daemon containerd, docker, page or timer; found \"$daemon\"" ;;
  esac
  case $activate in
    none | reload | restart) ;;
    *) abandon "expected activate none, reload or restart; found \"$activate\"" ;;
  esac
  case $seconds in
    '' | *[!0-9]*) abandon "expected a number of seconds; found \"$seconds\"" ;;
  esac
  printf '%s\n' "$unit" >"$tx/unit"
  printf '%s\n' "$seconds" >"$tx/wait" || no_room
}

# The unit that must not start before a change of its files is settled, in `unit`. The page's server is a container of
# docker's, and the timer cleans up one.
unit_of() {
  case $1 in
    page | timer) unit=docker.service ;;
    *) unit=$1.service ;;
  esac
}

# A long text of an edit, which comes in gzip and base64, as the lines that `edited` reads.
unpacked() {
  base64 -d | gzip -dc | sed -e 's/\\/\\\\/g' -e 's/^/+/'
}

no_room() {
  abandon "cannot write to $tx: is the disk full?"
}

# The plan is for certain claimants, each with what it last asked for.
need_claimants() {
  planned=$newline present=$newline
  while IFS= read -r claimant; do
    printf '%s\n' "${claimant%% *}" || no_room
    case $claimant in "$id "*) ;; *) planned=$planned$claimant$newline ;; esac
  done <"$tx/claimants" >"$tx/claims" || no_room
  instead=$newline
  while IFS= read -r claimant; do instead=$instead$claimant$newline; done <"$tx/instead"
  for claimant in "$records"/*/payload; do
    read_head "$claimant"
    [ "$head_daemon" = "$daemon" ] || continue
    claimant_id=${claimant%/payload}
    claimant_id=${claimant_id##*/}
    case $newline$id$instead in *"$newline$claimant_id$newline"*) continue ;; esac
    present=$present$claimant_id\ $head_revision$newline
  done
  [ "$planned" != "$present" ] || return 0
  printf '%s' "${planned#?}" | sort >"$tx/planned" && printf '%s' "${present#?}" | sort >"$tx/present" || no_room
  cmp -s "$tx/planned" "$tx/present" ||
    abandon "expected the records of this host as they were when the plan was made; found another apply or destroy since: $(echo $(sort "$tx/planned" "$tx/present" | uniq -u | cut -d ' ' -f 1 | uniq)): run again"
}

# sudo may be limited to this program: it writes the files it is for, and no others.
need_path() {
  case $1 in
    *[[:space:][:cntrl:]]* | */../* | */./* | */.. | *//*) ;;
    /etc/docker/daemon.json | /etc/containerd/*.toml) return 0 ;;
    "$page_folder"/nginx.conf | "$page_folder"/page/index.html) return 0 ;;
    "$gc_folder"/gc.sh | "$gc_folder"/timer.sh | "$gc_folder"/untagged.sh | "$gc_unit".service | "$gc_unit".timer) return 0 ;;
    /*/*/hosts.toml) ! certs_folder "${1%/*/hosts.toml}" || return 0 ;;
    *)
      containerd_config
      [ "$1" != "$config_file" ] || return 0
      ;;
  esac
  abandon "expected the path of daemon.json, a containerd configuration, a hosts.toml or a file of the page or the timer; found \"$(printf %s "$1" | cut -c1-200)\""
}

# Is it a folder that containerd reads hosts.toml files from? The daemon is asked only where its usual files do not say.
certs_folder() {
  cat /etc/containerd/*.toml /etc/containerd/conf.d/*.toml 2>/dev/null | config_paths | grep -qxF -e "$1" && return 0
  containerd_config
  command -v containerd >/dev/null && limited 20 containerd ${config_file:+--config "$config_file"} config dump 2>/dev/null | config_paths | grep -qxF -e "$1"
}

# own_folders PATH: none of the folders lets others decide what its names stand for.
own_folders() {
  own_folder=$1
  set --
  while [ -n "$own_folder" ]; do
    own_folder=${own_folder%/*}
    [ ! -d "${own_folder:-/}" ] || set -- "$@" "${own_folder:-/}"
  done
  own_stats=$(stat -L -c '%u %g %a' "$@")
  for own_folder; do
    own_stat=${own_stats%%"$newline"*}
    own_stats=${own_stats#"$own_stat"}
    own_stats=${own_stats#"$newline"}
    case $own_stat in
      0\ *[2367]) ;;
      0\ 0\ * | 0\ *[!2367]?) continue ;;
    esac
    abandon "$path: expected a file in folders that only root can write in; found $own_folder ($(stat -L -c '%U:%G %a' "$own_folder")): close it to others, or move the file"
  done
}

# What is to be done with a file, and whether it is still the one that the plan was made for.
look_at() {
  f=$1
  line_into path "$f/path"
  line_into base "$f/base"
  line_into after "$f/after"
  [ ! -L "$path" ] || [ -e "$path" ] || abandon "$path: expected a file; found a symbolic link to nothing: $(readlink "$path")"
  real=$(real_path "$path")
  own_folders "$path"
  [ "$real" = "$path" ] || own_folders "$real"
  printf '%s\n' "$real" >"$f/real"
  state_into now "$real"
  summed_file=$real summed=$now
  baseline_of "$real" "$f/others/0"
  note_edited
  summed_file=
  line_into planned "$f/baseline"
  do=nothing
  case $now in
    other) abandon "$path: expected a plain file; found something else" ;;
    "$after")
      if [ -f "$f/mode" ] && [ "$(stat -c '%a %u:%g' "$real")" != "$(mode_short "$f/mode") 0:0" ]; then do=mode; fi
      ;;
    # Ours may have gone since the plan was made, by an undo of the same run.
    "$base" | "$planned")
      do=replace
      if [ "$now" = absent ]; then do=create; fi
      if [ "$after" = absent ]; then do=remove; fi
      ;;
    *) planned= ;;
  esac
  state_into without_all "$f/others/0/bytes"
  [ "$planned" = "$without_all" ] || foreign="$foreign
  $path"
  printf '%s\n' "$now" >"$f/base"
  printf '%s\n' "$do" >"$f/do" || no_room
}

# 0644 as stat says it.
mode_short() {
  mode_text=$(first_line "$1")
  printf '%s' "${mode_text#0}"
}

# baseline_of FILE ALTERNATIVE: the file without anything of ours, as an alternative among the others.
baseline_of() {
  without_us "$path" "$1" >"$2/bytes"
  case $? in
    0) ;;
    4) rm -f "$2/bytes" ;;
    *) no_room ;;
  esac
}

# Lines of ours that somebody has edited stay in the text of every alternative, also for claimants who did not ask for them.
# Each alternative notes which lines these are. They come from the entry's alternative for the same claimants before this apply.
note_edited() {
  entry_into edited_entry "$path"
  [ -n "$edited_entry" ] || return 0
  named_now "$edited_entry/claims" >"$tx/former"
  for part in "$f"/others/*; do
    sort "$part/for" | grep -xF -f "$tx/former" >"$tx/part"
    for former in "$edited_entry"/others/*; do
      if named_now "$former/for" | cmp -s - "$tx/part"; then as_if "$former" "$real" lenient "$part/edited" >/dev/null; fi
    done
  done
}

# The claimants in a file, sorted, by the names that they have once this apply is done.
named_now() {
  awk -v id="$id" 'phase == 1 { taken[$0]; next } { print ($0 in taken) ? id : $0 }' phase=1 "$tx/instead" phase=2 "$1" | sort
}

# The new bytes, and what an undo will need. All edits are for the text without anything of ours.
prepare() {
  f=$1
  line_into path "$f/path"
  line_into real "$f/real"
  line_into do "$f/do"
  for part in "$f"/others/* "$f"; do
    [ -f "$part/after" ] || continue
    part_from=$f/others/0/bytes
    [ -f "$part_from" ] || part_from=/dev/null
    part_to=$part/bytes
    [ "$part" != "$f" ] || part_to=$f/new
    line_into after "$part/after"
    [ "$after" = absent ] || edited "$part_from" "$part/edits" >"$part_to" || no_room
    state_into part_state "$part_to"
    if [ "$part_state" != "$after" ]; then
      abandon "$path: expected the edits to give the text that was planned; found another ($part_state): is the disk full? Else this is a mistake of the program's; please report it"
    fi
  done
  new=$f/new
  [ -f "$new" ] || new=/dev/null
  case $do in
    nothing) ;;
    mode)
      work=yes
      result="${result}${path}: mode and owner set. "
      ;;
    *)
      work=yes
      case $do in
        remove) result="${result}${path}: removed. " ;;
        *) result="${result}${path}: written. " ;;
      esac
      [ ! -f "$f/mode" ] || printf '0:0\n' >"$f/owner"
      old=$real
      [ "$do" != create ] || old=/dev/null
      hunks "$old" "$new" >"$f/lines" || abandon "$path: expected diff(1) to say what changes, which an undo needs; found that it failed: is the disk full?"
      line_into base "$f/base"
      line_into planned "$f/baseline"
      # With nothing of ours in the file before, it is the same difference.
      [ "$base" != "$planned" ] || cp "$f/lines" "$f/others/0/hunks" || no_room
      [ "$daemon" != docker ] || plan_interim
      ;;
  esac
  new_entry "$tx/claims"
}

# new_entry CLAIMS: what is known of the file once this change is done, from $f/new and $f/others. A file in which
# nothing of anybody is left has no entry any more.
new_entry() {
  key "$path" >/dev/null
  if [ ! -s "$1" ] || { same_file "$f/new" "$f/others/0/bytes" && [ ! -s "$f/others/0/edited" ]; }; then
    mkdir -p "$tx/leave/$key_name" || no_room
    return 0
  fi
  own=$tx/own/$key_name
  mkdir -p "$own" && cp -R "$f/others" "$own/others" || no_room
  # Of the alternative for nobody there are none.
  for own_left in "$own"/others/*/edits "$own"/others/*/after; do [ ! -e "$own_left" ] || rm -f "$own_left" || no_room; done
  while IFS= read -r own_claim; do printf '%s\n' "$own_claim" || no_room; done <"$1" >"$own/claims" || no_room
  printf '%s\n' "$path" >"$own/path" && cp "$f/new" "$own/text" && note_entry "$own" "$real" || no_room
}

# Two files with the same bytes, or neither there.
same_file() {
  if [ -f "$1" ] && [ -f "$2" ]; then cmp -s "$1" "$2"; else [ ! -f "$1" ] && [ ! -f "$2" ]; fi
}

# Nothing is restarted that runs with the right text already.
choose_activation() {
  if [ -n "$work" ] || [ "$activate" = none ] || [ "$why" = 'restart pending' ]; then return 0; fi
  unit_state "$unit"
  if [ "$unit_active" = active ]; then
    if [ "$daemon" = docker ]; then
      docker_health "$(cat "$tx/wanted")" '' && activate=none
    else
      activate=none
      for each in "$tx"/files/*/; do
        line_into path "${each}path"
        line_into real "${each}real"
        case $path in
          */hosts.toml) ;;
          *) started_since "$real" || activate=restart ;;
        esac
      done
    fi
  fi
}

# How the daemon was before, and whether it may be restarted at all.
note_daemon() {
  look_at_unit "$unit"
  ! stands_in_the_way "$unit" "$activate" || abandon "$problem"
  printf '%s\n' "$unit_active" >"$tx/was"
  printf '%s\n' "$unit_invocation" >"$tx/invocation"
  well=no
  problem=
  if [ "$unit_active" = active ]; then
    case $unit in
      containerd.service) containerd_health ;;
      *) docker_health '' '' ;;
    esac
    case $? in 0) well=yes ;; esac
  fi
  unit_looked_at=
  printf '%s\n' "$well" >"$tx/well" || no_room
  # Without something that can ask the daemon, a change could not be checked: better known before it.
  case $problem in 'cannot query'*) abandon "$problem" ;; esac
  case $activate in
    restart) result="${result}${unit%.service} restarted and healthy." ;;
    reload) result="${result}${unit%.service} reloaded and healthy." ;;
  esac
}
