# Many gateways and one store in the lab: two redis-servers and three Sentinels over TLS with client certificates in `db`,
# the DNS gateway in `gwdns`, data gateways in `gw` and `gw2`. Sourced by `lab` after services.sh.
# shellcheck shell=bash

dssm_up() {
  local tool
  for tool in redis-server redis-cli openssl; do
    command -v "$tool" >/dev/null || fail "$tool is missing; run: scripts/setup --test"
  done
  # shellcheck disable=SC2086
  lab_namespaces $LAB_DSSM_NAMESPACES
  dssm_links
  dssm_certificates
  dssm_servers
}

# A management network between the store and the gateways, and a second way from cl1 to the outside.
dssm_links() {
  local name n=3
  ip -n "$(lab_ns db)" link add bridge0 type bridge
  ip -n "$(lab_ns db)" link set bridge0 up
  lab_address db bridge0 "$DB/24"
  for name in gw gw2 gwdns; do
    lab_link "$name" store db "$name"
    ip -n "$(lab_ns db)" link set "$name" master bridge0
    lab_address "$name" store "$DB_NET.$n/24"
    n=$((n + 1))
  done

  lab_link gwdns eth0 gw gwdns
  lab_address gwdns eth0 "$GWDNS/24"
  lab_address gwdns lo "$RESOLVER/32"
  lab_address gw gwdns "$GWDNS_GW/24"
  ip -n "$(lab_ns gwdns)" route add default via "$GWDNS_GW"
  ip -n "$(lab_ns gw)" route add "$RESOLVER/32" via "$GWDNS"
  lab_in gw sysctl -qw net.ipv4.ip_forward=1 # between cl1, gwdns and dns, whether a gateway runs or not

  lab_link cl1 eth1 gw2 in1
  lab_address cl1 eth1 "$CL1_GW2/24"
  lab_address gw2 in1 "$GW2_IN/24"
  ip -n "$(lab_ns gw2)" route add "$CL1/32" via "$CL1_GW2"
  lab_in cl1 sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth1.rp_filter=0

  lab_link gw2 out rt gw2
  lab_address gw2 out "$GW2_OUTSIDE/112"
  lab_address rt gw2 "$RT_GW2/112"
  ip -n "$(lab_ns gw2)" -6 route add default via "$RT_GW2"
}

# dssm_route gw|gw2 [SNAT…]
dssm_route() {
  local via=$CL1_GW dev=eth0 outside=$GW_OUTSIDE snat
  [ "$1" = gw ] || { via=$GW2_IN dev=eth1 outside=$GW2_OUTSIDE; }
  shift
  ip -n "$(lab_ns cl1)" route replace "$SUBNET" via "$via" dev "$dev" src "$CL1"
  for snat in "$@"; do ip -n "$(lab_ns rt)" -6 route replace "$snat/128" via "$outside"; done
}

# dssm_sign NAME SUBJECT_ALT_NAME
dssm_sign() {
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$1" -addext "subjectAltName=$2" \
    -keyout "$1.key" -out "$1.csr" 2>/dev/null
  openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -copy_extensions copy -days 2 -out "$1.crt" 2>/dev/null
}

dssm_certificates() (
  mkdir -p "$LAB_DIR/dssm"
  cd "$LAB_DIR/dssm"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj '/CN=lab CA' \
    -keyout ca.key -out ca.crt 2>/dev/null
  dssm_sign server "IP:$DB"
  dssm_sign client DNS:gateway.example
)

# dssm_config PORT: what servers and Sentinels share
dssm_config() {
  local folder=$LAB_DIR/dssm
  cat <<CONF
bind $DB
port 0
tls-port $1
tls-cert-file $folder/server.crt
tls-key-file $folder/server.key
tls-ca-cert-file $folder/ca.crt
tls-replication yes
protected-mode no
dir $folder/$1
pidfile $folder/$1/pid
daemonize yes
logfile $folder/$1/log
CONF
}

dssm_servers() {
  local port first=${DSSM_PORTS%% *} folder=$LAB_DIR/dssm
  for port in $DSSM_PORTS $SENTINEL_PORTS; do mkdir "$folder/$port"; done
  for port in $DSSM_PORTS; do
    {
      dssm_config "$port"
      printf 'save ""\nrepl-diskless-sync-delay 0\nrepl-ping-replica-period 1\n'
      [ "$port" = "$first" ] || printf 'replicaof %s %s\n' "$DB" "$first"
    } >"$folder/$port/conf"
    lab_in db redis-server "$folder/$port/conf"
    lab_wait db tcp "$port" "dssm/$port"
  done
  for port in $SENTINEL_PORTS; do
    {
      dssm_config "$port"
      printf 'sentinel monitor dssm %s %s 2\n' "$DB" "$first"
      printf 'sentinel down-after-milliseconds dssm 1000\nsentinel failover-timeout dssm 3000\n'
    } >"$folder/$port/conf"
    lab_in db redis-server "$folder/$port/conf" --sentinel
    lab_wait db tcp "$port" "dssm/$port"
  done
  for ((i = 0; i < 100; i++)); do
    DSSM_PORT=${SENTINEL_PORTS%% *} dssm_cli INFO sentinel | grep -q 'slaves=1,sentinels=3' && return 0
    sleep 0.1
  done
  fail "the Sentinels do not find each other; see $folder/*/log"
}

dssm_cli() {
  local folder=$LAB_DIR/dssm
  lab_in db redis-cli -h "$DB" -p "${DSSM_PORT:-6379}" --tls --cert "$folder/client.crt" --key "$folder/client.key" \
    --cacert "$folder/ca.crt" "$@"
}

# run_dssm_gateway NS [FLAG…]
run_dssm_gateway() {
  local ns=$1 flags
  shift
  flags=$(lab_dssm_flags "$ns" | tr '\n' ' ')
  # shellcheck disable=SC2046,SC2086
  exec ip netns exec "$(lab_ns "$ns")" env $(lab_dssm_env) node "$ROOT/dist/src/main.js" run $flags "$@"
}

dssm_picture() {
  cat <<TEXT

                    ┌─ gwdns: DNS46 on $RESOLVER ─┐
  cl1 $CL1 ─┼─ gw:    data gateway ─────┼─ db $DB: redis-server 6379, 6380; Sentinels 26379 … 26381
                    └─ gw2:   data gateway ─────┘
                         └── router ── server $WEB (IPv6 only), web.$ZONE

TEXT
}

interactive_dssm() {
  local ns
  refuse_second_lab
  "$ROOT/scripts/setup" --test
  cd "$ROOT"
  trap dssm_take_down EXIT
  trap 'exit 0' INT TERM
  up
  dssm_up
  dssm_pids=''
  for ns in gwdns gw gw2; do
    "$LAB_SCRIPTS/lab" dssm-gateway "$ns" </dev/null 2>"$LAB_DIR/$ns.log" >/dev/null &
    dssm_pids="$dssm_pids $!"
    dssm_ready "$ns"
  done
  dssm_picture
  dssm_help
  # shellcheck disable=SC2086
  wait $dssm_pids || true
}

dssm_ready() {
  local i
  for ((i = 0; i < 200; i++)); do
    if grep -q '"msg":"ready"' "$LAB_DIR/$1.log" 2>/dev/null; then return 0; fi
    sleep 0.05
  done
  tail -n 5 "$LAB_DIR/$1.log" >&2
  fail "the gateway in $1 did not become ready; see above"
}

dssm_take_down() {
  trap - EXIT
  trap '' INT TERM
  local pid
  for pid in ${dssm_pids:-}; do
    kill -TERM "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  lab_down
}

dssm_help() {
  local in="ip netns exec $(lab_ns cl1)" lab="scripts/lab/lab"
  local snat="${SNAT_FIRST%0}{0,1,2,3}"
  [ "$LAB_PREFIX" = nat46lab- ] || lab="LAB_PREFIX=$LAB_PREFIX $lab"
  cat <<TEXT
Three gateways are ready; their logs are $LAB_DIR/gw*.log. In another terminal, as root, from $ROOT:

  $in curl -s http://web.$ZONE/address        # the name from gwdns, the connection through gw
  $lab dssm-route gw2                                        # now through gw2, which never saw the query
  $lab dssm-cli KEYS '*'                                      # mapping records
  $lab dssm-cli SETNX 0073c3b6eft_dns4610.244.50.220 0001000000000000000000000002$WEB
  $in curl -s http://10.244.50.220/address
  $lab dssm-cli DEL 0073c3b6eft_dns4610.244.50.220
  node dist/src/main.js status --control $LAB_DIR/gw2.sock

  kill -9 \$(cat $LAB_DIR/dssm/6379/pid)     # the master: names go on after the failover. From then on it is 6380:
  env DSSM_PORT=6380 $lab dssm-cli ROLE           # dssm-cli asks 6379 unless it is told; a replica says READONLY to a write
  ip netns exec $(lab_ns db) redis-server $LAB_DIR/dssm/6379/conf     # start the killed one again; Sentinel makes it a replica

  node dist/src/main.js drain --control $LAB_DIR/gw.sock     # wait until gw2's status says: taken over. Or kill it, and wait for 5 s:
  kill -9 \$(node dist/src/main.js status -o csv --control $LAB_DIR/gw.sock | tr -d '\r' | sed -n s/^pid,//p)
  $lab dssm-route gw2 $snat    # its SNAT addresses as well: established connections go on through gw2
  $lab dssm-gateway gw                                       # start the killed one again, in the foreground
  $lab dssm-route gw $snat     # and back

Ctrl-C ends everything and removes the lab.
TEXT
}
