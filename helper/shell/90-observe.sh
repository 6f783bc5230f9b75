# observe: the facts, read-only; what to look at comes on stdin, one wish a line (observation/observe.ts). Everything that is not
# a plain word goes out in hexadecimal, so that no byte of a file and no terminal setting can disturb the reading.

# Asked of the helper that is installed: the wishes are at the end of a program that is not run then.
observe_installed() {
  sed "1,/<<'wishes'\$/d" | observe "$@"
}

observe() {
  # What the shell gets in on its own (a banner, a profile) ends before this line.
  printf '\ncluster-registry-observation 1\n'
  if [ "$(id -u)" != 0 ]; then
    say "refused uid $(id -u)"
    say end
    return 0
  fi
  missing=$(missing_tools)
  if [ -n "$missing" ]; then
    # Without them a look is not to be trusted, and a change is refused.
    say "missing $missing"
    say end
    return 0
  fi
  reaches=${1-no}
  ask_containers='' ask_volume=''
  look_containerd=no look_docker=no
  observe_host
  observe_systemd
  while IFS= read -r wish; do
    case $wish in
      # A file of the page is long, and is told below if it is managed.
      'file '*) { is_page "${wish#file }" && [ -n "$(entry_of "${wish#file }")" ]; } || observe_file file "${wish#file }" ;;
      containerd) look_containerd=yes ;;
      docker) look_docker=yes ;;
      'container '*) ask_containers="$ask_containers ${wish#container }" ;;
      'volume '*) ask_volume=${wish#volume } ;;
    esac
  done
  observe_records
  observe_managed
  [ $look_containerd = no ] || observe_containerd
  [ $look_docker = no ] || observe_docker
  say end
}

hex() {
  od -An -v -tx1
}

observe_host() {
  read -r boot_id </proc/sys/kernel/random/boot_id
  # A cloned machine has the same machine id, inode and times; a container has its host's boot id. Together they differ.
  own_id=$(printf '%s %s' "$boot_id" "$(stat -c '%i %Z' /etc/machine-id 2>/dev/null || stat -c '%i %Z' /etc)" | sha256sum | cut -c1-32)
  say "host $own_id"
  say "uptime $(cat /proc/uptime) $(date +%s.%N)"
  if command -v apt-get >/dev/null; then say apt; fi
}

# What starts the daemons: its version, whether D-Bus answers (a change is waited for through it), and the proxies that it
# gives to every service, with the files that set them.
observe_systemd() {
  bus=no
  ! bus_answers || bus=yes
  say "systemd $(systemd_version) $bus"
  say proxies
  systemctl show-environment 2>/dev/null | proxy_lines | hex
  for manager_file in /usr/lib/systemd/system.conf /etc/systemd/system.conf /usr/lib/systemd/system.conf.d/*.conf \
    /run/systemd/system.conf.d/*.conf /etc/systemd/system.conf.d/*.conf; do
    if grep -q '^[[:space:]]*DefaultEnvironment' "$manager_file" 2>/dev/null; then observe_file manager "$manager_file"; fi
  done
}

proxy_lines() {
  grep -iE '^(https?|no|all)_proxy='
}

# observe_file WORD PATH
observe_file() {
  say "$1 $2"
  observed=$(real_path "$2")
  # A change that was cut off will be put back before the next: its old text is what the next plan is about.
  settled=$(settled_text "$observed")
  if [ "$settled" = none ]; then
    say absent
  elif [ -f "${settled:-$observed}" ]; then
    settled=${settled:-$observed}
    size=$(wc -c <"$settled")
    if [ "$size" -gt 4194304 ]; then
      say "other a file of $size bytes"
      return 0
    fi
    say "stat $(stat -c '%a %u %g %.9Z' "$settled" 2>/dev/null || stat -c '%a %u %g %Z' "$settled")"
    if fixed_file "$observed"; then say "fixed $problem"; fi
    say real
    printf '%s' "$observed" | hex
    say content
    hex <"$settled"
  elif [ -d "$observed" ]; then
    say 'other a folder'
  elif [ -e "$observed" ]; then
    say 'other a special file'
  elif [ -L "$observed" ]; then
    say 'other a symbolic link to nothing'
  else
    say absent
  fi
}

# The file that a cut-off change will put back at a path; `none` if it will take the path away; empty if it is not about it.
settled_text() {
  for settled_tx in "$records"/*/next; do
    [ -d "$settled_tx" ] || return 0
    case $(first_line "$settled_tx/step") in healthy | recording) continue ;; esac
    for settled_file in "$settled_tx"/files/*/; do
      [ "$(first_line "${settled_file}real")" = "$1" ] && [ "$(standing "$settled_file")" = new ] || continue
      for settled_old in "$(first_line "${settled_file}keep")" "$(first_line "${settled_file}tmp")"; do
        if [ -f "$settled_old" ] && [ "$(sha "$settled_old")" = "$(first_line "${settled_file}base")" ]; then
          printf '%s' "$settled_old"
          return 0
        fi
      done
      [ "$(first_line "${settled_file}base")" != absent ] || printf none
    done
  done
}

observe_records() {
  for observed_record in "$records"/*/; do
    [ -f "${observed_record}enrolled" ] || continue
    observed_name=${observed_record%/}
    say "record ${observed_name##*/} $(first_line "${observed_record}enrolled") $(first_line "${observed_record}running")"
    if [ -d "${observed_record}next" ]; then say "unfinished $(first_line "${observed_record}next/step")"; fi
    if [ -f "${observed_record}payload" ]; then
      say "payload ${observed_name##*/}"
      hex <"${observed_record}payload"
    fi
  done
}

# Of each managed file: how it is now, what it is without anything of ours, and what there is of it should it be gone.
observe_managed() {
  claims=$(all_claims)
  for managed in "$files"/*/path "$records"/*/undo/*/path "$records"/*/next/own/*/path; do
    first_line "$managed" && echo
  done | sort -u | while IFS= read -r managed; do
    case $managed in /*) ;; *) continue ;; esac
    observe_file managed "$managed"
    managed_file=${settled:-$observed}
    [ "$settled" != none ] || managed_file=/nonexistent
    managed_entry=$(entry_of "$managed")
    if [ -n "$managed_entry" ]; then
      say "claims $(tr '\n' ' ' <"$managed_entry/claims")"
      [ ! -f "$managed_entry/others/0/bytes" ] || say "kept $(wc -c <"$managed_entry/text") $managed_entry/text"
      say edited
      as_if "$managed_entry/others/0" "$managed_file" lenient /dev/stderr 2>&1 >/dev/null | by_hand | hex
    else
      for managed_undo in $(former_of "$managed"); do
        [ ! -f "$managed_undo/bytes" ] || say "kept $(wc -c <"$managed_undo/bytes") $managed_undo/bytes"
      done
    fi
    # Twice, since what is absent is known only at the end.
    if without_us "$managed" "$managed_file" >/dev/null; then
      say baseline
      without_us "$managed" "$managed_file" | hex
    fi
  done
}

# observe_service WORD UNIT
observe_service() {
  say "$1"
  systemctl show -p LoadState -p ActiveState -p SubState -p UnitFileState -p MainPID -p InvocationID \
    -p ExecMainStartTimestampMonotonic -p KillMode -p CanReload -p NeedDaemonReload -p ExecStart "$2" 2>/dev/null | hex
  if unread_drop_in "$2"; then say unread; fi
  say "needs-masked $(masked_need "$2")"
  unit_text=$(systemctl cat "$2" 2>/dev/null)
  say units
  printf '%s\n' "$unit_text" | hex
  printf '%s\n' "$unit_text" | sed -n 's/^[[:space:]]*EnvironmentFile[[:space:]]*=[[:space:]]*-\{0,1\}\(\/[^[:space:]]*\).*/\1/p' |
    while IFS= read -r environment_pattern; do
      for environment_file in $environment_pattern; do
        if [ -f "$environment_file" ]; then observe_file environment "$environment_file"; fi
      done
    done
  # The rest of its environment can hold passwords, and is nobody's business.
  unit_state "$2"
  say process
  [ "$unit_pid" = 0 ] || tr '\000' '\n' <"/proc/$unit_pid/environ" 2>/dev/null | proxy_lines | hex
}

# The folder with what containerd made of its file when an apply last wrote it, if neither has changed since.
seen_before() {
  seen_identity=
  for seen_folder in "$records"/*/seen; do
    [ -d "$seen_folder" ] || continue
    seen_identity=${seen_identity:-$(containerd_identity "$1" "$config_file")}
    [ -n "$seen_identity" ] || return 0
    if [ "$seen_identity" = "$(first_line "$seen_folder/identity")" ]; then
      printf '%s' "$seen_folder"
      return 0
    fi
  done
}

observe_containerd() {
  observe_service containerd containerd.service
  if ! containerd_program=$(command -v containerd); then
    return 0
  fi
  if command -v ctr >/dev/null; then say ctr; fi
  containerd_config
  if [ -z "$config_file" ]; then
    say "config-doubt $config_doubt"
    # It is there all the same.
    say version
    "$containerd_program" --version 2>&1 | hex
    return 0
  fi
  say "config $config_file"
  [ "$config_file" = /etc/containerd/config.toml ] || observe_file file "$config_file"
  configured=$config_file
  settled=$(settled_text "$(readlink -f "$config_file")")
  seen=
  [ -n "$settled" ] || seen=$(seen_before "$containerd_program")
  case $settled in
    '')
      if [ -e "$configured" ]; then
        :
      elif [ "$configured" = /etc/containerd/config.toml ]; then
        configured=
      elif [ -n "$(entry_of "$configured")" ]; then
        configured=/dev/stdin
      fi
      ;;
    none) configured=/dev/stdin ;;
    *) configured=$settled ;;
  esac
  say version
  if [ -n "$seen" ]; then
    hex <"$seen/version"
    dump=$(cat "$seen/dump")
    say dump
  else
    "$containerd_program" --version 2>&1 | hex
    # Where there is no file, /dev/stdin stands for it. Containerd runs without one, but 1.6 does not dump its defaults then.
    if dump=$(say 'version = 2' | limited 20 "$containerd_program" ${configured:+--config "$configured"} config dump 2>&1); then
      say dump
    elif [ -z "$configured" ] && dump=$(say 'version = 2' | limited 20 "$containerd_program" --config /dev/stdin config dump 2>&1); then
      say dump
    else
      say dump-error
    fi
  fi
  printf '%s\n' "$dump" | hex
  {
    say /etc/containerd/certs.d
    say /etc/docker/certs.d
    printf '%s\n' "$dump" | config_paths
  } | sort -u | while IFS= read -r certs; do
    case $certs in /*) ;; *) continue ;; esac
    for hosts_toml in "$certs"/*/hosts.toml; do
      if [ -f "$hosts_toml" ]; then observe_file hosts-toml "$hosts_toml"; fi
    done
    for certificate in "$certs"/*/*.crt "$certs"/*/*.cert "$certs"/*/*.key; do
      if [ -f "$certificate" ]; then say "certificate $certificate"; fi
    done
  done
}

observe_docker() {
  observe_service docker docker.service
  say "socket $reaches"
  if asks_docker; then say asks; fi
  observe_forwarding
  command -v dockerd >/dev/null || return 0
  say version
  dockerd --version 2>&1 | hex
  unit_state docker.service
  # systemd would start docker for whoever speaks to its socket; a look must not.
  [ "$unit_active" = active ] || return 0
  if docker_json=$(docker_info); then
    say insecure
    printf '%s\n' "$docker_json" | insecure_names | hex
    say mirrors
    printf '%s\n' "$docker_json" | mirror_urls | hex
  fi
  [ -n "$ask_containers" ] || return 0
  for ask_container in $ask_containers; do need_name "$ask_container"; done
  [ -z "$ask_volume" ] || need_name "$ask_volume"
  observe_containers "$ask_containers" "$ask_volume"
}

# Whether the kernel forwards packets now, and whether it does after a boot, by the files of sysctl: 1, 0, unset, or unknown
# where nothing prints those files.
observe_forwarding() {
  # Not by read: it takes a byte at a time, and the kernel gives such a file in one piece.
  forwards_now=$(cat /proc/sys/net/ipv4/ip_forward 2>/dev/null) || return 0
  forwards_boot=unknown
  for sysctl_program in /usr/lib/systemd/systemd-sysctl /lib/systemd/systemd-sysctl; do
    sysctl_files=$("$sysctl_program" --cat-config 2>/dev/null) || continue
    forwards_boot=$(printf '%s\n' "$sysctl_files" |
      sed -nE 's/^[[:space:]]*-?net[./]ipv4[./](ip_forward|conf[./]all[./]forwarding)[[:space:]]*=[[:space:]]*([01]).*/\2/p' | tail -n 1)
    forwards_boot=${forwards_boot:-unset}
    break
  done
  say "forwards $forwards_now $forwards_boot"
}
