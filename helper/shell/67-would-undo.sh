# would-undo ID: what an undo would do to this host, read-only: each file's lines, and what becomes of the daemon. It is
# planned just as the undo plans it, but on a copy of what is known here, which goes again.
would_undo() {
  need_root
  need_id "${1-}"
  if [ ! -f "$records/$1/payload" ]; then
    say "Nothing to undo."
    return 0
  fi
  need_tools
  copy=$(mktemp -d /run/cluster-registry.XXXXXXXX) || refuse "cannot write to /run: is it full?"
  trap 'rm -rf "$copy"' EXIT
  for known in records files folders; do
    [ ! -e "$home/$known" ] || cp -a "$home/$known" "$copy/" || refuse "cannot write to /run: is it full?"
  done
  home=$copy records=$copy/records files=$copy/files
  open_record "$1"
  step
  if [ -d "$tx" ]; then say "An interrupted change of this host ($stepped) is finished first; this preview is as if it had not begun."; fi
  rm -rf "$records"/*/next
  mkdir -p "$tx/files" "$tx/undo" || refuse "cannot write to /run: is it full?"
  for empty in wanted unwanted lost error; do : >"$tx/$empty"; done
  activate=none
  result=
  convert
  plan_all
  if [ -n "$refused" ]; then
    say "${refused}  The undo would fail with this error and change nothing."
    return 0
  fi
  changed=no
  for each in "$tx"/files/*/; do [ ! -d "$each" ] || show_change "${each%/}"; done
  [ -z "$said" ] || say "${said% }"
  case $changed:$activate in
    no:*) say "No file changes, and no daemon restarts." ;;
    *:restart) say "${unit%.service} restarts; containers keep running." ;;
    *:reload) say "${unit%.service} reloads, without a restart." ;;
    *) say "No daemon restarts." ;;
  esac
  if [ "$daemon" = timer ]; then say "${gc_unit##*/}.timer is stopped and disabled."; fi
}

# show_change FILE: as a unified diff, credentials masked.
show_change() {
  shown=$(first_line "$1/path")
  live=$(first_line "$1/real")
  case $(first_line "$1/do") in
    nothing) return 0 ;;
    mode)
      changed=yes
      say "$shown: mode and owner are put back."
      return 0
      ;;
    create) live=/dev/null ;;
  esac
  changed=yes
  if is_whole "$shown" && [ "$(first_line "$1/do")" = remove ]; then
    say "$shown: removed."
    return 0
  fi
  after=$1/new
  [ -f "$after" ] || after=/dev/null
  printf -- '--- %s\tlive\n+++ %s\tafter the undo\n' "$shown" "$([ "$after" = /dev/null ] && say /dev/null || say "$shown")"
  diff -a -U 3 "$live" "$after" | tail -n +3 | masked
}
