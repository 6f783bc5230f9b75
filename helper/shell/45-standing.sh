# standing F [STATE]: whose text is in the file now?
#   new: ours. old: as it was. other: someone wrote it since.
standing() {
  standing_now=${2-$(state_of "$(first_line "$1/real")")}
  if [ -f "$1/interim" ] && [ "$standing_now" = "$(sha "$1/interim")" ]; then
    printf new
  elif [ "$standing_now" = "$(first_line "$1/after")" ]; then
    printf new
  elif [ "$standing_now" = "$(first_line "$1/base")" ]; then
    printf old
  else
    printf other
  fi
}
