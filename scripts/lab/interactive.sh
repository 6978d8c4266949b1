# `npm run lab`: the lab with the gateway in it, in the foreground. Sourced by `lab`.
# shellcheck shell=bash

GATEWAY_PID=

# Start the gateway in the background and wait until it says that it is ready.
gateway_start() {
  local i
  "$LAB_SCRIPTS/lab" gateway "$@" </dev/null 2>"$LAB_DIR/gateway.log" >/dev/null &
  GATEWAY_PID=$!
  for ((i = 0; i < 200; i++)); do
    if grep -q '"msg":"ready"' "$LAB_DIR/gateway.log" 2>/dev/null; then return 0; fi
    kill -0 "$GATEWAY_PID" 2>/dev/null || break
    sleep 0.05
  done
  tail -n 5 "$LAB_DIR/gateway.log" >&2
  fail "the gateway did not become ready; see above"
}

take_down() {
  trap - EXIT INT TERM
  if [ -n "$GATEWAY_PID" ]; then
    kill -TERM "$GATEWAY_PID" 2>/dev/null || true
    wait "$GATEWAY_PID" 2>/dev/null || true
  fi
  lab_down
}

what_to_try() {
  local in1="ip netns exec $(lab_ns cl1)" gw="ip netns exec $(lab_ns gw)" nat46="node dist/src/main.js"
  cat <<TEXT

  cl1 $CL1 ─┐                              ┌─ $WEB  web.$ZONE
                    ├─ gateway ── router ── server │  (IPv6 only)
  cl2 $CL2 ─┘        │
                             └─ resolver $DNS4, sorry page $SORRY

The gateway is ready; its log is $LAB_DIR/gateway.log. In another terminal, as root, from this folder:

  # from the IPv4-only client
  $in1 getent ahostsv4 web.$ZONE
  $in1 curl http://web.$ZONE/
  $in1 curl http://web.$ZONE/address       # who the server thinks you are
  $in1 ping -c 3 web.$ZONE
  $in1 traceroute -n web.$ZONE
  $in1 iperf3 -c web.$ZONE

  # what the gateway knows
  $nat46 tmctl -f $LAB_STATE virtual_server_stat -s name,serverside.tot_conns
  $nat46 status --control $LAB_CONTROL
  $nat46 mappings --control $LAB_CONTROL
  $nat46 sessions --control $LAB_CONTROL
  $nat46 dssm list --control $LAB_CONTROL

  # a smaller path MTU behind the router, and what is on the gateway's device
  scripts/lab/lab mtu 1400
  $gw tcpdump -ni nat46

Ctrl-C here ends the gateway and removes the lab.
TEXT
}

interactive() {
  trap take_down EXIT
  trap 'exit 0' INT TERM
  up
  gateway_start
  what_to_try
  wait "$GATEWAY_PID" || true
  GATEWAY_PID=
  tail -n 5 "$LAB_DIR/gateway.log" >&2
  fail 'the gateway ended by itself'
}
