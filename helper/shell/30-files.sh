# Putting files in place so that every reader finds the old text or the new, and no other writer's text is lost.

# exchange A B: swaps two names in one step, where the system can (coreutils 9.5, or the call itself by way of perl).
exchange() {
  mv --exchange -T -- "$1" "$2" 2>/dev/null && return 0
  case $(uname -m) in
    x86_64) exchange_call=316 ;;
    aarch64 | riscv64) exchange_call=276 ;;
    ppc64le) exchange_call=357 ;;
    s390x) exchange_call=347 ;;
    *) return 1 ;;
  esac
  # shellcheck disable=SC2016 # perl's variables
  perl -e 'exit(syscall(0 + $ARGV[0], -100, $ARGV[1], -100, $ARGV[2], 2) == 0 ? 0 : 1)' \
    "$exchange_call" "$1" "$2" 2>/dev/null
}

# replace NEW TARGET EXPECTED KEEP: NEW takes TARGET's place if that holds EXPECTED (a checksum); the old file itself
# lies at KEEP then. 3: someone else's text is at TARGET, and was left there. 1: it could not be done.
replace() {
  state_into replace_was "$2"
  [ "$replace_was" = "$3" ] || return 3
  state_into replace_put "$1"
  if exchange "$1" "$2"; then
    # Now the old file is ours alone, and shows whether it changed a moment before.
    state_into replace_out "$1"
    if [ "$replace_out" = "$3" ]; then
      mv -f "$1" "$4"
      return
    fi
    # Theirs goes back, until what comes out is what was put in: else they have saved once more in between.
    while exchange "$1" "$2"; do
      replace_last=$replace_put replace_put=$replace_out
      state_into replace_out "$1"
      [ "$replace_out" != "$replace_last" ] || break
    done
    return 3
  fi
  ln "$2" "$4" 2>/dev/null || cp -a "$2" "$4" || return 1
  state_into replace_out "$4"
  if [ "$replace_out" != "$3" ]; then
    rm -f "$4"
    return 3
  fi
  mv -f "$1" "$2" || {
    rm -f "$4"
    return 1
  }
}

# create NEW TARGET: a name that nobody has; 3: somebody has it by now.
create() {
  if ln "$1" "$2" 2>/dev/null; then
    rm -f "$1"
  elif [ -e "$2" ] || [ -L "$2" ]; then
    return 3
  else
    mv "$1" "$2"
  fi
}

# remove TARGET EXPECTED KEEP
remove() {
  state_into remove_now "$1"
  [ "$remove_now" = "$2" ] || return 3
  mv -f "$1" "$3" || return 1
  state_into remove_now "$3"
  if [ "$remove_now" != "$2" ]; then
    create "$3" "$1"
    return 3
  fi
}

# Is the path a mount of its own? Such a file cannot be replaced, only be written into.
is_mount_point() {
  awk -v path="$1" '$5 == path { found = 1 } END { exit !found }' /proc/self/mountinfo
}

# fixed_file PATH: why a file cannot be replaced, in `problem`; 1: it can. Only what can be told by looking: a change tries it out.
fixed_file() {
  if is_mount_point "$1"; then
    problem="cannot replace the file: it is a mount point: change the file where it is mounted from, or unmount it"
  elif [ ! -w "$1" ] || [ ! -w "${1%/*}/" ]; then
    problem="cannot write the file: the file or its directory is read-only (chattr +i? a read-only file system?)"
  else
    return 1
  fi
}

# The folders of a path that are not there yet, from the top, one a line.
missing_folders() {
  missing_folder=${1%/*}
  missing_list=
  while [ -n "$missing_folder" ] && [ ! -d "$missing_folder" ]; do
    missing_list="$missing_folder
$missing_list"
    missing_folder=${missing_folder%/*}
  done
  printf '%s' "$missing_list"
}

# Takes away folders that we made (deepest first) and that hold nothing any more.
drop_folders() {
  [ -s "$1" ] || return 0
  sed -n '1!G;h;$p' "$1" | while IFS= read -r drop_folder; do
    rmdir "$drop_folder" 2>/dev/null
  done
  return 0
}

# What an error file says, without the shell's own words in front of it.
system_reason() {
  sed -n '$s/.*: //p' "$1" | cut -c1-200
}
