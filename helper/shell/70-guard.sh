# guard ID ENROLLED DAEMON: installs this program, and keeps a copy of the daemon's file as it was on the first day.
guard() {
  need_root
  need_id "${1-}"
  case ${2-} in
    '' | *[!0-9a-f]*) refuse "expected the host's id; found \"${2-}\"" ;;
  esac
  case ${3-} in
    containerd)
      containerd_config
      main_file=${config_file:-/etc/containerd/config.toml}
      ;;
    docker) main_file=/etc/docker/daemon.json ;;
    page | timer) main_file= ;;
    *) refuse "expected containerd, docker, page or timer; found \"${3-}\"" ;;
  esac
  need_tools
  need_home
  take_lock "$1"
  need_home
  sweep
  install_helper
  open_record "$1"
  if [ ! -d "$record/first" ]; then
    [ ! -e "$record/first.new" ] || rm -rf "$record/first.new"
    mkdir -p "$record/first.new" || refuse "cannot create $record: is the disk full or read-only?"
    if [ -f "$main_file" ]; then
      # Not cp: the copy is for root alone, whoever may read the file.
      cat "$main_file" >"$record/first.new/${main_file##*/}" || refuse "cannot write to $record: is the disk full?"
    fi
    mv "$record/first.new" "$record/first"
  fi
  printf '%s\n' "$2" >"$record/enrolled.new" && mv -f "$record/enrolled.new" "$record/enrolled" ||
    refuse "cannot write to $record: is the disk full?"
  durable "$record" "$record/enrolled" "$home/helper"
  # What was cut off is seen to by the apply that follows, and this with it.
  for guard_next in "$records"/*/next; do [ -e "$guard_next" ] || convert; break; done
  say "Guarded: $1"
}

# This very text takes the helper's place, in one step. Where sudo is limited to the helper, the text on stdin
# (helper/packed.ts) is compared with it, and nothing more: a program that could replace itself there would be no limit.
install_helper() {
  case $0 in
    "$home"/.helper.*)
      if cmp -s "$0" "$home/helper"; then
        rm -f "$0"
        return 0
      fi
      [ -f "$home/helper" ] || : >"$home/installed-by-guard"
      durable "$0"
      chmod 0700 "$0" && mv -f "$0" "$home/helper" || refuse "cannot write to $home: is the disk full?"
      ;;
    *)
      head -c 1000000 | sed -n "s/^packed_program=.*'\(.*\)'.*/\1/p" | base64 -d 2>/dev/null | gzip -dc 2>/dev/null | cmp -s - "$home/helper" ||
        refuse "expected this program's own helper at $home/helper; found another version, which a sudo that is limited to it cannot replace: let root put the new one there (mode 0700), or allow any command with NOPASSWD for one run"
      ;;
  esac
}
