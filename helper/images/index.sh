# What the registry's host does for an image of several platforms that this program makes. It is not part of the installed
# helper: it needs Docker as the login has it, and no root. The lines before it set:
#   registry    ADDRESS:PORT, as in image names
#   address, port
#   repository  the name of the image in the registry
#   tag         of the index; each platform has a tag of its own, "TAG-ARCHITECTURE"
#   platforms   the architectures
# and define `archive`, which writes what docker loads: the images of the platforms under their references.
set -u
LC_ALL=C
# The registry is on this host. Whatever leads elsewhere is not for it.
unset DOCKER_CONTEXT http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
DOCKER_HOST=unix:///var/run/docker.sock
# Docker before 20.10 calls `docker manifest` an experiment.
DOCKER_CLI_EXPERIMENTAL=enabled
export LC_ALL DOCKER_HOST DOCKER_CLI_EXPERIMENTAL

name=$registry/$repository:$tag

refuse() {
  printf '%s\n' "$*" >&2
  exit 1
}

# Prints nothing unless the command fails.
quietly() {
  said=$("$@" </dev/null 2>&1) && return 0
  return 1
}

references() {
  for platform in $platforms; do printf '%s\n' "$name-$platform"; done
}

push() {
  command -v docker >/dev/null || refuse "expected the docker command on this host; found none: install it (docker-cli on Debian 13)"
  # docker keeps what it knows of an index in its configuration folder. This one is removed at the end.
  DOCKER_CONFIG=$(mktemp -d) || refuse "cannot create a folder for temporary files: is the disk full?"
  export DOCKER_CONFIG
  trap 'rm -rf "$DOCKER_CONFIG"' EXIT
  loaded=$(archive | docker load 2>&1) ||
    refuse "expected docker to load the image $name; found: $(printf '%s\n' "$loaded" | tail -n 1)"
  push_loaded
  pushed=$?
  # The registry has them now. The host keeps none.
  # shellcheck disable=SC2046 # references without blanks
  docker image rm $(references) >/dev/null 2>&1
  [ "$pushed" = 0 ] || refuse "expected docker to push $name; found: $(printf '%s\n' "$said" | tail -n 1)"
}

# A registry that was started a moment ago does not answer yet.
push_patiently() {
  for attempt in 1 2 3 4 5 6 7 8 9 10; do
    quietly docker push "$1" && return 0
    sleep 1
  done
  return 1
}

push_loaded() {
  for reference in $(references); do
    push_patiently "$reference" || return 1
  done
  # shellcheck disable=SC2046 # references without blanks
  quietly docker manifest create --insecure "$name" $(references) || return 1
  quietly docker manifest push --insecure --purge "$name" || return 1
  printf '%s@%s\n' "$name" "$(printf '%s\n' "$said" | tail -n 1)"
}

# Removes the tags. What hinders it is said and is no failure: the registry goes next, and its images may stay.
remove() {
  for one in "$tag" $(for platform in $platforms; do printf '%s ' "$tag-$platform"; done); do
    remove_tag "$one" || return 0
  done
  printf 'removed %s from the registry\n' "$name"
}

remove_tag() {
  ask HEAD "$1" || {
    printf 'left %s: the registry at %s does not answer\n' "$name" "$registry"
    return 1
  }
  [ "$status" != 404 ] || return 0
  digest=$(printf '%s\n' "$headers" | tr -d '\r' | sed -n 's/^[Dd]ocker-[Cc]ontent-[Dd]igest: *//p')
  if [ "$status" != 200 ] || [ -z "$digest" ]; then
    printf 'left %s: the registry answered %s\n' "$name" "$status"
    return 1
  fi
  ask DELETE "$digest"
  case $status in
    202 | 404) return 0 ;;
    405) printf 'left %s: the registry does not accept DELETE (registry.deleteEnabled)\n' "$name" ;;
    *) printf 'left %s: the registry answered %s to its DELETE\n' "$name" "${status:-nothing}" ;;
  esac
  return 1
}

# ask METHOD REFERENCE: of the image's manifest. Sets `status` and `headers`.
ask() {
  path=/v2/$repository/manifests/$2
  accept='application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json'
  if command -v curl >/dev/null; then
    how="-X $1"
    [ "$1" != HEAD ] || how=-I
    # shellcheck disable=SC2086 # one or two words
    headers=$(curl -g -s -m 15 $how -H "Accept: $accept" -D - -o /dev/null "http://$registry$path" </dev/null)
  else
    # shellcheck disable=SC2016 # bash's own parameters
    headers=$(timeout 15 bash -c '
      exec 3<>"/dev/tcp/$0/$1" && printf "%s %s HTTP/1.0\r\nHost: %s\r\nAccept: %s\r\n\r\n" "$2" "$3" "$4" "$5" >&3 && cat <&3' \
      "$address" "$port" "$1" "$path" "$registry" "$accept" 2>/dev/null </dev/null)
  fi
  status=$(printf '%s\n' "$headers" | sed -n '1s/^HTTP[^ ]* \([0-9]*\).*/\1/p')
  [ -n "$status" ]
}

case ${1-} in
  push) push ;;
  remove) remove ;;
  *) refuse "expected push or remove; found \"${1-}\"" ;;
esac
exit
