# standing F [STATE]: whose text is in the file now?
#   new: ours. old: as it was. other: someone wrote it since.
standing() {
  standing_into standing_found "$@"
  printf '%s' "$standing_found"
}

standing_into() {
  line_into standing_now "$2/real"
  if [ $# -gt 2 ]; then standing_now=$3; else state_into standing_now "$standing_now"; fi
  standing_interim=none
  [ ! -f "$2/interim" ] || sha_into standing_interim "$2/interim"
  line_into standing_after "$2/after"
  line_into standing_base "$2/base"
  case $standing_now in
    "$standing_interim" | "$standing_after") eval "$1=new" ;;
    "$standing_base") eval "$1=old" ;;
    *) eval "$1=other" ;;
  esac
}
