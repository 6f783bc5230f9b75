#!/bin/sh
{ # One group from here to the end: a shell that gets only a part of this text finds no end, and runs nothing.
# cluster-registry helper: what the project does on a host, and the only thing it installs there.
# Plain POSIX shell; besides the tools that need_tools names (busybox has them all) it needs systemd.
# Everything it keeps lies in one folder that only root can enter, but for a unit while files are replaced (52-boot.sh):
#   helper              this program
#   lock                held by whatever changes this host
#   records/ID/         what one resource of one stack did here: enrolled, first/ (copies of the first day),
#                       payload (the last apply's stdin), running, seen/ (containerd's own view of the file)
#   files/KEY/          what is known of one file, whoever claims what is in it (25-ours.sh)
#   records/ID/next/    a change that is under way, or was cut off: `step` says how far it came
#   stage.XXXXXXXX/     the stdin and the output of a change that is under way
set -u
LC_ALL=C
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
IFS=' 	
'
newline='
'
export LC_ALL PATH
unset CDPATH ENV BASH_ENV GZIP
umask 077

home=/var/lib/cluster-registry
records=$home/records
helper=$home/helper

say() {
  printf '%s\n' "$*"
}

complain() {
  printf '%s\n' "$*" >&2
}

# Refuses, having changed nothing: what was expected, what was found, what to do.
refuse() {
  complain "$@"
  exit 1
}

# Lines of configuration and logs hold passwords; none leaves the host. Long lines are cut.
masked() {
  sed -e 's#//[^/@[:space:]"'\'']*@#//***@#g' \
    -e 's/\([A-Za-z0-9_.-]*\([Pp][Aa][Ss][Ss]\|[Ss][Ee][Cc][Rr][Ee][Tt]\|[Tt][Oo][Kk][Ee][Nn]\|[Aa][Uu][Tt][Hh]\|[Cc][Rr][Ee][Dd][Ee][Nn][Tt][Ii][Aa][Ll]\|[Aa][Pp][Ii][_-]\{0,1\}[Kk][Ee][Yy]\|[Aa][Cc][Cc][Ee][Ss][Ss][_-]\{0,1\}[Kk][Ee][Yy]\)[A-Za-z0-9_.-]*["'\'']\{0,1\}[[:space:]]*[=:][[:space:]]*\).*/\1***/' \
    -e 's/^\(.\{400\}\).*/\1.../'
}

# A command substitution starts a process. What a change asks often is put into a variable, whose name comes first: *_into.
sha_into() {
  sha_line=$(sha256sum <"$2") || sha_line=
  eval "$1=\${sha_line%% *}"
  [ -n "$sha_line" ]
}

sha() {
  sha_into sha_text "$1" && printf '%s' "$sha_text"
}

# The checksum of a path, `absent` where nothing is, or `other` for what is no file.
state_into() {
  if [ -f "$2" ]; then sha_into "$1" "$2"; elif [ -e "$2" ] || [ -L "$2" ]; then eval "$1=other"; else eval "$1=absent"; fi
}

state_of() {
  state_into state_text "$1"
  printf '%s' "$state_text"
}

# Everything that is given is on the disk when this returns.
durable() {
  sync -- "$@" 2>/dev/null || sync
}

# The first line of a file, empty where there is none.
line_into() {
  eval "$1="
  [ ! -f "$2" ] || IFS= read -r "$1" <"$2" || :
}

first_line() {
  line_into first_line_text "$1"
  printf '%s' "$first_line_text"
}

uptime_into() {
  read -r uptime_now uptime_rest </proc/uptime
  eval "$1=\${uptime_now%%.*}"
}

uptime_seconds() {
  uptime_into uptime_now
  printf '%s' "$uptime_now"
}

# Reads both clocks at one moment: clocks_uptime, and then clocks_now, the time of day. If the process has to wait between the
# two, a daemon seems to have started later than it did, and a change right after its start goes unnoticed. So it tries again.
read_clocks() {
  clocks_tries=5
  while :; do
    read -r clocks_uptime clocks_idle </proc/uptime
    clocks_now=$(date +%s.%N)
    read -r clocks_after clocks_idle </proc/uptime
    clocks_tries=$((clocks_tries - 1))
    if [ "$clocks_after" = "$clocks_uptime" ] || [ "$clocks_tries" -eq 0 ]; then break; fi
  done
  # A date(1) without %N leaves letters at the end. The second is rounded up: rather late than early.
  case $clocks_now in *[!0-9.]*) clocks_now=$((${clocks_now%%[!0-9]*} + 1)) ;; esac
}

pause() {
  sleep "$1" 2>/dev/null || sleep 1
}

# Whatever a change calls. The guard looks for all of it, so that none is missed in the middle of a change.
needed_tools='awk base64 cat chmod chown cmp cp cut date diff find flock grep gzip head id ln ls mkdir mktemp mv readlink rm rmdir sed sha256sum
  sleep sort stat sync tail tee tr wc systemctl systemd-run journalctl'

# Those that this host lacks, also in `missing_tools`.
missing_tools() {
  missing_tools=
  for tool in $needed_tools; do
    command -v "$tool" >/dev/null || missing_tools="$missing_tools $tool"
  done
  missing_tools=${missing_tools# }
  printf '%s' "$missing_tools"
}

need_tools() {
  missing_tools >/dev/null
  [ -z "$missing_tools" ] ||
    refuse "this host lacks tools that a change needs: $missing_tools (they are in coreutils, diffutils, findutils, grep, gzip, mawk, sed, util-linux and systemd): install them; nothing was changed on this host"
}

need_root() {
  root_uid=
  while read -r root_word root_real root_uid root_rest; do [ "$root_word" != Uid: ] || break; done </proc/self/status
  [ "$root_word:$root_uid" = Uid::0 ] || root_uid=$(id -u)
  [ "$root_uid" = 0 ] || refuse "expected to run as root; found uid $root_uid: log in as root, or set ssh.sudo and allow sudo without a password"
}

need_id() {
  case ${1-} in
    '' | .* | *[!A-Za-z0-9._-]*) refuse "expected an id of letters, digits, dots, dashes and underscores; found \"${1-}\"" ;;
  esac
  [ ${#1} -le 160 ] || refuse "expected an id of at most 160 characters; found ${#1}"
}

need_number() {
  case ${1-} in
    '' | *[!0-9]*) refuse "expected $2; found \"${1-}\"" ;;
  esac
}

need_name() {
  case ${1-} in
    '' | [!A-Za-z0-9]* | *[!A-Za-z0-9_.-]*) refuse "expected a container's name; found \"${1-}\"" ;;
  esac
}

# The folder is root's alone, or what lies in it cannot be trusted.
need_home() {
  [ -d "$home" ] || mkdir -p "$home" || refuse "cannot create $home"
  [ ! -L "$home" ] || refuse "expected $home to be a directory; found a symbolic link: remove it"
  case $(stat -c '%u %a' "$home") in
    '0 700') ;;
    0\ *) chmod 0700 "$home" || refuse "cannot close $home to others" ;;
    *) refuse "expected $home to be owned by root; found owner $(stat -c %U "$home"): remove it" ;;
  esac
  [ -d "$records" ] || mkdir -p "$records" || refuse "cannot create $records: is the disk full or read-only?"
}
