# observe: the facts, read-only; what to look at comes on stdin, one wish a line (observation/observe.ts). Everything that is not
# a plain word goes out in base64, on a line that begins with `=`, so that no byte of a file and no terminal setting can disturb the reading.

# Asked of the helper that is installed: the wishes are at the end of a program that is not run then.
observe_installed() {
  sed "1,/<<'wishes'\$/d" | observe "$@"
}

observe() {
  # What the shell gets in on its own (a banner, a profile) ends before this line.
  printf '\ncluster-registry-observation 2\n'
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
  ask_containers='' ask_volume='' ask_timer=''
  look_containerd=no look_docker=no
  observe_host
  observe_systemd
  while IFS= read -r wish; do
    case $wish in
      # A file that is ours as a whole can be long, and is told below if it is managed.
      'file '*) { is_whole "${wish#file }" && [ -n "$(entry_of "${wish#file }")" ]; } || observe_file file "${wish#file }" ;;
      containerd) look_containerd=yes ;;
      docker) look_docker=yes ;;
      'container '*) ask_containers="$ask_containers ${wish#container }" ;;
      'volume '*) ask_volume=${wish#volume } ;;
      'timer '*) ask_timer=${wish#timer } ;;
    esac
  done
  observe_records
  observe_managed
  [ $look_containerd = no ] || observe_containerd
  [ $look_docker = no ] || observe_docker
  [ -z "$ask_timer" ] || observe_timer "$ask_timer"
  say end
}

# sent WORD COMMAND...: prints the word, and below it the command's output in base64. The shell prints what is around it, so
# no further process starts. A failure of base64 is told, because nothing would look like an empty file.
sent() {
  printf '%s\n=' "$1"
  shift
  "$@" | base64 -w 0 || printf '\nbroken'
  echo
}

# sent_text WORD TEXT
sent_text() {
  sent "$1" printf '%s\n' "$2"
}

# sent_file WORD PATH
sent_file() {
  printf '%s\n=' "$1"
  base64 -w 0 <"$2" || printf '\nbroken %s' "$2"
  echo
}

observe_host() {
  read -r boot_id </proc/sys/kernel/random/boot_id
  # A cloned machine has the same machine id, inode and times; a container has its host's boot id. Together they differ.
  own_id=$(printf '%s %s' "$boot_id" "$(stat -c '%i %Z' /etc/machine-id 2>/dev/null || stat -c '%i %Z' /etc)" | sha256sum)
  printf 'host %.32s\n' "$own_id"
  read_clocks
  say "uptime $clocks_uptime $clocks_idle $clocks_now"
  if command -v apt-get >/dev/null; then say apt; fi
  observe_os
}

# The name of the system, in the quotes that it has there.
observe_os() {
  for os_release in /etc/os-release /usr/lib/os-release; do
    [ -r "$os_release" ] || continue
    while IFS= read -r os_line || [ -n "$os_line" ]; do
      case $os_line in PRETTY_NAME=*) say "os ${os_line#*=}" ;; esac
    done <"$os_release"
    return 0
  done
}

# What starts the daemons: its version, whether D-Bus answers (a change is waited for through it), and the proxies that it
# gives to every service, with the files that set them.
observe_systemd() {
  bus=no
  ! bus_answers || bus=yes
  manager_said=$newline$(systemctl show -p Version -p Environment 2>/dev/null)$newline
  manager_version=${manager_said#*"${newline}Version="}
  manager_version=${manager_version%%[!0-9]*}
  say "systemd ${manager_version:-$(systemd_version)} $bus"
  case $manager_said in
    *_[Pp][Rr][Oo][Xx][Yy]=*) manager_proxies=yes ;;
    *"${newline}Environment="*) manager_proxies=no ;;
    *) manager_proxies=yes ;;
  esac
  if [ $manager_proxies = yes ]; then
    # One variable a line; above, they are all on one.
    manager_environment=$(systemctl show-environment 2>/dev/null)
    manager_looked_at=yes
    sent_text proxies "$(printf '%s\n' "$manager_environment" | proxy_lines)"
  fi
  # One grep for all of them; it is asked again which ones, where there are any.
  set -- /usr/lib/systemd/system.conf /etc/systemd/system.conf /usr/lib/systemd/system.conf.d/*.conf \
    /run/systemd/system.conf.d/*.conf /etc/systemd/system.conf.d/*.conf
  cat "$@" 2>/dev/null | grep -q '^[[:space:]]*DefaultEnvironment' || return 0
  for manager_file; do
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
  settled=
  ! is_unsettled || settled=$(settled_text "$observed")
  if [ "$settled" = none ]; then
    say absent
  elif [ -f "${settled:-$observed}" ]; then
    settled=${settled:-$observed}
    observed_stat=$(stat -c '%s %a %u %g %.9Z' "$settled" 2>/dev/null || stat -c '%s %a %u %g %Z' "$settled")
    size=${observed_stat%% *}
    if [ "$size" -gt 4194304 ]; then
      say "other a file of $size bytes"
      return 0
    fi
    say "stat ${observed_stat#* }"
    if is_fixed "$observed"; then say "fixed $problem"; fi
    sent real printf '%s' "$observed"
    sent_file content "$settled"
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

# As fixed_file, by the mounts when this look first needed them.
is_fixed() {
  mounts=${mounts-$(awk '{ print $5 }' /proc/self/mountinfo)}
  case $newline$mounts$newline in
    *"$newline$1$newline"*) fixed_file "$1" ;;
    *) { [ ! -w "$1" ] || [ ! -w "${1%/*}/" ]; } && fixed_file "$1" ;;
  esac
}

# Is a change under way here, or was one cut off?
is_unsettled() {
  for settled_tx in "$records"/*/next; do
    [ ! -d "$settled_tx" ] || return 0
  done
  return 1
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
  observed_records=no
  for observed_record in "$records"/*/; do
    [ -f "${observed_record}enrolled" ] || continue
    observed_name=${observed_record%/}
    first_line "${observed_record}enrolled" >/dev/null
    observed_name="${observed_name##*/} $first_line_text"
    first_line "${observed_record}running" >/dev/null
    say "record $observed_name $first_line_text"
    observed_name=${observed_name%% *}
    if [ -d "${observed_record}next" ]; then say "unfinished $(first_line "${observed_record}next/step")"; fi
    if [ -f "${observed_record}payload" ]; then
      sent_file "payload $observed_name" "${observed_record}payload"
      observed_records=yes
    fi
  done
  # Only an apply writes its record, so the record is as old as the apply.
  [ $observed_records = no ] || stat -c 'applied %Y %n' "$records"/*/payload 2>/dev/null
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
      first_line "$managed_entry/after" >/dev/null
      # As we left it, there is nothing to do by hand.
      if [ -s "$managed_entry/others/0/edited" ] || [ "$(state_of "$managed_file")" != "$first_line_text" ]; then
        sent edited edited_by_hand
      fi
    else
      for managed_undo in $(former_of "$managed"); do
        [ ! -f "$managed_undo/bytes" ] || say "kept $(wc -c <"$managed_undo/bytes") $managed_undo/bytes"
      done
    fi
    # A digit behind the text says how it ended: whether the file is absent is known only then.
    sent baseline-ended baseline_ended
  done
}

edited_by_hand() {
  as_if "$managed_entry/others/0" "$managed_file" lenient /dev/stderr 2>&1 >/dev/null | by_hand
}

baseline_ended() {
  without_us "$managed" "$managed_file" && printf 0 || printf 1
}

# observe_service WORD UNIT
observe_service() {
  # Once for all that is asked of it below.
  look_at_unit "$2" 2>/dev/null
  unit_says "$2" LoadState ActiveState SubState UnitFileState MainPID InvocationID ExecMainStartTimestampMonotonic KillMode \
    CanReload NeedDaemonReload ExecStart
  sent_text "$1" "$unit_said"
  unit_state "$2"
  unit_unread=no
  ! unread_drop_in "$2" || unit_unread=yes
  [ $unit_unread = no ] || say unread
  say "needs-masked $(masked_need "$2")"
  unit_text=$(unit_texts "$2")
  sent_text units "$unit_text"
  case $unit_text in *EnvironmentFile*) environment_files_of_unit ;; esac
  # The rest of its environment can hold passwords, and is nobody's business.
  [ "$unit_pid" = 0 ] || ! grep -qi '_proxy=' "/proc/$unit_pid/environ" 2>/dev/null || sent process process_proxies
}

process_proxies() {
  tr '\000' '\n' <"/proc/$unit_pid/environ" 2>/dev/null | proxy_lines
}

# The files of a unit, each after a line with its name, as `systemctl cat` prints them. That one is asked only where systemd may
# not know all of them.
unit_texts() {
  unit_says "$1" FragmentPath DropInPaths
  if [ "${unit_load-}" != loaded ] || [ "$unit_changed" != no ] || [ $unit_unread = yes ]; then
    systemctl cat "$1" 2>/dev/null
    return
  fi
  for unit_word in $unit_said; do
    unit_word=${unit_word#*=}
    [ -f "$unit_word" ] || continue
    say "# $unit_word"
    cat "$unit_word"
    echo
  done
}

environment_files_of_unit() {
  printf '%s\n' "$unit_text" | sed -n 's/^[[:space:]]*EnvironmentFile[[:space:]]*=[[:space:]]*-\{0,1\}\(\/[^[:space:]]*\).*/\1/p' |
    while IFS= read -r environment_pattern; do
      for environment_file in $environment_pattern; do
        if [ -f "$environment_file" ]; then observe_file environment "$environment_file"; fi
      done
    done
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
    sent version containerd_version
    return 0
  fi
  say "config $config_file"
  [ "$config_file" = /etc/containerd/config.toml ] || observe_file file "$config_file"
  configured=$config_file
  settled=
  ! is_unsettled || settled=$(settled_text "$(readlink -f "$config_file")")
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
  if [ -n "$seen" ]; then
    sent_file version "$seen/version"
    sent_file dump "$seen/dump"
  else
    sent version containerd_version
    # Where there is no file, /dev/stdin stands for it. Containerd runs without one, but 1.6 does not dump its defaults then.
    if dump=$(say 'version = 2' | limited 20 "$containerd_program" ${configured:+--config "$configured"} config dump 2>&1); then
      dumped=dump
    elif [ -z "$configured" ] && dump=$(say 'version = 2' | limited 20 "$containerd_program" --config /dev/stdin config dump 2>&1); then
      dumped=dump
    else
      dumped=dump-error
    fi
    sent_text $dumped "$dump"
  fi
  {
    say /etc/containerd/certs.d
    say /etc/docker/certs.d
    if [ -n "$seen" ]; then config_paths <"$seen/dump"; else printf '%s\n' "$dump" | config_paths; fi
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

containerd_version() {
  "$containerd_program" --version 2>&1
}

dockerd_version() {
  dockerd --version 2>&1
}

observe_docker() {
  observe_service docker docker.service
  say "socket $reaches"
  if asks_docker; then say asks; fi
  observe_forwarding
  command -v dockerd >/dev/null || return 0
  sent version dockerd_version
  unit_state docker.service
  # systemd would start docker for whoever speaks to its socket; a look must not.
  [ "$unit_active" = active ] || return 0
  if docker_json=$(docker_info); then
    sent_text insecure "$(printf '%s\n' "$docker_json" | insecure_names)"
    sent_text mirrors "$(printf '%s\n' "$docker_json" | mirror_urls)"
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
