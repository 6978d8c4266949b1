# `npm run lab` and `npm run demo`: the lab with the gateway in it. Sourced by `lab`.
# shellcheck shell=bash

GATEWAY_PID=

# Start the gateway in the background and wait until it says that it is ready.
gateway_start() {
  local i
  "$LAB_SCRIPTS/lab" gateway </dev/null 2>"$LAB_DIR/gateway.log" >/dev/null &
  GATEWAY_PID=$!
  for ((i = 0; i < 200; i++)); do
    if grep -q '"msg":"ready"' "$LAB_DIR/gateway.log" 2>/dev/null; then return 0; fi
    kill -0 "$GATEWAY_PID" 2>/dev/null || break
    sleep 0.05
  done
  tail -n 5 "$LAB_DIR/gateway.log" >&2
  fail 'the gateway did not become ready; see above'
}

take_down() {
  trap - EXIT
  trap '' INT TERM
  if [ -n "$GATEWAY_PID" ]; then
    kill -TERM "$GATEWAY_PID" 2>/dev/null || true
    wait "$GATEWAY_PID" 2>/dev/null || true
  fi
  lab_down
}

with_gateway() {
  "$ROOT/scripts/setup" --test
  cd "$ROOT"
  trap take_down EXIT
  trap 'exit 0' INT TERM
  up
  gateway_start
}

picture() {
  cat <<TEXT

  cl1 $CL1 ─┐
                    ├─ gateway ── router ── server $WEB (IPv6 only), web.$ZONE
  cl2 $CL2 ─┘     │
      IPv4 only           └─ resolver $DNS4, sorry page $SORRY

TEXT
}

# What to try from the client, and what to ask the gateway: lines of the demo and of the printed help.
client_commands() {
  cat <<TEXT
getent ahostsv4 web.$ZONE
curl -s http://web.$ZONE/
curl -s http://web.$ZONE/address
ping -c 3 -i 0.2 web.$ZONE
traceroute -I -n -q 1 web.$ZONE
iperf3 -c web.$ZONE -t 3
TEXT
}

gateway_commands() {
  local nat46="node dist/src/main.js"
  cat <<TEXT
$nat46 tmctl -f $LAB_STATE virtual_server_stat -s name,serverside.tot_conns
$nat46 status --control $LAB_CONTROL
$nat46 mappings --control $LAB_CONTROL
$nat46 sessions --control $LAB_CONTROL
$nat46 dssm list --control $LAB_CONTROL
TEXT
}

# Another lab of this prefix would lose its processes.
refuse_second_lab() {
  local pids
  pids=$(ip netns pids "$(lab_ns gw)" 2>/dev/null | tr '\n' ' ') || true
  [ -z "$pids" ] || fail "a lab is running (pids $pids): end it, or scripts/lab/lab down; LAB_PREFIX=… keeps two labs apart"
}

interactive() {
  refuse_second_lab
  with_gateway
  picture
  printf 'The gateway is ready; its log is %s. In another terminal, as root, from %s:\n\n' "$LAB_DIR/gateway.log" "$ROOT"
  client_commands | sed "s|^|  ip netns exec $(lab_ns cl1) |"
  printf '\n'
  gateway_commands | sed 's|^|  |'
  cat <<TEXT

  LAB_PREFIX=$LAB_PREFIX scripts/lab/lab mtu 1400    # a smaller path MTU behind the router; 1500 = back
  ip netns exec $(lab_ns gw) tcpdump -ni nat46

Ctrl-C ends the gateway and removes the lab.
TEXT
  wait "$GATEWAY_PID" || true
  GATEWAY_PID=
  tail -n 5 "$LAB_DIR/gateway.log" >&2
  fail 'the gateway ended by itself; the end of its log is above'
}

# show NS COMMAND: print it, run it, its output indented
show() {
  local bold='' plain=''
  if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold=$'\e[1m' plain=$'\e[0m'; fi
  printf '%s%s# %s%s\n' "$bold" "$1" "$2" "$plain"
  # shellcheck disable=SC2086
  lab_in "$1" $2 2>&1 | sed 's/^/    /'
  printf '\n'
}

demo() {
  local line
  refuse_second_lab
  with_gateway
  picture
  while read -r line; do show cl1 "$line" </dev/null; done < <(client_commands)
  while read -r line; do show gw "$line" </dev/null; done < <(gateway_commands)
}
