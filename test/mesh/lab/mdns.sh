#!/bin/bash
# Two machines that know each other by mDNS only, in network namespaces; needs root and iproute2.
# No route to 224.0.0.251, two interfaces each of which the second is the shared one, a cut of 8 s,
# and an interface that comes up late. Prints each peer's events; fails when one of them is missing.
set -u
here=$(cd "$(dirname "$0")" && pwd)
node=${NODE:-node}
out=$(mktemp -d)
pids=()
down() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null; done
  wait 2>/dev/null
  for ns in kla klb klsw; do ip netns del $ns 2>/dev/null; done
}
trap down EXIT
ip netns add klsw && ip -n klsw link add br0 type bridge && ip -n klsw link set br0 up
n=0
for ns in kla klb; do
  n=$((n + 1))
  ip netns add $ns
  ip -n $ns link set lo up
  ip -n $ns link add own0 type veth peer name own1
  ip -n $ns link set own1 up
  ip -n $ns addr add 10.9$n.0.1/24 dev own0
  ip -n $ns link set own0 up
  ip -n $ns link add lan0 type veth peer name v$n netns klsw
  ip -n klsw link set v$n master br0 up
  ip -n $ns addr add 10.77.0.$n/24 dev lan0
done
ip -n kla link set lan0 up
n=0
for ns in kla klb; do
  n=$((n + 1))
  ip netns exec $ns "$node" "$here/peer.ts" $ns $n >"$out/$ns" 2>&1 &
  pids+=($!)
done
# Starts the count over: what is expected is looked for after this.
await() {
  for _ in $(seq 1 $(($3 * 10))); do
    if tail -n +$((${seen[$1]:-0} + 1)) "$out/$1" | grep -q "$2"; then
      seen[$1]=$(wc -l <"$out/$1")
      return
    fi
    sleep 0.1
  done
  echo "FAILED: no '$2' at $1 in $3 s"
  cat "$out"/kl?
  exit 1
}
declare -A seen
sleep 2
echo "$(date +%s%3N) --- the interface of klb comes up"
ip -n klb link set lan0 up
await kla "up .* 10.77.0.2" 8
await klb "up .* 10.77.0.1" 8
echo "$(date +%s%3N) --- cut"
ip -n klsw link set v2 down
await kla "down" 5
await klb "down" 5
sleep 4
echo "$(date +%s%3N) --- healed"
ip -n klsw link set v2 up
await kla "up" 5
await klb "up" 5
sort -n "$out"/kl?
echo "ok"
