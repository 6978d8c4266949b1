# The namespaces, links, addresses and routes of the lab. Sourced by `lab` after names.sh.
# shellcheck shell=bash

lab_ns() { printf '%s%s' "$LAB_PREFIX" "$1"; }

# Run a command in a namespace of the lab: lab_in gw ip route
lab_in() {
  local ns
  ns=$(lab_ns "$1")
  shift
  ip netns exec "$ns" "$@"
}

# lab_link A a-interface B b-interface: a veth pair, both ends up
lab_link() {
  ip link add "$2" netns "$(lab_ns "$1")" type veth peer name "$4" netns "$(lab_ns "$3")"
  ip -n "$(lab_ns "$1")" link set "$2" up
  ip -n "$(lab_ns "$3")" link set "$4" up
}

# lab_address NS INTERFACE ADDRESS/LEN…
lab_address() {
  local ns=$1 interface=$2 address
  shift 2
  for address in "$@"; do
    case $address in
      *:*) ip -n "$(lab_ns "$ns")" address add "$address" dev "$interface" nodad ;;
      *) ip -n "$(lab_ns "$ns")" address add "$address" dev "$interface" ;;
    esac
  done
}

# lab_namespaces NAME…
lab_namespaces() {
  local name ns
  for name in "$@"; do
    ns=$(lab_ns "$name")
    ip netns add "$ns"
    ip -n "$ns" link set lo up
    # forwarding starts off, whatever the host has: the gateway must switch on what it needs
    ip netns exec "$ns" sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0 \
      net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_ra=0 \
      net.ipv6.conf.default.disable_ipv6=0 net.ipv6.conf.all.disable_ipv6=0
  done
}

lab_namespaces_up() {
  local name
  # shellcheck disable=SC2086
  lab_namespaces $LAB_NAMESPACES
  for name in cl1 cl2; do # IPv4 only
    lab_in "$name" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
    mkdir -p "/etc/netns/$(lab_ns "$name")"
    printf 'nameserver %s\noptions timeout:2 attempts:3\n' "$RESOLVER" >"/etc/netns/$(lab_ns "$name")/resolv.conf"
  done
}

lab_links_up() {
  local i
  lab_link cl1 eth0 gw in1
  lab_address cl1 eth0 "$CL1/24"
  lab_address gw in1 "$CL1_GW/24"
  ip -n "$(lab_ns cl1)" route add default via "$CL1_GW"

  lab_link cl2 eth0 gw in2
  lab_address cl2 eth0 "$CL2/24"
  lab_address gw in2 "$CL2_GW/24"
  ip -n "$(lab_ns cl2)" route add default via "$CL2_GW"

  lab_link dns eth0 gw dns
  lab_address dns eth0 "$DNS4/24" "$DNS4_SECOND/24" "$SORRY/24" "$DNS6/112"
  lab_address gw dns "$DNS4_GW/24" "$DNS6_GW/112"
  ip -n "$(lab_ns dns)" route add default via "$DNS4_GW"

  lab_link gw out rt gw
  lab_address gw out "$GW_OUTSIDE/112"
  lab_address rt gw "$RT_OUTSIDE/112"
  ip -n "$(lab_ns gw)" -6 route add default via "$RT_OUTSIDE"

  lab_link rt srv srv eth0
  lab_address rt srv "$RT_SERVERS/112"
  lab_address srv eth0 "$WEB/112" "$EXAMPLE/128"
  for i in 1 2 3 4 5; do lab_address srv eth0 "$HOST_BASE$i/112"; done
  ip -n "$(lab_ns srv)" -6 route add default via "$RT_SERVERS" src "$WEB"
  ip -n "$(lab_ns rt)" -6 route add "$EXAMPLE/128" dev srv
  lab_in rt sysctl -qw net.ipv6.conf.all.forwarding=1
  # every probe of a traceroute is to be answered
  lab_in rt sysctl -qw net.ipv6.icmp.ratelimit=0
  lab_in srv sysctl -qw net.ipv6.icmp.ratelimit=0
}

lab_network_up() {
  lab_namespaces_up
  lab_links_up
}

# A link from the gateway straight to the server, for benches: the server has an IPv4 address on it as well.
lab_direct() {
  lab_link gw direct srv direct
  lab_address gw direct "$DIRECT4_GW/24" "$DIRECT6_GW/112"
  lab_address srv direct "$DIRECT4/24" "$DIRECT6/112"
  ip -n "$(lab_ns srv)" route add default via "$DIRECT4_GW"
  ip -n "$(lab_ns srv)" -6 route add "$OUTSIDE" via "$DIRECT6_GW"
  ip -n "$(lab_ns srv)" -6 route add "$TAYGA_OUTSIDE" via "$DIRECT6_GW"
}

# Path MTU of the router's hop, both ways: packets beyond it are answered with packet too big.
lab_mtu() {
  local rt
  rt=$(lab_ns rt)
  ip -n "$rt" -6 route replace "$SERVERS" dev srv proto kernel metric 256 mtu lock "$1"
  ip -n "$rt" -6 route replace "$OUTSIDE" dev gw proto kernel metric 256 mtu lock "$1"
  # what was learnt under another path MTU is forgotten
  lab_in srv ip -6 route flush cache
  lab_in gw ip -6 route flush cache
  lab_in cl1 ip route flush cache
  lab_in cl2 ip route flush cache
}

# Ends what runs in the namespaces of this lab, removes them and their files. Harmless when nothing is there.
lab_down() {
  local name ns pids
  for name in $LAB_NAMESPACES $LAB_DSSM_NAMESPACES; do
    ns=$(lab_ns "$name")
    [ -e "/run/netns/$ns" ] || continue
    while pids=$(ip netns pids "$ns" 2>/dev/null) && [ -n "$pids" ]; do
      # shellcheck disable=SC2086
      kill -9 $pids 2>/dev/null || true
      sleep 0.02
    done
  done
  for name in $LAB_NAMESPACES $LAB_DSSM_NAMESPACES; do
    ns=$(lab_ns "$name")
    [ ! -e "/run/netns/$ns" ] || ip netns delete "$ns" || true
    rm -rf "/etc/netns/$ns"
  done
  rm -rf "$LAB_DIR" "$LAB_STATE" "$LAB_STATE".*
  rmdir --ignore-fail-on-non-empty /etc/netns 2>/dev/null || true
}
