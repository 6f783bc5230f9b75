# answers ADDRESS PORT: the registry's /v2/ answers this node; what stands in between (a firewall, a proxy) shows here and
# not in the first pull. Any HTTP answer will do. `problem` says what is wrong.
answers() {
  case $1 in
    *:*) url="http://[$1]:$2/v2/" ;;
    *) url=http://$1:$2/v2/ ;;
  esac
  problem=
  if command -v curl >/dev/null; then
    answer=$(curl -g -s -o /dev/null -m 5 --noproxy '*' -w '%{http_code}' "$url" 2>/dev/null 9>&-)
    case $? in
      0 | 22) return 0 ;;
      7) found='connection refused, or no route' ;;
      28) found='no answer within 5 seconds' ;;
      *) found="no HTTP answer ($answer)" ;;
    esac
  elif command -v wget >/dev/null; then
    answer=$(no_proxy="*" wget -T 5 -t 1 -O /dev/null "$url" 2>&1 9>&-) && return 0
    case $answer in *' 40'[0-9]*) return 0 ;; esac
    found=$(printf '%s\n' "$answer" | tail -n 1 | cut -c1-200)
  elif command -v bash >/dev/null; then
    # shellcheck disable=SC2016 # bash's own parameters
    answer=$(timeout 5 bash -c 'exec 3<>"/dev/tcp/$0/$1" && printf "GET /v2/ HTTP/1.0\r\n\r\n" >&3 && head -n 1 <&3' "$1" "$2" 2>&1 9>&-)
    case $answer in HTTP/*) return 0 ;; esac
    found=${answer##*: }
    found=${found:-no answer within 5 seconds}
  else
    problem="cannot query the registry: install one of curl, wget, bash"
    return 1
  fi
  problem="$url does not answer this node: $found: is the registry running, and does a firewall block port $2?"
  return 1
}

# reach ADDRESS PORT, with a little patience: a registry that was started a moment ago is not up yet.
reach() {
  need_host "${1-}"
  need_number "${2-}" 'a port'
  reach_until=$(($(uptime_seconds) + 15))
  until answers "$1" "$2"; do
    [ "$(uptime_seconds)" -lt "$reach_until" ] || refuse "$problem"
    pause 0.5
  done
  say "$url answers."
}

need_host() {
  case ${1-} in
    '' | -* | *[!A-Za-z0-9.:_-]*) refuse "expected a host name or an address; found \"${1-}\"" ;;
  esac
}
