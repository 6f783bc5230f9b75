# For keepers: makes the network namespace of one host, bound to the file `net` in the current folder, and plugs it into
# the lab's switch. It is as after a cold start: no bridge or packet filter rule of an earlier boot stays. There is no
# default route: nothing that a host does leaves the lab.
connect() {
  : > net
  unshare --net=net true
  ip -n "$SWITCH" link del "$SWITCH_PORT" 2> /dev/null || true
  ip -n "$SWITCH" link add "$SWITCH_PORT" type veth peer name eth0 address "$HOST_MAC" netns "$PWD/net"
  ip -n "$SWITCH" link set "$SWITCH_PORT" master switch alias "$HOST_LABEL" up
  nsenter --net=net sh -eu -c '
    ip link set lo up
    ip address add "$HOST_ADDRESS" dev eth0
    ip link set eth0 up
    echo 1 > /proc/sys/net/ipv4/ip_forward
  '
}
