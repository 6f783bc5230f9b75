# What the registry's timer runs, on the registry's host alone. gc.sh, beside it, does the work; untagged.sh plans it.
#
#   sh timer.sh run NAME ADDRESS PORT DAYS    cleans up the registry in the container NAME, which answers at ADDRESS:PORT
#   sh timer.sh restore NAME                  after the end of `run`, whatever the reason was
#
# What is said goes to the journal; its last line is what a preview shows.
set -eu
LC_ALL=C
export LC_ALL
umask 077
verb=$1 name=$2
here=${0%/*}
work=$here/work

say() { printf '%s\n' "$*"; }
skip() {
  say "skipped: $*"
  exit 0
}
fail() {
  say "failed: $*"
  exit 1
}

restore() {
  [ -e "$work/gc.sh" ] || { rm -rf -- "$work"; return 0; }
  # Two lines: where the configuration is in the container, and the folder of the volume.
  { read -r config && read -r folder; } <"$work/args"
  sh "$work/gc.sh" restore "$name" "$config" "$folder"
}

if [ "$verb" = restore ]; then
  restore
  exit
fi
address=$3 port=$4 days=$5

inspect() { docker inspect --type container --format "$1" -- "$name" 2>/dev/null; }

# status METHOD PATH: of the registry's answer.
status() {
  if command -v curl >/dev/null; then
    curl -g -s -o /dev/null -m 30 --noproxy '*' -X "$1" -w '%{http_code}' "$url$2" || true
  else
    asked "$1" "$2" | sed -n '1s/^[^ ]* \([0-9]*\).*/\1/p'
  fi
}

# get PATH: the body of the registry's answer.
get() {
  if command -v curl >/dev/null; then
    curl -g -s -f -m 3600 --noproxy '*' -H "Accept: $types" "$url$1"
  else
    asked GET "$1" | sed '1,/^\r*$/d'
  fi
}

asked() {
  bash -c 'exec 3<>"/dev/tcp/$1/$2" && printf "%s %s HTTP/1.0\r\nHost: registry\r\nAccept: %s\r\nContent-Length: 0\r\n\r\n" "$3" "$4" "$5" >&3 && cat <&3' \
    bash "$address" "$port" "$1" "$2" "$types" 2>/dev/null
}

types=application/vnd.oci.image.index.v1+json,application/vnd.oci.image.manifest.v1+json
types=$types,application/vnd.docker.distribution.manifest.list.v2+json,application/vnd.docker.distribution.manifest.v2+json
case $address in
  *:*) url="http://[$address]:$port" ;;
  *) url=http://$address:$port ;;
esac

# The configuration with pushes switched off, if it is written so that this is certain.
read_only_text() {
  awk '
    /maintenance/ { strange = 1 }
    /^ +rootdirectory: \/var\/lib\/registry\/?$/ { rooted = 1 }
    wanted && !/^[ \t]*(#.*)?$/ {
      match($0, /^ */)
      indent = substr($0, 1, RLENGTH)
      if (indent == "") strange = 1
      print indent "maintenance:\n" indent "  readonly:\n" indent "    enabled: true"
      wanted = 0
    }
    { print }
    /^storage:[ \t]*(#.*)?$/ { wanted = 1; storages++ }
    END { exit !(storages == 1 && rooted && !strange && !wanted) }'
}

# Something is being pushed if an upload or a blob is younger than a minute.
pushed_now() {
  [ -n "$(find "$root" \( -path '*/_uploads/*' -o -name data \) -type f -mmin -1 -print 2>/dev/null | head -n 1)" ]
}

# order WORDS: to gc.sh, which answers with one line.
order() {
  say "$*" >&3
  answer=
  read -r answer <&4 || fail "the clean-up ended at the step \"$*\""
  case $answer in
    failed* | refused*) fail "${answer#* }" ;;
  esac
}

# answers: waits for the registry after its start.
answers() {
  tries=0
  until [ "$(status GET /v2/)" = 200 ]; do
    tries=$((tries + 1))
    [ $tries -lt 120 ] || fail "the registry does not answer at $url one minute after its start; see: docker logs $name"
    sleep 0.5
  done
}

# proves REPOSITORY DIGEST: everything that it names can be pulled, and is what its digest says.
proves() {
  repository=$1 todo=$2
  while [ -n "$todo" ]; do
    one=${todo%% *}
    case $todo in
      *' '*) todo=${todo#* } ;;
      *) todo= ;;
    esac
    get "/v2/$repository/manifests/$one" >"$work/manifest" || return 1
    [ "sha256:$(sha256sum <"$work/manifest" | cut -c 1-64)" = "$one" ] || return 1
    for part in $(grep -oE '"digest"[[:space:]]*:[[:space:]]*"sha256:[0-9a-f]{64}"' "$work/manifest" | grep -oE 'sha256:[0-9a-f]{64}' | sort -u); do
      if [ -e "$root/repositories/$repository/_manifests/revisions/sha256/${part#sha256:}/link" ]; then
        todo="$todo${todo:+ }$part"
      elif [ -e "$root/repositories/$repository/_layers/sha256/${part#sha256:}/link" ]; then
        [ "sha256:$(get "/v2/$repository/blobs/$part" | sha256sum | cut -c 1-64)" = "$part" ] || return 1
      fi
    done
  done
}

other=cluster-registry-gc-session.service
case $(systemctl show --property=ActiveState --value -- "$other") in
  inactive | failed) ;;
  *) skip "somebody cleans up with \`npm run gc\` at this moment" ;;
esac
if [ -e "$work" ]; then
  say "the last run was cut off: its changes are taken back first"
  restore
fi
running=$(inspect '{{.State.Running}}') || skip "docker does not run, or has no container $name"
[ "$running" = true ] || skip "the registry does not run"
command -v curl >/dev/null || command -v bash >/dev/null || fail "neither curl nor bash is on this host, and one of them has to ask the registry"
docker exec -- "$name" registry --version >/dev/null 2>&1 ||
  fail "\`registry --version\` does not run in the registry's container, and a clean-up needs this program"
strange=$(inspect '{{range .Config.Env}}{{println .}}{{end}}' |
  awk '/^REGISTRY_STORAGE=/ && !/=filesystem$/ || /^REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY=/ && !/=\/var\/lib\/registry\/?$/ { print; exit }')
[ -z "$strange" ] || fail "the registry's images are not in its volume: its environment has $strange"
folder=$(inspect '{{range .Mounts}}{{if eq .Destination "/var/lib/registry"}}{{.Source}}{{end}}{{end}}')
[ -n "$folder" ] && [ -d "$folder" ] || fail "the registry has no volume at /var/lib/registry"
root=$folder/docker/registry/v2
config=$(inspect '{{println .Path}}{{range .Args}}{{println .}}{{end}}' | grep -E '^/.*\.ya?ml$' | head -n 1) ||
  fail "the registry's configuration file is not known"

! pushed_now || skip "an image is being pushed"
# A push that goes on meanwhile can hide files, so a plan that fails here is made anew below.
if plan=$(sh "$here/untagged.sh" "$folder" "$days" 2>/dev/null); then
  case $plan in
    *revision\ *) ;;
    *'garbage 0')
      say "nothing to remove"
      exit 0
      ;;
  esac
fi

mkdir -p "$work"
docker cp -- "$name:$config" - | tar -xO >"$work/config.expected"
read_only_text <"$work/config.expected" >"$work/config.readonly" ||
  fail "$config of the registry is not written as expected (storage: with filesystem, rootdirectory: /var/lib/registry and no maintenance): clean up with \`npm run gc\`, and remove the setting gcTimer"
printf '%s\n' "$config" "$folder" >"$work/args"
cp "$here/gc.sh" "$work/gc.sh"
mkfifo "$work/orders" "$work/answers"
sh "$work/gc.sh" run "$name" "$config" "$folder" "$other" <"$work/orders" >"$work/answers" &
worker=$!
exec 3>"$work/orders" 4<"$work/answers"

order read-only
answers
[ "$(status POST /v2/cluster-registry/probe/blobs/uploads/)" = 405 ] ||
  fail "the registry still takes pushes although its configuration says read-only; nothing was removed"
say "the registry is read-only: pulls go on, pushes are refused"
plan=$(sh "$here/untagged.sh" "$folder" "$days") || fail "no plan could be made; nothing was removed"
printf '%s\n' "$plan" | grep -E '^(revision|repository) ' >&3 || true
order collect
collected=${answer#collected }
order restart
exec 3>&- 4<&-
wait "$worker" || fail "the clean-up ended with code $?"
answers
proof=$(printf '%s\n' "$plan" | sed -n 's/^proof //p')
# shellcheck disable=SC2086 # a repository and a digest
[ -z "$proof" ] || proves $proof ||
  fail "${proof% *}@${proof#* } cannot be pulled after the clean-up; push the image again, and keep the registry's log: docker logs $name"
say "removed $(printf '%s\n' "$plan" | grep -c '^revision ' || true) manifests without a tag and $collected blobs; the registry takes pushes"
