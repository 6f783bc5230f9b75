# A change that a power cut ended is settled at the next boot, before the daemon reads a file: by a unit that is on the host
# only while files are being replaced. It goes with every start of the daemon, and does nothing in the boot that the change
# belongs to, which a file in /run tells: there the change, its ExecStopPost and the watchdog see to it.
boot_unit=cluster-registry-settle.service
boot_folder=/etc/systemd/system
boot_flag=/run/cluster-registry-under-way

arm_boot() {
  boot_wants=$boot_folder/$unit.wants
  {
    # The folder is noted before it is made: on a full disk it would stay otherwise.
    : >"$boot_flag" &&
      if [ ! -d "$boot_wants" ]; then printf '%s\n' "$boot_wants" >"$tx/wants" && (umask 022 && mkdir "$boot_wants"); fi &&
      (umask 022 && boot_text >"$boot_folder/$boot_unit") &&
      ln -sf "../$boot_unit" "$boot_wants/$boot_unit"
  } 2>"$tx/error" ||
    abandon "cannot write to $boot_folder the unit that finishes this change after a power failure: $(system_reason "$tx/error")"
  durable "$boot_folder/$boot_unit" "$boot_wants" "$boot_folder"
}

boot_text() {
  cat <<EOT
[Unit]
Description=Finish or roll back an interrupted change of cluster-registry
Before=containerd.service docker.service
RequiresMountsFor=$home
ConditionPathExists=!$boot_flag
ConditionPathExists=$home/helper

[Service]
Type=oneshot
ExecStart=/bin/sh $home/helper settle
TimeoutStartSec=300
EOT
}

disarm_boot() {
  [ -e "$boot_flag" ] || [ -e "$boot_folder/$boot_unit" ] || return 0
  rm -f "$boot_folder"/*.wants/"$boot_unit" "$boot_folder/$boot_unit"
  [ ! -s "$tx/wants" ] || rmdir "$(first_line "$tx/wants")" 2>/dev/null
  rm -f "$boot_flag"
}

# settle_change: at boot. The daemon has not started, so there is nothing to restart; should it run all the same, it is.
settle_change() {
  need_root
  take_lock settle late
  sweep
  for settle_next in "$records"/*/next; do
    [ -d "$settle_next" ] || continue
    settle_record=${settle_next%/next}
    # One that needs a person does not keep the next from being settled.
    (open_record "${settle_record##*/}" && recover)
  done
  # systemd forgets the unit that is gone once this service has ended.
  systemd-run --quiet --no-block --collect --property=After="$boot_unit" systemctl daemon-reload 9>&-
}
