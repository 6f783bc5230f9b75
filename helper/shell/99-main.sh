# The verbs. Nothing else can be asked of this program, so sudo may be limited to it.
main() {
  verb=${1-}
  [ $# -eq 0 ] || shift
  case $verb in
    guard) guard "$@" ;;
    apply) apply "$@" ;;
    undo) undo "$@" ;;
    would-undo) would_undo "$@" ;;
    restore) restore "$@" ;;
    docker-install) docker_install "$@" ;;
    container-claim) container_claim "$@" ;;
    container-claimed) container_claimed "$@" ;;
    container-leftover) container_leftover "$@" ;;
    container-release) container_release "$@" ;;
    docker-start) docker_start ;;
    reach) reach "$@" ;;
    observe) observe_installed "$@" ;;
    run)
      need_root
      need_home
      run_detached "$@"
      ;;
    recover)
      need_root
      recover_detached "$@"
      ;;
    settle) settle_change ;;
    watchdog)
      need_root
      watchdog "$@"
      ;;
    *) refuse "expected guard, apply, undo, would-undo, restore, docker-install, docker-start, container-claim, container-claimed, container-leftover, container-release, reach or observe; found \"$verb\"" ;;
  esac
}

main "$@"
exit
}
