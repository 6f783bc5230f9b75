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
    true >"$boot_flag" &&
      if [ ! -d "$boot_wants" ]; then printf '%s\n' "$boot_wants" >"$tx/wants" && umask 022 && mkdir "$boot_wants"; fi &&
      umask 022 && boot_text >"$boot_folder/$boot_unit" && ln -sf "../$boot_unit" "$boot_wants/$boot_unit"
    arm_code=$?
    umask 077
  } 2>"$tx/error"
  [ $arm_code -eq 0 ] ||
    abandon "cannot write to $boot_folder the unit that finishes this change after a power failure: $(system_reason "$tx/error")"
  durable "$boot_folder/$boot_unit" "$boot_wants" "$boot_folder"
}

boot_text() {
  printf '%s\n' "[Unit]
Description=Finish or roll back an interrupted change of cluster-registry
Before=containerd.service docker.service
RequiresMountsFor=$home
ConditionPathExists=!$boot_flag
ConditionPathExists=$home/helper

[Service]
Type=oneshot
ExecStart=/bin/sh $home/helper settle
TimeoutStartSec=300"
}

disarm_boot() {
  line_into boot_wants "$tx/wants"
  [ -e "$boot_flag" ] || [ -e "$boot_folder/$boot_unit" ] || { [ -n "$boot_wants" ] && [ -d "$boot_wants" ]; } || return 0
  # The flag last: while it is there, a start of the daemon settles nothing.
  rm -f "$boot_folder"/*.wants/"$boot_unit" "$boot_folder/$boot_unit" "$boot_flag"
  [ -z "$boot_wants" ] || rmdir "$boot_wants" 2>/dev/null
  return 0
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
