# TAYGA (Debian package) as the translator of the lab: to prove the lab, and for bench/throughput to compare with.
# It is stateless: one client and one server have fixed counterparts. Sourced by `lab`.
# shellcheck shell=bash

TAYGA_WEB=10.244.50.10

tayga_config() {
  cat <<CONF
tun-device tayga
ipv4-addr 10.244.50.1
ipv6-addr 2001::10:244:101:1
map $CL1 $SNAT_FIRST
map $TAYGA_WEB $WEB
data-dir $LAB_DIR/tayga
CONF
}

tayga_up() {
  local gw i
  gw=$(lab_ns gw)
  command -v tayga >/dev/null || fail 'tayga is missing; run: scripts/setup --test'
  mkdir -p "$LAB_DIR/tayga"
  tayga_config >"$LAB_DIR/tayga/tayga.conf"
  lab_in gw sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv6.conf.out.proxy_ndp=1
  lab_in gw tayga -c "$LAB_DIR/tayga/tayga.conf" --mktun >"$LAB_DIR/tayga.log" 2>&1
  ip -n "$gw" link set tayga up
  ip -n "$gw" route add "$SUBNET" dev tayga
  ip -n "$gw" -6 route add "$SNAT_FIRST/128" dev tayga
  ip -n "$gw" -6 neigh add proxy "$SNAT_FIRST" dev out
  lab_start gw tayga tayga -c "$LAB_DIR/tayga/tayga.conf" --nodetach
  for ((i = 0; i < 100; i++)); do
    if ip -n "$gw" link show tayga | grep -q LOWER_UP; then return 0; fi
    sleep 0.05
  done
  fail "tayga does not run; see $LAB_DIR/tayga.log"
}

# Everything that tayga_up did, undone.
tayga_down() {
  local gw pid
  gw=$(lab_ns gw)
  for pid in $(ip netns pids "$gw"); do
    [ "$(cat "/proc/$pid/comm" 2>/dev/null)" != tayga ] || kill -9 "$pid"
  done
  ip -n "$gw" link del tayga 2>/dev/null || true
  ip -n "$gw" -6 neigh del proxy "$SNAT_FIRST" dev out 2>/dev/null || true
  lab_in gw sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0 net.ipv6.conf.out.proxy_ndp=0
}
