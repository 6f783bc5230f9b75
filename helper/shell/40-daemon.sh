# The daemons: what they are doing, whether they took the files, and what they say when they did not.

# unit_says UNIT PROPERTY...: what systemd says of a unit, one property a line, in `unit_said`. It is asked anew each time, but
# for a unit that look_at_unit has asked about.
unit_says() {
  says_unit=$1
  shift
  if [ "$says_unit" != "${unit_looked_at-}" ]; then
    says_asked=
    for says_property; do says_asked="$says_asked -p $says_property"; done
    # shellcheck disable=SC2086 # options, apart by blanks
    unit_said=$(systemctl show $says_asked "$says_unit" 9>&-)
    return
  fi
  unit_said=
  set -f
  IFS=$newline
  for says_line in $unit_facts; do
    for says_property; do
      case $says_line in "$says_property"=*) unit_said=$unit_said$newline$says_line ;; esac
    done
  done
  IFS=' 	
'
  set +f
  unit_said=${unit_said#?}
}

# look_at_unit UNIT: asks systemd once for all that is asked of a unit anywhere, since each question takes longer than most of what
# is done with the answer. It holds until `unit_looked_at` is emptied, which must be before anything is done to the unit.
look_at_unit() {
  unit_looked_at=
  unit_says "$1" LoadState ActiveState SubState UnitFileState MainPID InvocationID ExecMainStartTimestampMonotonic KillMode \
    CanReload NeedDaemonReload ExecStart Job DropInPaths FragmentPath Requires Environment EnvironmentFiles BindPaths \
    BindReadOnlyPaths RootDirectory RootImage
  unit_facts=$unit_said unit_looked_at=$1
}

# Reads a unit's state into unit_*.
unit_state() {
  unit_load='' unit_active='' unit_sub='' unit_job='' unit_invocation='' unit_started=0 unit_kill='' unit_reload=no unit_changed=no
  unit_pid=0
  unit_says "$1" LoadState ActiveState SubState Job InvocationID ExecMainStartTimestampMonotonic KillMode CanReload \
    NeedDaemonReload MainPID
  # None of these values holds a blank.
  for unit_pair in $unit_said; do
    unit_value=${unit_pair#*=}
    case ${unit_pair%%=*} in
      LoadState) unit_load=$unit_value ;;
      ActiveState) unit_active=$unit_value ;;
      SubState) unit_sub=$unit_value ;;
      Job) unit_job=$unit_value ;;
      InvocationID) unit_invocation=$unit_value ;;
      ExecMainStartTimestampMonotonic) unit_started=$unit_value ;;
      KillMode) unit_kill=$unit_value ;;
      CanReload) unit_reload=$unit_value ;;
      NeedDaemonReload) unit_changed=$unit_value ;;
      MainPID) unit_pid=$unit_value ;;
    esac
  done
}

# Has a unit a drop-in that systemd has not read? Of one in a folder that is new, systemd itself does not know.
unread_drop_in() {
  unit_says "$1" DropInPaths 2>/dev/null
  for drop_in in /etc/systemd/system/"$1".d/*.conf /run/systemd/system/"$1".d/*.conf /usr/local/lib/systemd/system/"$1".d/*.conf \
    /usr/lib/systemd/system/"$1".d/*.conf; do
    # One of the same name in a folder before takes its place; an empty one, as /dev/null, is none.
    [ -s "$drop_in" ] || continue
    case "$unit_said " in *"/${drop_in##*/} "*) ;; *) return 0 ;; esac
  done
  return 1
}

# The first masked unit among those that a unit requires, and without which it does not start.
masked_need() {
  unit_says "$1" Requires 2>/dev/null
  needs=${unit_said#Requires=}
  [ -n "$needs" ] || return 0
  # shellcheck disable=SC2086 # names of units, apart by blanks
  needs=$newline$(systemctl show -p Id -p LoadState $needs 2>/dev/null 9>&-)$newline
  # An empty line stands between two units.
  while :; do
    case $needs in *"${newline}LoadState=masked$newline"*) ;; *) return 0 ;; esac
    need=${needs%%"$newline$newline"*}
    case $need$newline in
      *"${newline}LoadState=masked$newline"*)
        need=${need##*"${newline}Id="}
        printf '%s' "${need%%"$newline"*}"
        return 0
        ;;
    esac
    needs=${needs#"$need$newline"}
  done
}

# stands_in_the_way UNIT ACTIVATE: why the daemon is not to be restarted or reloaded, in `problem`; 1: nothing does. A preview
# says the same of what was observed, by the same words: decision/obstacles.ts.
stands_in_the_way() {
  unit_state "$1"
  case $unit_load in
    loaded) problem= ;;
    masked)
      problem="expected a unit $1 that can be started; found it masked: run \`systemctl unmask ${1%.service}\`"
      return 0
      ;;
    *)
      problem="expected a unit $1 that systemd can load; found none ($unit_load): see \`systemctl status ${1%.service}\`"
      return 0
      ;;
  esac
  if [ "${unit_changed-}" = yes ] || unread_drop_in "$1"; then
    problem="expected systemd to have $1 as it is on the disk; found it changed since systemd read it: look at \`systemctl cat ${1%.service}\`, then run \`systemctl daemon-reload\`"
  elif [ "$1" = containerd.service ] && [ "$unit_kill" != process ]; then
    problem="expected KillMode=process in $1, so that a restart leaves the containers running; found KillMode=$unit_kill: set it with \`systemctl edit containerd\`"
  elif [ "$2" = reload ] && [ "$unit_active" = active ] && [ "$unit_reload" != yes ]; then
    problem="expected $1 to have an ExecReload, so that it takes the file without a restart, which would stop its containers; found none: add \`ExecReload=/bin/kill -s HUP \$MAINPID\` to its [Service] with \`systemctl edit ${1%.service}\`"
  elif [ "$2" = restart ] || [ "$unit_active" != active ]; then
    need_masked=$(masked_need "$1")
    [ -z "$need_masked" ] ||
      problem="$1 cannot start because it requires $need_masked, which is masked: run \`systemctl unmask $need_masked\`"
  fi
  [ -n "$problem" ]
}

# Did the daemon start after the last change of the file? The grains of the clocks are on the side of yes: /proc/uptime
# tells a start up to 10 ms late, and a file system tells a change by as much early.
started_since() {
  [ -e "$1" ] || return 0
  started_changed=$(stat -c %.9Z "$1" 2>/dev/null || stat -c %Z "$1")
  read_clocks
  awk -v started="$unit_started" -v uptime="$clocks_uptime" -v now="$clocks_now" \
    -v changed="$started_changed" 'BEGIN {
      exit !(started > 0 && now - (uptime - started / 1000000) >= changed) }'
}

# The folders with hosts.toml files that a configuration of containerd names, one a line.
config_paths() {
  sed -n 's/^[[:space:]]*config_path[[:space:]]*=[[:space:]]*["'\'']\(.*\)["'\''][[:space:]]*$/\1/p' | tr ':' '\n'
}

# The version of systemd, if it tells one that can be read.
systemd_version() {
  systemd_said=$(systemctl --version 2>/dev/null)
  systemd_said=${systemd_said#systemd }
  printf '%s' "${systemd_said%%[!0-9]*}"
}

# Does D-Bus answer? systemctl needs none here, and systemd-run needs it to wait for a change.
bus_answers() {
  [ -S /run/dbus/system_bus_socket ] || return 1
  command -v busctl >/dev/null || return 0
  limited 10 busctl --system call org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus GetId >/dev/null 2>&1
}

# limited SECONDS COMMAND: a program that hangs is not waited for, and keeps no lock.
limited() {
  if command -v timeout >/dev/null; then
    timeout "$@" 9>&-
  else
    shift
    "$@" 9>&-
  fi
}

# The file that containerd reads, in `config_file`: by its unit, whose variables are looked up where systemd takes them from,
# and by the process that runs. Where that cannot be known it is empty, and `config_doubt` says why.
containerd_config() {
  config_looked_at=${unit_looked_at-}
  [ "$config_looked_at" = containerd.service ] || look_at_unit containerd.service 2>/dev/null
  config_doubt='' config_running=''
  unit_says containerd.service Environment EnvironmentFiles ExecStart MainPID
  config_facts=$unit_said
  # Only a variable in the unit's command can be one of systemd's own.
  [ -n "${manager_looked_at-}" ] || case $config_facts in
    *ExecStart=*'$'*) manager_environment=$(systemctl show-environment 2>/dev/null 9>&-) ;;
    *) manager_environment= ;;
  esac
  config_file=$(
    {
      printf '%s\n' "$manager_environment" '[unit]' "$config_facts"
      case $config_facts in *EnvironmentFiles=/*) printf '%s\n' "$config_facts" | environment_lines ;; esac
    } | awk '
      function bare(s) {
        gsub(/^[[:space:]]+|[[:space:]]+$/, "", s)
        if (s ~ /^".*"$/ || s ~ /^\047.*\047$/) s = substr(s, 2, length(s) - 2)
        return s
      }
      function note(s,    at) {
        at = index(s, "=")
        if (at > 1 && s !~ /^[[:space:]]*[#;]/) value[bare(substr(s, 1, at - 1))] = bare(substr(s, at + 1))
      }
      function filled(s,    out, name) {
        out = ""
        while (match(s, /[$]([{][A-Za-z_][A-Za-z0-9_]*[}]|[A-Za-z_][A-Za-z0-9_]*)/)) {
          name = substr(s, RSTART + 1, RLENGTH - 1); gsub(/[{}]/, "", name)
          out = out substr(s, 1, RSTART - 1) (name in value ? value[name] : "?"); s = substr(s, RSTART + RLENGTH)
        }
        return out s
      }
      $0 == "[unit]" { ofUnit = 1 }
      !ofUnit { note($0); next }
      /^Environment=/ {
        $0 = substr($0, 13)
        while (match($0, /^[[:space:]]*("([^"\\]|\\.)*"|[^[:space:]]+)/)) { note(bare(substr($0, 1, RLENGTH))); $0 = substr($0, RLENGTH + 1) }
      }
      /^file / { note(substr($0, 6)) }
      /^ExecStart=/ { sub(/^.*argv\[\]=/, ""); sub(/ ; ignore_errors=.*/, ""); command = $0 }
      END {
        count = split(filled(command), word, " ")
        file = "/etc/containerd/config.toml"
        for (i = 1; i <= count; i++) {
          # A shell, or a script of that name, may start it with any file: the process shows with which.
          if (!seen && word[i] ~ /(^|\/)([a-z]*sh|busybox)$/) exit
          if (!seen && word[i] ~ /(^|\/)containerd$/) {
            seen = 1
            if ((getline line < word[i]) > 0 && line ~ /^#!/) exit
          }
          else if (seen && word[i] ~ /^(-c|--?config)$/) file = word[++i]
          else if (seen && word[i] ~ /^(-c|--?config)=/) { file = word[i]; sub(/^[^=]*=/, "", file) }
        }
        if (seen && index(file, "?") == 0) print bare(file)
      }'
  )
  config_pid=$newline$config_facts$newline
  config_pid=${config_pid#*"${newline}MainPID="}
  config_pid=${config_pid%%"$newline"*}
  case $config_pid in 0 | *[!0-9]*) config_pid= ;; esac
  [ -z "$config_pid" ] || config_running=$(tr '\000' '\n' <"/proc/$config_pid/cmdline" 2>/dev/null | awk '
    NR == 1 { seen = /(^|\/)containerd$/; file = "/etc/containerd/config.toml"; next }
    take { file = $0; take = 0; next }
    /^(-c|--?config)$/ { take = 1 }
    /^(-c|--?config)=/ { file = $0; sub(/^[^=]*=/, "", file) }
    END { if (seen) print file }')
  config_file=${config_file:-$config_running}
  if [ -z "$config_file" ]; then
    config_doubt="its unit does not say which, and it does not run"
  elif [ "${config_running:-$config_file}" != "$config_file" ]; then
    config_doubt="it runs with $config_running, and would start with $config_file: restart it, so that it reads the one that its unit names"
    config_file=
  else
    case $config_file in
      /*) ;;
      *) config_doubt="$config_file, which is no absolute path" config_file='' ;;
    esac
  fi
  if [ -n "$config_file" ] && { unit_moves "$config_file" || { [ -n "$config_pid" ] && ! same_for_process "$config_pid" "$config_file"; }; }; then
    config_doubt="the process finds another file at $config_file than this host has there (BindPaths, RootDirectory or the like of its unit)"
    config_file=
  fi
  [ "$config_looked_at" = containerd.service ] || unit_looked_at=
  config_known=yes
}

# The lines of a unit's environment files, each after `file `. A file's name can be a pattern; a backslash joins a line to the next.
environment_lines() {
  sed -n 's/^EnvironmentFiles=\(.*\) (ignore_errors=.*/\1/p' | while IFS= read -r environment_files; do
    (
      IFS=
      for environment_file in $environment_files; do
        [ ! -f "$environment_file" ] || sed -e :a -e '/\\$/{' -e 'N' -e 's/\\\n//' -e ba -e '}' -e 's/^/file /' "$environment_file"
      done
    )
  done
}

# unit_moves PATH: does containerd's unit put another file at PATH for its own process? The unit decides for the next start,
# whatever the running process sees.
unit_moves() {
  unit_says containerd.service BindPaths BindReadOnlyPaths RootDirectory RootImage
  # Mostly there is nothing in any of them.
  case $unit_said$newline in
    *=[!"$newline"]*) ;;
    *) return 1 ;;
  esac
  printf '%s\n' "$unit_said" | awk -v path="$1" '
    /^Root(Directory|Image)=./ && !/=\/$/ { moved = 1 }
    /^Bind/ {
      sub(/^[^=]*=/, "")
      count = split($0, pair, " ")
      for (i = 1; i <= count; i++) {
        split(pair[i], part, ":")
        if (part[2] != part[1] && index(path "/", part[2] "/") == 1) moved = 1
      }
    }
    END { exit !moved }'
}

# same_for_process PID PATH: does the process see the same file at PATH as we do? A mount namespace or another root can hide it.
same_for_process() {
  [ -e "/proc/$1/root/" ] || return 0
  [ "/proc/$1/root$2" -ef "$2" ] || { [ ! -e "/proc/$1/root$2" ] && [ ! -e "$2" ]; }
}

# The address of containerd's socket, if its configuration names another than the usual one.
containerd_socket() {
  awk '
    /^[[:space:]]*\[/ { grpc = $0 ~ /^[[:space:]]*\[[[:space:]]*grpc[[:space:]]*\]/ }
    grpc && /^[[:space:]]*address[[:space:]]*=/ {
      sub(/^[^=]*=[[:space:]]*["'\'']/, ""); sub(/["'\''].*/, ""); print; exit
    }' "${config_file:-/etc/containerd/config.toml}" 2>/dev/null
}

# containerd_identity PROGRAM CONFIG: what `containerd config dump` depends on, by inode, size and times; empty where it
# depends on more (imports), or where the times are too coarse to show every change.
containerd_identity() {
  [ -f "$2" ] && [ ! -e /etc/containerd/conf.d ] || return 0
  identity_imports=$(sed -n -e '/^[[:space:]]*imports[[:space:]]*=[[:space:]]*\[[[:space:]]*\][[:space:]]*$/d' -e '/imports/{p;q' -e '}' "$2")
  [ -z "$identity_imports" ] || return 0
  # shellcheck disable=SC2046 # numbers, apart by blanks
  set -- $(stat -L -c '%d %i %s %.9Z' "$1" "$2" 2>/dev/null)
  case $* in *.*.*) printf '%s ' "$*" ;; esac
}

# 0: the CRI plugins are loaded and well. 1: not yet. 2: they will not get well by themselves. `problem` says what it is.
containerd_health() {
  if ! command -v ctr >/dev/null; then
    problem="cannot query containerd: the ctr command is not installed"
    return 2
  fi
  [ -n "${config_known-}" ] || containerd_config
  cri_socket=$(containerd_socket)
  if ! cri_plugins=$(limited 10 ctr --address "${cri_socket:-/run/containerd/containerd.sock}" --connect-timeout 2s plugins ls 2>&1); then
    problem="containerd does not answer: $(printf '%s\n' "$cri_plugins" | tail -n 1 | masked)"
    return 1
  fi
  cri_bad='' cri_seen=
  set -f
  IFS=$newline
  for cri_line in $cri_plugins; do
    IFS=' 	'
    # shellcheck disable=SC2086 # the columns of a table: type, id, platforms, and at the end the status
    set -- $cri_line
    IFS=$newline
    case ${1-}.${2-} in
      io.containerd.grpc.v1.cri) cri_seen=yes ;;
      io.containerd.cri.v1.images | io.containerd.cri.v1.runtime) ;;
      *) continue ;;
    esac
    for cri_status; do :; done
    [ "$cri_status" = ok ] || cri_bad="${cri_bad:+$cri_bad;}$1.$2 is $cri_status"
  done
  IFS=' 	
'
  set +f
  [ -n "$cri_seen" ] || cri_bad="${cri_bad:+$cri_bad;}io.containerd.grpc.v1.cri is missing (disabled_plugins?)"
  [ -n "$cri_bad" ] || return 0
  problem="containerd runs without its CRI plugin, so the kubelet cannot run pods on this node: $cri_bad"
  return 2
}

# Is there something to ask the docker daemon with?
asks_docker() {
  command -v curl >/dev/null || command -v docker >/dev/null || command -v python3 >/dev/null || command -v perl >/dev/null
}

# What the docker daemon says of itself, as JSON. Whatever can speak to a Unix socket will do.
docker_info() {
  if command -v curl >/dev/null; then
    curl -s -f -m 10 --unix-socket /var/run/docker.sock http://docker/info 9>&-
  elif command -v docker >/dev/null; then
    docker info --format '{{json .}}' 2>/dev/null 9>&-
  elif command -v python3 >/dev/null; then
    python3 -c '
import http.client, socket
connection = http.client.HTTPConnection("docker", timeout=10)
connection.sock = socket.socket(socket.AF_UNIX)
connection.sock.settimeout(10)
connection.sock.connect("/var/run/docker.sock")
connection.request("GET", "/info")
print(connection.getresponse().read().decode())' 2>/dev/null 9>&-
  elif command -v perl >/dev/null; then
    # shellcheck disable=SC2016 # perl's variables
    perl -MIO::Socket::UNIX -e '
      alarm 10;
      my $s = IO::Socket::UNIX->new(Peer => "/var/run/docker.sock") or exit 1;
      print $s "GET /info HTTP/1.0\r\n\r\n"; local $/; my $all = <$s>; $all =~ s/.*?\r\n\r\n//s; print $all' 2>/dev/null 9>&-
  else
    return 2
  fi
}

# The registries and networks that the docker daemon takes as insecure, one a line, from docker_info's text.
insecure_names() {
  awk '
    match($0, /"InsecureRegistryCIDRs":\[[^]]*\]/) {
      list = substr($0, RSTART + 25, RLENGTH - 26); gsub(/"/, "", list)
      count = split(list, network, ","); for (i = 1; i <= count; i++) print network[i]
    }
    match($0, /"IndexConfigs":/) {
      rest = substr($0, RSTART)
      while (match(rest, /"Name":"[^"]*","Mirrors":(null|\[[^]]*\]),"Secure":(true|false)/)) {
        one = substr(rest, RSTART, RLENGTH); rest = substr(rest, RSTART + RLENGTH)
        if (one ~ /"Secure":false$/) { sub(/^"Name":"/, "", one); sub(/".*/, "", one); print one }
      }
    }'
}

# The mirrors of Docker Hub that the docker daemon has, one a line, from docker_info's text. It adds a slash to each. The
# address of one can have brackets.
mirror_urls() {
  awk '
    match($0, /"Name":"docker.io","Mirrors":\[/) {
      list = substr($0, RSTART + RLENGTH)
      sub(/\],"Secure":.*/, "", list); gsub(/"/, "", list)
      count = split(list, url, ",")
      for (i = 1; i <= count; i++) { sub(/\/$/, "", url[i]); print url[i] }
    }'
}

# Is a registry or a mirror among docker_names, as itself or as an IPv4 address in one of the networks?
covered() {
  printf '%s\n' "$docker_names" | awk -v name="$1" '
    function number(address,    part) {
      if (address ~ /[^0-9.]/ || split(address, part, "[.]") != 4) return -1
      return ((part[1] * 256 + part[2]) * 256 + part[3]) * 256 + part[4]
    }
    BEGIN { own = name; sub(/:[0-9]+$/, "", own); own = number(own) }
    $0 == name { found = 1 }
    own >= 0 && split($0, network, "/") == 2 && number(network[1]) >= 0 {
      # Not 2^n: some busybox awks have no powers.
      size = 1
      for (bits = network[2]; bits < 32; bits++) size *= 2
      if (int(own / size) == int(number(network[1]) / size)) found = 1
    }
    END { exit !found }'
}

# As containerd_health; wanted and unwanted are names, one a line, that the daemon must and must not take as insecure, and
# URLs of mirrors that it must and must not have.
docker_health() {
  docker_json=$(docker_info)
  case $? in
    0) ;;
    2)
      problem="cannot query the docker daemon: install one of curl, docker, python3, perl"
      return 2
      ;;
    *)
      problem="the docker daemon does not answer on /var/run/docker.sock"
      return 1
      ;;
  esac
  docker_names=$(printf '%s\n' "$docker_json" | insecure_names && printf '%s\n' "$docker_json" | mirror_urls)
  docker_bad=$(
    printf '%s\n' "$1" | while IFS= read -r docker_name; do
      [ -z "$docker_name" ] || covered "$docker_name" || printf '%s is not among them;' "$docker_name"
    done
    printf '%s\n' "$2" | while IFS= read -r docker_name; do
      [ -z "$docker_name" ] || ! printf '%s\n' "$docker_names" | grep -qxF -e "$docker_name" || printf '%s is still among them;' "$docker_name"
    done
  )
  [ -n "$docker_bad" ] || return 0
  case $docker_bad in
    http://*) docker_what='registry mirrors' ;;
    *) docker_what='insecure registries' ;;
  esac
  problem="the docker daemon does not have the right $docker_what: ${docker_bad%;}"
  return 1
}

# await SECONDS UNIT OLD: until the daemon is well; OLD is the invocation that must have ended, or empty.
# Uses wanted and unwanted. What cannot get well by itself is not waited for.
await() {
  uptime_into await_until
  await_until=$((await_until + $1)) await_pause=1
  while :; do
    # Nothing is well at once. What takes longer is asked less and less often: each question costs the host as much as five programs.
    pause "0.$await_pause"
    [ $await_pause -ge 5 ] || await_pause=$((await_pause + 1))
    unit_state "$2"
    unit_waits=no
    case $unit_job in '' | 0) ;; *) unit_waits=yes ;; esac
    # Active, and yet something is to be done with it: what was asked for has not begun.
    if [ "$unit_active" = active ] && [ "$unit_invocation" != "$3" ] && [ $unit_waits = no ]; then
      case $2 in
        containerd.service) containerd_health ;;
        docker.service) docker_health "$wanted" "$unwanted" ;;
      esac
      case $? in
        0) return 0 ;;
        2) return 1 ;;
      esac
    elif [ $unit_waits = no ] && [ "$unit_invocation" != "$3" ] &&
      { [ "$unit_active" = failed ] || [ "$unit_sub" = auto-restart ]; }; then
      problem="$2 does not start ($unit_active, $unit_sub)"
      return 1
    else
      problem="$2 is $unit_active ($unit_sub)"
    fi
    uptime_into await_now
    if [ "$await_now" -ge "$await_until" ]; then
      problem="$problem, after $1 seconds"
      return 1
    fi
  done
}

# restart UNIT SECONDS
restart() {
  unit_state "$1"
  restart_old=$unit_invocation
  # A daemon that failed too often would not be started again; and a start that hangs is taken back by a new one.
  systemctl reset-failed "$1" 2>/dev/null 9>&-
  # Into no file: also where none can be written any more the daemon has to come back.
  if ! restart_said=$(systemctl --no-block restart "$1" 2>&1 9>&-); then
    problem="systemctl restart $1: $(printf '%s\n' "$restart_said" | tail -n 1)"
    return 1
  fi
  await "$2" "$1" "$restart_old"
}

# reload UNIT SECONDS: a daemon takes or refuses a new file within moments, so the wait is short.
reload() {
  if ! reload_said=$(systemctl --no-block reload "$1" 2>&1 9>&-); then
    problem="systemctl reload $1: $(printf '%s\n' "$reload_said" | tail -n 1)"
    return 1
  fi
  reload_seconds=$2
  [ "$reload_seconds" -le 10 ] || reload_seconds=10
  await "$reload_seconds" "$1" ''
}

# Where the journal ends now. By its own mark, and not by the clock: that may be wrong, or be set meanwhile.
journal_end() {
  journal_said=$(journalctl -q -n 1 -o cat --show-cursor --no-pager 2>/dev/null 9>&-)
  # It comes after the message, whatever that has in it.
  case $newline$journal_said in *"$newline-- cursor: "*) printf '%s' "${journal_said##*-- cursor: }" ;; esac
}

# last_words UNIT CURSOR: the daemon's own, since then; those about trouble if there are any.
last_words() {
  # What a daemon has said just before its end may not be in the journal yet.
  journalctl --sync >/dev/null 2>&1 9>&-
  words_all=$(journalctl -u "$1" ${2:+"--after-cursor=$2"} -o cat -n 60 --no-pager 2>/dev/null 9>&- |
    tr -d '\000' | cut -c1-2000 | masked)
  words_trouble='level=(error|fatal|panic|warn)|[Ff]ail|[Ee]rror|[Uu]nable|[Ii]nvalid|panic'
  {
    printf '%s\n' "$words_all" | grep -E "$words_trouble" || printf '%s\n' "$words_all"
  } | tail -n 8 | sed -e '/^$/d' -e "s/^/  ${1%.service}: /"
}
