#!/bin/sh
# two_hosts.sh -- a training over two hosts: two network namespaces (with names of their own), joined by a veth pair, with
# nothing but TCP between them. mpirun starts its daemon on the second host by the agent that it is given, as it does with
# ssh. The weights have to be those of one process. Root, and Open MPI.
#
#     tests/hosts/two_hosts.sh [PROGRAM] [PROCESSES A HOST]
set -eu
program=$(realpath "${1:-build/release/resmoon}")
each=${2:-1}
work=$(mktemp -d /tmp/resmoon-hosts-XXXXXX)
hosts="rmhosta rmhostb"

leave() {
  for host in $hosts; do ip netns del $host 2>/dev/null || true; done
  rm -rf "$work"
}
trap leave EXIT INT TERM

for host in $hosts; do
  ip netns add $host
  ip -n $host link set lo up
done
ip link add rmveth0 netns rmhosta type veth peer name rmveth1 netns rmhostb
ip -n rmhosta addr add 10.77.0.1/24 dev rmveth0
ip -n rmhostb addr add 10.77.0.2/24 dev rmveth1
ip -n rmhosta link set rmveth0 up
ip -n rmhostb link set rmveth1 up

# What mpirun calls as `agent HOST COMMAND...`.
cat >"$work/agent" <<'AGENT'
#!/bin/sh
case $1 in 10.77.0.1) host=rmhosta ;; *) host=rmhostb ;; esac
shift
exec ip netns exec $host unshare --uts sh -c "hostname $host; $*"
AGENT
chmod +x "$work/agent"

train="$program train --model resnet20 --width 8 --train-size 64 --test-size 20 --batch-size 16 --epochs 2 --lr 0.05 --threads 1"
net=10.77.0.0/24

"$work/agent" 10.77.0.1 "mpirun.openmpi --allow-run-as-root --oversubscribe --bind-to none \
  --host 10.77.0.1:$each,10.77.0.2:$each -n $((2 * each)) \
  --mca plm_rsh_agent $work/agent --mca btl tcp,self --mca btl_tcp_if_include $net --mca oob_tcp_if_include $net \
  sh -c 'echo \"process \$OMPI_COMM_WORLD_RANK on \$(hostname)\" >&2; exec $train --run $work/two'"

echo "bytes over the cable: $(ip netns exec rmhostb cat /sys/class/net/rmveth1/statistics/rx_bytes 2>/dev/null || echo unknown)"
echo
echo "one process:"
$train --run "$work/one"
two=$("$program" hash "$work/two" | cut -d' ' -f1)
one=$("$program" hash "$work/one" | cut -d' ' -f1)
[ "$two" = "$one" ] || { echo "the weights differ: $two, one process $one"; exit 1; }
echo "the weights of two hosts are those of one process: $one"
