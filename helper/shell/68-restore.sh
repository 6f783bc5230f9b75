# restore PATH: a managed file that was there before us, and that somebody has deleted, gets back the text that it last had.
restore() {
  need_root
  restore_entry=$files/$(key "${1-}")
  [ -f "$restore_entry/others/0/bytes" ] ||
    refuse "expected the path of a file that is managed on this host and was there before; found \"${1-}\""
  need_home
  take_lock "restore of $1"
  restore_real=$(real_path "$1")
  [ ! -e "$restore_real" ] && [ ! -L "$restore_real" ] || refuse "$1: expected it to be gone; found it there: nothing was changed"
  (umask 022 && mkdir -p "${restore_real%/*}") && restore_new=$(mktemp "${restore_real%/*}/.cluster-registry-XXXXXXXX") ||
    refuse "$1: expected to be allowed to write in ${restore_real%/*}; found that the system refused"
  if cat "$restore_entry/text" >"$restore_new" && chmod "$(first_line "$restore_entry/mode")" "$restore_new" &&
    chown "$(first_line "$restore_entry/owner")" "$restore_new" && durable "$restore_new" && create "$restore_new" "$restore_real"; then
    durable "${restore_real%/*}"
    say "$1: put back as it last was, $(wc -c <"$restore_real") bytes. Run \`up\` now: the daemon may have started without it."
  else
    rm -f "$restore_new"
    refuse "$1: cannot write the file, or it was created by someone else: is the disk full? Nothing was changed"
  fi
}
