# What docker has of ours, read-only. `containers` is said last, and only if docker has answered every question: without it
# nothing is known, which is not the same as "there is none".

# observe_containers NAMES VOLUME: the containers of these names, those with our owner's label, and whether the volume holds
# images.
observe_containers() {
  seen_ids=$(container_ids label io.cluster-registry.owner) || return 0
  for seen_name in $1; do
    named_ids=$(container_ids name "^/$seen_name\$") || return 0
    seen_ids="$seen_ids
$named_ids"
  done
  for seen_id in $(printf '%s\n' "$seen_ids" | sort -u); do
    if command -v curl >/dev/null; then
      inspected=$(docker_get "containers/$seen_id/json") || return 0
    else
      inspected=$(limited 10 docker container inspect --format '{{json .}}' "$seen_id" 2>/dev/null) || return 0
    fi
    sent_text container "$inspected"
  done
  if [ -n "$2" ]; then
    volume_holds=$(volume_state "$2") || return 0
    say "volume $volume_holds"
  fi
  say containers
}

# docker_get PATH [CURL'S OPTIONS]
docker_get() {
  docker_path=$1
  shift
  curl -s -f -m 10 --unix-socket /var/run/docker.sock "$@" "http://docker/$docker_path" 9>&-
}

# container_ids KEY VALUE: of every container, running or not, that a filter of docker's finds.
container_ids() {
  if command -v curl >/dev/null; then
    ids_json=$(docker_get containers/json -G --data all=1 --data-urlencode "filters={\"$1\":[\"$2\"]}") || return 1
    printf '%s\n' "$ids_json" | tr '{,' '\n\n' | sed -n 's/^"Id":"\([0-9a-f]\{64\}\)"$/\1/p'
  else
    limited 10 docker ps --all --no-trunc --quiet --filter "$1=$2" 2>/dev/null
  fi
}

# volume_state NAME: absent, empty, images, or unknown where its files are not on this host.
volume_state() {
  if command -v curl >/dev/null; then
    volume_json=$(curl -s -m 10 --unix-socket /var/run/docker.sock -w '\n%{http_code}' "http://docker/volumes/$1" 9>&-) || return 1
    case ${volume_json##*
} in
      200) volume_folder=$(printf '%s\n' "$volume_json" | sed -n 's/.*"Mountpoint":"\([^"]*\)".*/\1/p') ;;
      404) volume_folder=absent ;;
      *) return 1 ;;
    esac
  else
    volume_names=$(limited 10 docker volume ls --quiet 2>/dev/null) || return 1
    volume_folder=absent
    if printf '%s\n' "$volume_names" | grep -qxF -e "$1"; then
      volume_folder=$(limited 10 docker volume inspect --format '{{.Mountpoint}}' "$1" 2>/dev/null) || return 1
    fi
  fi
  if [ "$volume_folder" = absent ]; then
    say absent
  elif [ ! -d "$volume_folder" ]; then
    say unknown
  elif [ -n "$(ls -A "$volume_folder/docker/registry/v2/repositories" 2>/dev/null)" ]; then
    say "images$(room_of "$volume_folder")"
  else
    say "empty$(room_of "$volume_folder")"
  fi
}

# room_of FOLDER: the size of its file system, and what is free of it, in 1024 bytes; nothing if it is not known.
room_of() {
  df -P -k -- "$1" 2>/dev/null | awk 'NR == 2 && $2 > 0 { printf " %s %s", $2, $4 }'
}
