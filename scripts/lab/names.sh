# Names and addresses of the lab, the one place where they are written down. Sourced, never run.
#
#   cl1 10.244.10.11 ─┐                                   ┌─ 2002::10:20:2:206  web
#                     ├─ gw ── 2001::10:244:100:0/112 ── rt ── srv (IPv6 only)
#   cl2 10.244.20.12 ─┘  │
#                        └─ 10.244.40.0/24 ── dns (.252 .253 resolver, .100 sorry page)
#
# The numbers are those of the documented example: subnet 10.244.50.0/24, SNAT pool 2001::10:244:100:250-253,
# resolvers 10.244.40.252 and .253, sorry address 10.244.40.100, unreachable resolver 1.2.3.4.
# shellcheck shell=bash disable=SC2034

LAB_PREFIX=${LAB_PREFIX:-nat46lab-}
LAB_DIR=${LAB_DIR:-/tmp/${LAB_PREFIX%-}}
LAB_STATE=${LAB_STATE:-/dev/shm/${LAB_PREFIX%-}.state}
LAB_CONTROL=${LAB_CONTROL:-$LAB_DIR/nat46.sock}

LAB_NAMESPACES="cl1 cl2 gw rt srv dns"
LAB_DSSM_NAMESPACES="gw2 gwdns db" # of \`lab dssm\`: a second data gateway, the DNS gateway, the store

CL1=10.244.10.11
CL1_GW=10.244.10.1
CL2=10.244.20.12
CL2_GW=10.244.20.1

SUBNET=10.244.50.0/24
RESOLVER=1.2.3.4
DNS4=10.244.40.252
DNS4_SECOND=10.244.40.253
DNS4_GW=10.244.40.1
DNS6=2001::10:244:40:252
DNS6_GW=2001::10:244:40:1
SORRY=10.244.40.100

SNAT_POOL=2001::10:244:100:250-2001::10:244:100:253
SNAT_FIRST=2001::10:244:100:250
OUTSIDE=2001::10:244:100:0/112
GW_OUTSIDE=2001::10:244:100:1
RT_OUTSIDE=2001::10:244:100:254

SERVERS=2002::10:20:2:0/112
RT_SERVERS=2002::10:20:2:1
WEB=2002::10:20:2:206
HOST_BASE=2002::10:20:2:20 # host1 … host5 are :201 … :205
EXAMPLE=fd00:1::250

# a link gateway – server without the router, and TAYGA's own numbers: for bench/throughput
DIRECT4=10.244.60.2
DIRECT4_GW=10.244.60.1
DIRECT6=2002::10:20:3:206
DIRECT6_GW=2002::10:20:3:1
TAYGA_SUBNET=10.244.51.0/24
TAYGA_SELF=10.244.51.1
TAYGA_WEB=10.244.51.10
TAYGA_DIRECT=10.244.51.20
TAYGA_OUTSIDE=2001::10:244:101:0/112
TAYGA_SELF6=2001::10:244:101:1
TAYGA_SNAT=2001::10:244:101:250

# \`lab dssm\`: gw and gw2 carry data, gwdns answers DNS, db has two redis-servers and three Sentinels
DB=10.244.70.2
DB_NET=10.244.70
GW2_IN=10.244.11.1
CL1_GW2=10.244.11.11
GWDNS=10.244.81.2
GWDNS_GW=10.244.81.1
GW2_OUTSIDE=2001::10:244:102:1
RT_GW2=2001::10:244:102:254
SNAT_POOL2=2001::10:244:102:250-2001::10:244:102:253
DSSM_PORTS="6379 6380"
SENTINEL_PORTS="26379 26380 26381"
DSSM_URI=sentinels://$DB:26379,$DB:26380,$DB:26381

ZONE=nat46.example
EXAMPLE_NAME=single-stack-ipv6-0.dns-nat46.com

# Every name and address as KEY=VALUE, for test/helpers/lab.ts.
lab_env() {
  local key
  for key in LAB_PREFIX LAB_DIR LAB_STATE LAB_CONTROL CL1 CL1_GW CL2 CL2_GW SUBNET RESOLVER DNS4 DNS4_SECOND DNS4_GW \
    DNS6 DNS6_GW SORRY SNAT_POOL SNAT_FIRST GW_OUTSIDE RT_OUTSIDE SERVERS RT_SERVERS WEB HOST_BASE EXAMPLE ZONE EXAMPLE_NAME \
    DIRECT4 DIRECT6 TAYGA_WEB TAYGA_DIRECT DB GW2_IN GWDNS GW2_OUTSIDE SNAT_POOL2 DSSM_URI; do
    printf '%s=%s\n' "$key" "${!key}"
  done
}

# The certificates of the store, as a gateway's environment.
lab_dssm_env() {
  printf 'REDIS_CA_FILE=%s\nREDIS_AUTH_CERT=%s\nREDIS_AUTH_KEY=%s\n' \
    "$LAB_DIR/dssm/ca.crt" "$LAB_DIR/dssm/client.crt" "$LAB_DIR/dssm/client.key"
}

# The flags of the gateway in a namespace of `lab dssm`.
lab_dssm_flags() {
  printf -- '--subnet %s\n--store %s\n--state %s\n--control %s\n' "$SUBNET" "$DSSM_URI" "$LAB_STATE.$1" "$LAB_DIR/$1.sock"
  case $1 in
    gw) printf -- '--role data\n--snat-pool %s\n' "$SNAT_POOL" ;;
    gw2) printf -- '--role data\n--snat-pool %s\n' "$SNAT_POOL2" ;;
    gwdns) printf -- '--role dns\n--snat-pool %s\n--dns-listen %s:53\n--dns-upstream %s\n--sorry-ip %s\n' \
      "$SNAT_POOL" "$RESOLVER" "$DNS4" "$SORRY" ;;
  esac
}

# The flags of `nat46 run` in this lab, one flag and its value a line.
lab_gateway_flags() {
  cat <<FLAGS
--subnet $SUBNET
--snat-pool $SNAT_POOL
--dns-listen $RESOLVER:53
--dns-upstream $DNS4
--dns-upstream $DNS4_SECOND
--sorry-ip $SORRY
--store lmdb:$LAB_DIR/store
--state $LAB_STATE
--control $LAB_CONTROL
FLAGS
}
