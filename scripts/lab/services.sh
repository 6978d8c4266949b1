# What runs in the lab: web server, echo and iperf3 behind IPv6, the resolver and the sorry page behind IPv4.
# Sourced by `lab` after network.sh. Everything keeps its files in $LAB_DIR; Debian's services are not used.
# shellcheck shell=bash

# lab_start NS NAME COMMAND…: in the background, output to $LAB_DIR/NAME.log
lab_start() {
  local ns name
  ns=$(lab_ns "$1") name=$2
  shift 2
  setsid ip netns exec "$ns" "$@" </dev/null >"$LAB_DIR/$name.log" 2>&1 &
  disown # `lab down` ends it: no news of that
}

# lab_wait NS tcp|udp PORT NAME: until something listens there
lab_wait() {
  local i
  for ((i = 0; i < 100; i++)); do
    [ -z "$(lab_in "$1" ss -Hln --"$2" "sport = :$3")" ] || return 0
    sleep 0.05
  done
  printf 'lab: %s does not listen on %s port %s; see %s\n' "$4" "$2" "$3" "$LAB_DIR/$4.log" >&2
  return 1
}

# lab_nginx_config NAME LISTEN LOCATIONS
lab_nginx_config() {
  local run=$LAB_DIR/$1
  mkdir -p "$run/tmp" "$run/www/upload"
  cat >"$run/nginx.conf" <<CONF
user root;
worker_processes 1;
daemon off;
pid $run/nginx.pid;
error_log $run/error.log warn;
events { worker_connections 1024; }
http {
  log_format lab '\$remote_addr \$remote_port "\$request" \$status \$body_bytes_sent';
  access_log $run/access.log lab;
  client_body_temp_path $run/tmp; proxy_temp_path $run/tmp/p; fastcgi_temp_path $run/tmp/f;
  uwsgi_temp_path $run/tmp/u; scgi_temp_path $run/tmp/s;
  client_max_body_size 0; client_body_buffer_size 1m;
  sendfile on; tcp_nopush on; keepalive_timeout 65; default_type text/plain;
  server { listen $2; root $run/www; $3 }
}
CONF
}

lab_web_up() {
  lab_nginx_config web '[::]:80 backlog=1024' \
    'location /upload/ { dav_methods PUT; } location = /address { return 200 "$remote_addr\n"; }'
  printf 'Hello from the IPv6-only server.\n' >"$LAB_DIR/web/www/index.html"
  lab_start srv nginx-web nginx -c "$LAB_DIR/web/nginx.conf" -e "$LAB_DIR/web/error.log"
  lab_start srv iperf3 iperf3 -s
  lab_start srv udp-echo /usr/bin/python3 "$LAB_SCRIPTS/udp-echo.py" 7
}

lab_sorry_up() {
  lab_nginx_config sorry "$SORRY:80" 'location / { return 200 "Sorry: no NAT46 address is left.\n"; }'
  lab_start dns nginx-sorry nginx -c "$LAB_DIR/sorry/nginx.conf" -e "$LAB_DIR/sorry/error.log"
}

# Names of the lab: AAAA only, A only, both, aliases, several addresses, HTTPS.
lab_zone() {
  local i
  cat <<ZONE
$ZONE. 300 IN SOA ns.$ZONE. root.$ZONE. 1 3600 900 86400 300
$ZONE. 300 IN NS ns.$ZONE.
ns.$ZONE. 300 IN A $DNS4
web.$ZONE. 300 IN AAAA $WEB
web.$ZONE. 300 IN HTTPS 1 . alpn=h2 ipv6hint=$WEB
v4only.$ZONE. 300 IN A $SORRY
dual.$ZONE. 300 IN A $SORRY
dual.$ZONE. 300 IN AAAA $WEB
alias.$ZONE. 300 IN CNAME alias2.$ZONE.
alias2.$ZONE. 300 IN CNAME web.$ZONE.
many.$ZONE. 300 IN AAAA ${HOST_BASE}1
many.$ZONE. 300 IN AAAA ${HOST_BASE}2
mail.$ZONE. 300 IN MX 10 web.$ZONE.
ZONE
  for i in 1 2 3 4 5; do printf 'host%s.%s. 300 IN AAAA %s\n' "$i" "$ZONE" "$HOST_BASE$i"; done
}

lab_dns_up() {
  mkdir -p "$LAB_DIR/unbound"
  lab_zone >"$LAB_DIR/unbound/zone"
  cat >"$LAB_DIR/unbound/unbound.conf" <<CONF
server:
  directory: "$LAB_DIR/unbound"
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  do-daemonize: no
  num-threads: 1
  module-config: "iterator"
  interface: $DNS4
  interface: $DNS4_SECOND
  interface: $DNS6
  access-control: 0.0.0.0/0 allow
  access-control: ::/0 allow
  local-zone: "." static
  local-zone: "$ZONE." transparent
  local-zone: "${EXAMPLE_NAME#*.}." static
  local-data: "$EXAMPLE_NAME. 300 AAAA $EXAMPLE"
auth-zone:
  name: "$ZONE."
  zonefile: "$LAB_DIR/unbound/zone"
  for-downstream: yes
  for-upstream: no
remote-control:
  control-enable: no
CONF
  lab_start dns unbound unbound -d -c "$LAB_DIR/unbound/unbound.conf"
}

lab_services_up() {
  mkdir -p "$LAB_DIR"
  lab_web_up
  lab_sorry_up
  lab_dns_up
  lab_wait srv tcp 80 nginx-web
  lab_wait srv tcp 5201 iperf3
  lab_wait srv udp 7 udp-echo
  lab_wait dns tcp 80 nginx-sorry
  lab_wait dns udp 53 unbound
}
