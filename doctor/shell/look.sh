# Prints what a pull from the registry depends on, as this host sees it. Changes nothing.
#
#   sh look.sh node ADDRESS PORT ROOT        on a node; ROOT is containerd's folder
#   sh look.sh registry ADDRESS PORT NAME    on the registry's host; NAME is its container
#   sh look.sh fetch ADDRESS PORT PATH       on a node; PATH is a file of the registry's
#
# One fact on each line, a word first: doctor/look.ts reads them.
set -u
LC_ALL=C
export LC_ALL
role=$1 address=$2 port=$3 name=$4

limited() {
  if command -v timeout >/dev/null; then timeout "$@"; else shift && "$@"; fi
}
# Each line of the standard input, after a word.
each() { sed -e 's/[[:space:]]*$//' -e '/^$/d' -e "s/^/$1 /" | cut -c 1-600; }

look_disk() {
  [ -e "$1" ] || return 0
  df -P -k -- "$1" | awk 'NR == 2 { print "disk", $4, $2, $6 }'
  df -P -i -- "$1" | awk 'NR == 2 && $2 > 0 { print "inodes", $4, $2, $6 }'
}

# The first lines of the answer to GET /v2/, or the system's words for why there is no connection.
look_registry() {
  if command -v bash >/dev/null; then
    # shellcheck disable=SC2016 # bash's own parameters
    answer=$(limited 5 bash -c 'exec 3<>"/dev/tcp/$0/$1" || exit 7
      printf "GET /v2/ HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" "$0:$1" >&3
      head -c 2000 <&3' "$address" "$port" 2>&1)
  else
    answer=$(curl -g -s -S -i -m 5 --noproxy '*' "http://$(bracketed):$port/v2/" 2>&1)
  fi
  code=$?
  case $answer in
    HTTP/*) printf '%s\n' "$answer" | each answer ;;
    *)
      # 124 is timeout's, 28 is curl's.
      case $code in 124 | 28) answer='no answer within 5 seconds' ;; esac
      printf '%s\n' "${answer:-the connection ended without an answer}" | head -n 1 | sed 's/^.*: connect: //; s/^.*: //' | each refused
      ;;
  esac
}
# Says so if the first 64 KiB of a file do not come. A network may lose large packets, and pass small ones.
look_file() { # PATH
  if command -v bash >/dev/null; then
    # shellcheck disable=SC2016 # bash's own parameters
    limited 10 bash -c 'exec 3<>"/dev/tcp/$0/$1" || exit 7
      printf "GET %s HTTP/1.1\r\nHost: %s\r\nRange: bytes=0-65535\r\nConnection: close\r\n\r\n" "$2" "$0:$1" >&3
      cat <&3' "$address" "$port" "$1" >/dev/null 2>&1
  else
    curl -g -s -m 10 -r 0-65535 --noproxy '*' -o /dev/null "http://$(bracketed):$port$1"
  fi
  case $? in 124 | 28) echo "stuck $1" ;; esac
}
bracketed() {
  case $address in *:*) printf '[%s]' "$address" ;; *) printf '%s' "$address" ;; esac
}

# Rules of this host's firewall that name the port or the address, and have one of these actions.
look_rules() { # CHAIN ADDRESS ACTIONS
  command -v iptables >/dev/null || return 0
  iptables -w 2 -S "$1" 2>/dev/null | grep -E -- "-j ($3)( |\$)" | grep -E -- "--dport $port( |\$)|-[sd] $2(/32)?( |\$)" | each rule
}

echo cluster-registry-look 1
echo "arch $(uname -m)"
case $role in
  node)
    if command -v ctr >/dev/null; then
      limited 10 ctr --connect-timeout 3s plugins ls 2>/dev/null |
        awk '($1 == "io.containerd.grpc.v1" && $2 == "cri") || $1 == "io.containerd.cri.v1" { print "plugin", $NF, $1 "." $2; seen = 1 }
          END { if (!seen) print "plugin missing io.containerd.grpc.v1.cri" }'
      limited 10 ctr --connect-timeout 3s plugins ls -d id==cri 2>/dev/null |
        sed -n 's/^[[:space:]]*Message:[[:space:]]*//p' | each plugin-error
    fi
    case $(systemctl is-active containerd.service 2>/dev/null) in
      active | inactive) ;;
      *) journalctl -u containerd.service -n 40 -o cat --no-pager 2>/dev/null | grep -E 'containerd: |level=(error|fatal)' | tail -n 2 | each log ;;
    esac
    look_disk "$name"
    for moved in /etc/containerd/certs.d/_backup/*; do [ ! -e "$moved" ] || echo "moved $moved"; done
    numbers=$(limited 5 getent ahosts "$address" | awk '{ print $1 }' | sort -u)
    printf '%s\n' "$numbers" | each number
    first=$(printf '%s\n' "$numbers" | head -n 1)
    if [ -n "$first" ]; then
      ip route get "$first" 2>&1 | head -n 1 | each route
      case $first in *:*) family=-6 ;; *) family=-4 ;; esac
      ip $family route show match "$first" 2>/dev/null | grep -E '^(unreachable|prohibit|blackhole) ' | each blocked
      look_rules OUTPUT "$first" 'DROP|REJECT'
    fi
    look_registry
    ;;
  registry)
    if command -v docker >/dev/null; then
      limited 10 docker inspect --type container --format 'inspect {{json .}}' -- "$name" 2>&1 | head -n 1
      limited 10 docker logs --tail 200 -- "$name" 2>&1 | grep -E 'level=(error|fatal|warning)|panic|no space' | tail -n 3 | each log
      # What a push that never happened would need.
      limited 10 docker image ls --format '{{.Repository}}:{{.Tag}}' 2>/dev/null | each image
      data=$(docker inspect --type container --format '{{range .Mounts}}{{if eq .Destination "/var/lib/registry"}}{{.Source}}{{end}}{{end}}' -- "$name" 2>/dev/null)
      if [ -n "$data" ]; then
        echo "folder $data"
        look_disk "$data"
      fi
    fi
    if command -v ss >/dev/null; then ss -H -ltn "sport = :$port" 2>/dev/null | awk '{ print "listens", $4 }'; fi
    first=$(limited 5 getent ahosts "$address" | awk '{ print $1; exit }')
    [ -z "$first" ] || echo "number $first"
    for chain in INPUT FORWARD DOCKER-USER; do look_rules "$chain" none 'DROP|REJECT|ACCEPT|RETURN'; done
    look_registry
    ;;
  fetch) look_file "$name" ;;
esac
echo end
