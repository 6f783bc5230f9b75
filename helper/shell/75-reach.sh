# answers ADDRESS PORT: the registry's /v2/ answers this node; what stands in between (a firewall, a proxy) shows here and
# not in the first pull. Any HTTP answer will do. `problem` says what is wrong.
answers() {
  url=$(url_of "$1" "$2")/v2/
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

url_of() {
  case $1 in
    *:*) printf 'http://[%s]:%s' "$1" "$2" ;;
    *) printf 'http://%s:%s' "$1" "$2" ;;
  esac
}

# page_answers ADDRESS PORT: it is our page that answers there, and not another program that has the port.
page_answers() {
  url=$(url_of "$1" "$2")
  problem="expected the registry's page at $url; found none; if another program of this host has the port $2, set ui.port to a free one; see \`docker logs registry-ui\`"
  if command -v curl >/dev/null; then
    page_says=$(curl -g -s -m 5 --noproxy '*' "$url/ui.json" 2>/dev/null 9>&-)
  elif command -v wget >/dev/null; then
    page_says=$(no_proxy="*" wget -q -T 5 -t 1 -O - "$url/ui.json" 2>/dev/null 9>&-)
  elif command -v bash >/dev/null; then
    # shellcheck disable=SC2016 # bash's own parameters
    page_says=$(timeout 5 bash -c 'exec 3<>"/dev/tcp/$0/$1" && printf "GET /ui.json HTTP/1.0\r\n\r\n" >&3 && cat <&3' "$1" "$2" 2>/dev/null 9>&-)
  else
    problem="cannot query the page: install one of curl, wget, bash"
    return 1
  fi
  case $page_says in *'"collectGarbage"'*) return 0 ;; esac
  page_starts=$(limited 10 docker container inspect --format '{{.RestartCount}}' registry-ui 2>/dev/null)
  [ "${page_starts:-0}" = 0 ] || refuse "expected the registry's page at $url; found that its nginx does not start:
$(limited 10 docker logs --tail 3 registry-ui 2>&1 | cut -c1-300 | sed 's/^/  /')
  If another program of this host has the port $2, set ui.port to a free one."
  return 1
}

# reach ADDRESS PORT [page], with a little patience: a registry that was started a moment ago is not up yet.
reach() {
  need_host "${1-}"
  need_number "${2-}" 'a port'
  case ${3-} in
    '') reach_what=answers ;;
    page) reach_what=page_answers ;;
    *) refuse "expected nothing more, or page; found \"$3\"" ;;
  esac
  reach_until=$(($(uptime_seconds) + 15))
  until "$reach_what" "$1" "$2"; do
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
