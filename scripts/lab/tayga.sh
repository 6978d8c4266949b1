# TAYGA (Debian package) as a translator of the lab: to prove the lab, and for bench/throughput to compare with.
# It is stateless: one client and its servers have fixed counterparts. Sourced by `lab`.
# shellcheck shell=bash

tayga_config() {
  cat <<CONF
tun-device tayga
ipv4-addr $TAYGA_SELF
ipv6-addr $TAYGA_SELF6
map $CL1 $TAYGA_SNAT
map $TAYGA_WEB $WEB
map $TAYGA_DIRECT $DIRECT6
data-dir $LAB_DIR/tayga
CONF
}

tayga_up() {
  local gw i
  gw=$(lab_ns gw)
  command -v tayga >/dev/null || fail 'tayga is missing; run: scripts/setup --test'
  mkdir -p "$LAB_DIR/tayga"
  tayga_config >"$LAB_DIR/tayga/tayga.conf"
  lab_in gw sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
  lab_in gw tayga -c "$LAB_DIR/tayga/tayga.conf" --mktun >"$LAB_DIR/tayga.log" 2>&1
  ip -n "$gw" link set tayga up
  ip -n "$gw" route add "$TAYGA_SUBNET" dev tayga
  ip -n "$gw" -6 route add "$TAYGA_OUTSIDE" dev tayga
  ip -n "$(lab_ns rt)" -6 route add "$TAYGA_OUTSIDE" via "$GW_OUTSIDE"
  lab_start gw tayga tayga -c "$LAB_DIR/tayga/tayga.conf" --nodetach
  for ((i = 0; i < 100; i++)); do
    if ip -n "$gw" link show tayga | grep -q LOWER_UP; then return 0; fi
    sleep 0.05
  done
  fail "tayga does not run; see $LAB_DIR/tayga.log"
}
