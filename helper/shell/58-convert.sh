# Records of the former format, each with an undo of its own, become entries of $files: all of them, whosever they are, before
# anything else is done. Nothing but our own notes changes. Cut off, it is done again from the start: until the new entries
# are in place, no old one goes.
convert() {
  set -- "$records"/*/undo/*/
  [ -d "$1" ] || return 0
  rm -rf "$home/convert"
  mkdir -p "$home/convert" "$files" || refuse "cannot write to $home: is the disk full?"
  for convert_undo in "$@"; do
    convert_path=$(first_line "${convert_undo}path")
    convert_entry=$home/convert/$(key "$convert_path")
    [ -d "$convert_entry" ] || convert_file "$convert_path" "$convert_entry" "${convert_undo%/}" ||
      refuse "cannot write to $home: is the disk full?"
  done
  cat "$records"/*/undo/*/folders >>"$home/folders" || refuse "cannot write to $home: is the disk full?"
  durable "$home/convert"/*/* "$home/convert"/*/others/0/*
  for convert_entry in "$home"/convert/*; do
    rm -rf "$files/${convert_entry##*/}"
    mv "$convert_entry" "$files/" || refuse "cannot write to $files: is the disk read-only?"
  done
  durable "$files"
  rm -rf "$records"/*/undo "$home/convert"
}

# convert_file PATH ENTRY UNDO: what the file is for nobody. What it would be for some of several is planned by the next apply.
convert_file() {
  convert_real=$(real_path "$1")
  convert_daemon=$(grep '^daemon ' "${3%/undo/*}/payload")
  # Of a file that somebody has deleted, the undo copy is all that is left.
  [ -f "$convert_real" ] || convert_real=$3/bytes
  [ -f "$convert_real" ] || convert_real=/dev/null
  mkdir -p "$2/others/0" && : >"$2/others/0/for" && printf '%s\n' "$1" >"$2/path" && cat "$convert_real" >"$2/text" || return 1
  # shellcheck disable=SC2046 # folders without blanks
  former_text "$2/text" $(former_of "$1") >"$2/others/0/bytes"
  case $? in
    0) ;;
    4) rm -f "$2/others/0/bytes" ;;
    *) return 1 ;;
  esac
  note_entry "$2" "$convert_real" &&
    for convert_record in "$records"/*/payload; do
      if grep -qxF -e "$convert_daemon" "$convert_record"; then basename "${convert_record%/payload}"; fi
    done >"$2/claims"
}
