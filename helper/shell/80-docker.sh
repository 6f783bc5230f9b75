# docker-install apt | present | packages FOLDER
docker_install() {
  need_root
  case ${1-} in
    apt | present | packages) ;;
    *) refuse "expected apt, present or packages; found \"${1-}\"" ;;
  esac
  if command -v dockerd >/dev/null; then
    [ "$1" = present ] || enable_docker
    unit_state docker.service
    [ "$unit_active" = active ] || refuse "expected docker to run; found docker.service $unit_active ($unit_sub): see \`journalctl -u docker\`"
    say "docker $(docker_version) was there."
    return 0
  fi
  [ "$1" != present ] || refuse "expected docker on this host (docker: present); found none: install it, or set docker: apt"
  command -v apt-get >/dev/null ||
    refuse "expected apt-get to install docker with; found neither docker nor apt-get: install docker by hand and set docker: present"
  DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
  export DEBIAN_FRONTEND NEEDRESTART_SUSPEND
  work=$(mktemp -d /run/cluster-registry.XXXXXXXX) || refuse "cannot create a directory in /run"
  trap 'rm -rf "$work"' EXIT
  if [ "$1" = packages ]; then choose_from_folder "${2-}"; else choose_from_apt; fi
  protect_containerd
  # apt runs as a service of its own: a cut connection must not leave packages half unpacked.
  # shellcheck disable=SC2046 # package names and paths without blanks
  systemd-run --quiet --wait --collect --unit="cluster-registry-docker-install-${work##*.}" \
    --property=StandardOutput="file:$work/out" --property=StandardError="file:$work/out" \
    --setenv=DEBIAN_FRONTEND=noninteractive --setenv=NEEDRESTART_SUSPEND=1 --setenv=LC_ALL=C --setenv="PATH=$PATH" \
    apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold $(cat "$work/chosen") ||
    refuse "expected apt-get to install docker; found:
$(tail -n 12 "$work/out" | masked)"
  enable_docker
  docker_until=$(($(uptime_seconds) + 60))
  until docker_health '' ''; do
    [ "$(uptime_seconds)" -lt "$docker_until" ] || refuse "expected docker to run once it was installed; found: $problem: see \`journalctl -u docker\`"
    pause 0.2
  done
  say "Installed docker.io $(docker_version). Destroy leaves the package."
}

docker_version() {
  docker_version_text=$(dockerd --version)
  docker_version_text=${docker_version_text#Docker version }
  printf '%s' "${docker_version_text%%,*}"
}

enable_docker() {
  systemctl enable --quiet --now docker.service >/dev/null 2>"${work:-/run}/cluster-registry.error" ||
    refuse "expected to enable and start docker.service; found: $(tail -n 1 "${work:-/run}/cluster-registry.error")"
  rm -f "${work:-/run}/cluster-registry.error"
}

# docker.io from apt's own sources; the client too, where it is a package of its own.
choose_from_apt() {
  printf 'docker.io\n' >"$work/chosen"
  if ! apt-get -s install --no-install-recommends docker.io >"$work/plan" 2>&1; then
    apt-get update >"$work/update" 2>&1
    apt-get -s install --no-install-recommends docker.io >"$work/plan" 2>&1 ||
      refuse "expected apt to know how to install docker.io; found:
$(tail -n 8 "$work/plan" | masked)
  On a closed network set docker: {packages: FOLDER}."
  fi
  if ! grep -q '^Inst docker-cli ' "$work/plan" && apt-cache show docker-cli >/dev/null 2>&1; then
    printf 'docker-cli\n' >>"$work/chosen"
    apt-get -s install --no-install-recommends docker.io docker-cli >"$work/plan" 2>&1 ||
      refuse "expected apt to know how to install docker-cli; found:
$(tail -n 8 "$work/plan" | masked)"
  fi
}

# Everything in a folder of packages that is not installed yet.
choose_from_folder() {
  case $1 in
    /*[!A-Za-z0-9._/+-]* | [!/]* | '') refuse "expected the absolute path of a folder of packages on this host; found \"$1\"" ;;
  esac
  [ -d "$1" ] || refuse "expected a folder of packages at $1 on this host; found none: copy it there"
  : >"$work/chosen"
  for package in "$1"/*.deb; do
    [ -f "$package" ] || refuse "expected packages (*.deb) in $1; found none"
    package_name=$(dpkg-deb -f "$package" Package) || refuse "expected a package; found that dpkg-deb cannot read $package"
    case $(dpkg-query -W -f '${db:Status-Status}' "$package_name" 2>/dev/null) in
      installed) ;;
      *) printf '%s\n' "$package" >>"$work/chosen" ;;
    esac
  done
  grep -q '/docker\.io_' "$work/chosen" || refuse "expected docker.io_*.deb in $1; found none that is not installed"
  # shellcheck disable=SC2046 # paths without blanks
  apt-get -s install --no-install-recommends --no-download $(cat "$work/chosen") >"$work/plan" 2>&1 ||
    refuse "expected the packages in $1 to be complete; found:
$(tail -n 8 "$work/plan" | masked)"
}

# Nothing that this node's containers run on may be removed or upgraded by the way.
protect_containerd() {
  kept=' containerd containerd.io runc '
  for program in "$(running_containerd)" "$(command -v runc)"; do
    [ -n "$program" ] || continue
    owner=$(dpkg-query -S "$(readlink -f "$program")" 2>/dev/null)
    if [ -n "$owner" ]; then
      kept="$kept${owner%%:*} "
    elif bad=$(awk '$1 == "Inst" && ($2 == "containerd" || $2 == "containerd.io" || $2 == "runc") { print $2; exit }' "$work/plan") && [ -n "$bad" ]; then
      refuse "expected docker.io to leave this node's $program alone; found that apt would install the package $bad beside it: install docker by hand and set docker: present"
    fi
  done
  while read -r what package from to rest; do
    case $kept in *" $package "*) ;; *) continue ;; esac
    case $what:$from in
      Remv:*) refuse "expected docker.io to leave what this node's containers run on; found that apt would remove $package: install docker by hand and set docker: present" ;;
      Inst:'['*)
        from=${from#?}
        refuse "expected docker.io to leave what this node's containers run on; found that apt would change $package ${from%?} -> ${to#?}: hold it, upgrade it at a time of your choice, or install docker by hand and set docker: present" ;;
    esac
  done <"$work/plan"
}

running_containerd() {
  pid=$(systemctl show -p MainPID containerd.service 2>/dev/null)
  pid=${pid#MainPID=}
  if [ "${pid:-0}" != 0 ]; then readlink "/proc/$pid/exe"; else command -v containerd; fi
}

# Docker's three answers are told apart from here on: a container is there, none is there, or Docker does not answer. The
# last is refused, and never taken for the second.

# The client talks to this host's own daemon, whatever root's environment and contexts say.
need_docker() {
  command -v docker >/dev/null || refuse "expected the docker command on this host; found none: install it (docker-cli on Debian 13)"
  unset DOCKER_CONTEXT
  DOCKER_HOST=unix:///var/run/docker.sock
  export DOCKER_HOST
}

# Every container, one a line: its id and its names. In words of our own where docker does not answer.
list_containers() {
  containers=$(limited 60 docker ps --all --no-trunc --format '{{.ID}} {{.Names}}' 2>&1) ||
    refuse "expected docker to say which containers there are; found: $(printf '%s\n' "$containers" | tail -n 1 | masked): see \`systemctl status docker\`, then run again. Nothing was changed."
}

# id_of NAME: the id of the container of that name; empty if there is none. Asked of what list_containers found.
id_of() {
  printf '%s\n' "$containers" | awk -v name="$1" '
    length($1) == 64 { count = split($2, names, ","); for (i = 1; i <= count; i++) if (names[i] == name) print $1 }'
}

# inspect CONTAINER FORMAT: of a container that is there.
inspect() {
  limited 60 docker container inspect --format "$2" "$1" ||
    refuse "expected docker to describe the container $1; found that it does not (see above): run again"
}

owner_of() {
  inspect "$1" '{{index .Config.Labels "io.cluster-registry.owner"}}'
}

# remove_ours CONTAINER: its volumes stay. One that has gone meanwhile is gone.
remove_ours() {
  docker rm -f "$1" >/dev/null && return 0
  list_containers
  case $containers in
    *"$1"*) refuse "expected to remove our own container $1; found that docker refused (see above)" ;;
  esac
}

# docker-start: docker runs, or is started. Destroy asks it first, since a docker that stands still cannot remove a container.
docker_start() {
  need_root
  unit_state docker.service
  docker_was=$unit_active
  if [ "$unit_active" = active ] && docker_health '' ''; then
    say "docker runs."
    return 0
  fi
  [ "$unit_load" != masked ] ||
    refuse "expected to start docker.service, since docker has to run for the registry's container to be removed; found it masked: run \`systemctl unmask docker.service\` on this host, then run again"
  [ "$unit_load" = loaded ] ||
    refuse "expected a unit docker.service on this host, since docker has to run for the registry's container to be removed; found none ($unit_load)"
  docker_mark=$(journal_end)
  systemctl reset-failed docker.service docker.socket 2>/dev/null
  docker_said=$(systemctl start docker.service 2>&1) ||
    refuse "expected to start docker.service; found: $(printf '%s\n' "$docker_said" | head -n 1 | masked)
$(last_words docker.service "$docker_mark")"
  docker_until=$(($(uptime_seconds) + 60))
  until docker_health '' ''; do
    [ "$(uptime_seconds)" -lt "$docker_until" ] || refuse "expected docker to answer once it was started; found: $problem
$(last_words docker.service "$docker_mark")"
    pause 0.2
  done
  say "docker was $docker_was: started."
}

# container-claim ID NAME [adopt]: makes room for the container of that name, which the program makes next.
# Prints {} or where the images of an adopted registry lie.
container_claim() {
  need_root
  need_id "${1-}"
  need_name "${2-}"
  case ${3-} in
    '' | adopt) ;;
    *) refuse "expected nothing more, or adopt; found \"$3\"" ;;
  esac
  need_docker
  list_containers
  before=$2-before-cluster-registry
  present=$(id_of "$2")
  if [ -z "$present" ]; then
    # Nothing there; or it was moved aside by an earlier run.
    images_of "$before" "$1"
    return 0
  fi
  owner=$(owner_of "$present") || exit 1
  if [ "$owner" = "$1" ]; then
    # Ours, and yet the program is about to make it: its state was lost, or a run was cut off. Volumes stay.
    remove_ours "$present"
    images_of "$before" "$1"
    return 0
  fi
  [ -z "$owner" ] || refuse "expected no container $2, or one of $1; found that of $owner: two stacks cannot have one registry on one host"
  if [ "${3-}" != adopt ]; then
    case $2 in
      registry) way_out='remove it, or set registry.adopt: true to take it over with its images' ;;
      *) way_out='remove or rename it' ;;
    esac
    refuse "expected no container named $2; found one made by hand ($(described "$present")): $way_out"
  fi
  [ -z "$(id_of "$before")" ] || refuse "expected the name $before to be free for the adopted container; found a container of that name: remove or rename it"
  was_running=$(inspect "$present" '{{.State.Running}}') || exit 1
  need_home
  claim=$home/claims/$1
  if [ -f "$claim" ] && [ "$(sed -n 2p "$claim")" = "$present" ]; then
    # A claim that was cut off: by now it is we who have stopped it.
    was_running=$(sed -n 1p "$claim")
  else
    mkdir -p "$home/claims" && printf '%s\n' "$was_running" "$present" >"$claim.new" && mv -f "$claim.new" "$claim" ||
      refuse "cannot write to $home: is the disk full?"
  fi
  docker stop "$2" >/dev/null || refuse "expected to stop the container $2; found that docker refused (see above)"
  if ! docker rename "$2" "$before"; then
    [ "$was_running" != true ] || docker start "$2" >/dev/null
    refuse "expected to rename the container $2; found that docker refused (see above)"
  fi
  list_containers
  images_of "$before" "$1"
}

# container-claimed ID NAME [adopt]: what the claim said, once more. A container of ours runs by now and is left alone; on
# a host that was installed anew it is a claim like the first.
container_claimed() {
  need_root
  need_id "${1-}"
  need_name "${2-}"
  need_docker
  list_containers
  present=$(id_of "$2")
  if [ -n "$present" ]; then
    owner=$(owner_of "$present") || exit 1
    if [ "$owner" = "$1" ]; then
      images_of "$2-before-cluster-registry" "$1"
      return 0
    fi
  fi
  container_claim "$@"
}

# container-leftover ID CONTAINER: a container of ours that no state knows, since the run that made it was cut off, makes room
# for the one that is made next. Exactly this one: another may have taken its name since. Its volumes stay.
container_leftover() {
  need_root
  need_id "${1-}"
  case ${2-} in
    *[!0-9a-f]* | '') refuse "expected a container's id; found \"${2-}\"" ;;
  esac
  need_docker
  list_containers
  case $containers in
    *"$2 "*) ;;
    *)
      say "Gone already: $2"
      return 0
      ;;
  esac
  owner=$(owner_of "$2") || exit 1
  [ "$owner" = "$1" ] || refuse "expected the container $2 to be of $1; found ${owner:-no owner}: it is left alone"
  remove_ours "$2"
  say "Removed, its volumes kept: $2"
}

described() {
  inspect "$1" 'image {{.Config.Image}}, {{.State.Status}}, ports{{range $port, $bindings := .HostConfig.PortBindings}}{{range $bindings}} {{.HostIp}}:{{.HostPort}}->{{$port}}{{end}}{{end}}'
}

# images_of NAME ID: where the images of the container that we adopted lie; {} if we adopted none.
images_of() {
  adopted=
  [ ! -f "$home/claims/$2" ] || adopted=$(sed -n 2p "$home/claims/$2")
  if [ -n "$adopted" ] && [ "$adopted" = "$(id_of "$1")" ]; then
    place=$(inspect "$adopted" '{{range .Mounts}}{{if eq .Destination "/var/lib/registry"}}{"type":"{{.Type}}","source":"{{if eq .Type "volume"}}{{.Name}}{{else}}{{.Source}}{{end}}"}{{end}}{{end}}') || exit 1
    say "${place:-"{}"}"
  else
    say '{}'
  fi
}

# container-release ID NAME: the adopted container gets its name back, and runs if it ran.
container_release() {
  need_root
  need_id "${1-}"
  need_name "${2-}"
  claim=$home/claims/$1
  if [ ! -f "$claim" ]; then
    say "Nothing to release."
    return 0
  fi
  docker_start >/dev/null
  need_docker
  list_containers
  before=$2-before-cluster-registry
  adopted=$(sed -n 2p "$claim")
  rm -f "$claim.new"
  present=$(id_of "$2")
  if [ -n "$adopted" ] && [ "$(id_of "$before")" = "$adopted" ]; then
    if [ -n "$present" ]; then
      owner=$(owner_of "$present") || exit 1
      [ "$owner" = "$1" ] ||
        refuse "expected the name $2 to be free for the container that had it before; found another container: remove it, then run again"
      remove_ours "$present"
    fi
    docker rename "$before" "$2" || refuse "expected to give $before its name back; found that docker refused (see above)"
  elif [ -z "$adopted" ] || [ "$present" != "$adopted" ]; then
    rm -f "$claim"
    rmdir "$home/claims" 2>/dev/null
    say "The container that was adopted is gone: nothing to put back."
    return 0
  fi
  if [ "$(sed -n 1p "$claim")" = true ]; then
    docker start "$2" >/dev/null || refuse "expected to start $2 again; found that docker refused (see above)"
  fi
  rm -f "$claim"
  rmdir "$home/claims" 2>/dev/null
  say "The container $2 is as it was before."
}
