# Removes files of the registry's volume and collects garbage, while the registry takes no pushes.
#
#   sh gc.sh run CONTAINER CONFIG FOLDER OTHER    follows the orders on standard input, until it ends
#   sh gc.sh restore CONTAINER CONFIG FOLDER    after the end of `run`, whatever the reason was
#
# It lies in a folder of its own, beside the files `config.expected` and `config.readonly`. systemd runs it, and calls
# `restore` also after SIGKILL. The operator's end of standard input is the sign of life: without it, `run` ends at its
# next order. OTHER is the unit of the other way to clean up: by the registry's timer, or by an operator.
set -eu
LC_ALL=C
export LC_ALL
umask 077
verb=$1 name=$2 config=$3 folder=$4 other=${5-}
home=${0%/*}
repositories=$folder/docker/registry/v2/repositories
trash=$folder/cluster-registry-trash

# distribution 2 does not react to SIGTERM, so a longer time would only make the registry's absence longer.
restart() { docker restart -t 1 -- "$name" >/dev/null; }
say() { printf '%s\n' "$*"; }

# The registry reads its configuration at its start only. So the read-only text is in the container for a second, and a
# host that loses power later starts a registry that takes pushes.
read_only() {
  alone
  docker cp -- "$name:$config" "$home/config.original" >/dev/null
  cmp -s "$home/config.original" "$home/config.expected" || {
    say "refused the configuration of the registry was changed in the last seconds; run the command again"
    exit 1
  }
  : >"$home/changed"
  docker cp -- "$home/config.readonly" "$name:$config" >/dev/null
  : >"$home/restart"
  restart
  put_back
  started >"$home/started"
}

# Both ways ask this once their own unit runs. So of two that begin together at least one ends here.
alone() {
  case $(systemctl show --property=ActiveState --value -- "$other" 2>/dev/null) in
    inactive | failed | '') ;;
    *)
      say "refused another clean-up runs on this host ($other); nothing was changed; run the command again after its end"
      exit 1
      ;;
  esac
}

started() { docker inspect --type container --format '{{.State.StartedAt}}' -- "$name"; }

# Only this one process is read-only. If the registry was started again since, for example with docker, it takes pushes,
# and a garbage collection would remove what they bring.
still_read_only() {
  [ "$(started)" = "$(cat "$home/started")" ] || {
    say "refused somebody else restarted the registry, so it takes pushes; nothing more was removed; run the command again"
    exit 1
  }
}

put_back() {
  [ -e "$home/changed" ] || return 0
  docker cp -- "$home/config.original" "$name:$config" >/dev/null
  rm "$home/changed"
}

# A move to another folder of the same file system is atomic, and `rm -r` is not.
discard() {
  mkdir -p "$trash"
  mv -- "$1" "$(mktemp -d "$trash/XXXXXX")/"
}

case $verb in
  restore)
    put_back
    if [ -e "$home/restart" ]; then restart; fi
    rm -rf -- "$trash" "$home"
    exit 0
    ;;
esac

checked=
while read -r order repository item; do
  case $order in
    tag | revision | repository) [ -n "$checked" ] || still_read_only; checked=1 ;;
    collect) still_read_only ;;
  esac
  case $order in
    read-only) read_only; say "done" ;;
    tag) # REPOSITORY NAME=DIGEST
      tag=$repositories/$repository/_manifests/tags/${item%%=*}
      if [ "$(cat "$tag/current/link" 2>/dev/null)" = "${item#*=}" ]; then discard "$tag"; fi
      ;;
    revision) # REPOSITORY sha256/HEX
      link=$repositories/$repository/_manifests/revisions/$item
      if [ -d "$link" ]; then discard "$link"; fi
      ;;
    repository) # REPOSITORY: others can lie below it
      for part in _layers _manifests _uploads; do
        if [ -d "$repositories/$repository/$part" ]; then discard "$repositories/$repository/$part"; fi
      done
      # From inside, so that the last one leaves the folder of all: without it, the garbage collection fails.
      (cd "$repositories" && rmdir -p --ignore-fail-on-non-empty -- "$repository") 2>/dev/null || true
      ;;
    collect)
      docker exec -- "$name" registry garbage-collect "$config" >"$home/log" 2>&1 || {
        say "failed $(tail -n 1 "$home/log")"
        exit 1
      }
      say "collected $(grep -c 'blob eligible for deletion' "$home/log" || true)"
      ;;
    restart)
      restart
      rm -f "$home/restart"
      say "done"
      ;;
    *) say "failed unknown order: $order"; exit 1 ;;
  esac
done
