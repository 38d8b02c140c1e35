#!/usr/bin/env bash
# Runs our benchmarks and a peer's in turn, and prints a table: case, our and the peer's median in us, and the ratio.
#   scripts/bench.sh [--peer PROGRAM] [--repeat N] [filter]
# PROGRAM prints "name<TAB>median_us<TAB>min_us" per case and takes the filter, as build/release/bench/xtape_bench does.
# Without --peer it is bench/peers/libtorch_bench.cpp, where libtorch-dev is installed. OMP_NUM_THREADS (1) sets the threads.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)

usage() {
    echo "usage: scripts/bench.sh [--peer PROGRAM] [--repeat N] [filter]" >&2
    exit 2
}

peer=
repeat=3
filter=
while [[ $# -gt 0 ]]; do
    case "$1" in
        --peer | --repeat)
            [[ $# -ge 2 ]] || usage
            if [[ $1 == --peer ]]; then peer=$(realpath -e "$2"); else repeat=$2; fi
            shift 2
            ;;
        -*) usage ;;
        *)
            [[ -z $filter ]] || usage
            filter=$1
            shift
            ;;
    esac
done
[[ $repeat =~ ^[1-9][0-9]*$ ]] || usage

cd "$root"
{
    cmake --preset release
    cmake --build --preset release --target xtape_bench
    if [[ -z $peer ]] && cmake --build --preset release --target help | grep -q '^libtorch_bench:'; then
        cmake --build --preset release --target libtorch_bench
        peer=$root/build/release/bench/libtorch_bench
    fi
} >&2
[[ -n $peer ]] || echo "No peer: libtorch-dev is not installed, and --peer names no program." >&2

export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
for ((run = 1; run <= repeat; ++run)); do
    echo "Run $run of $repeat" >&2
    build/release/bench/xtape_bench ${filter:+"$filter"} | sed 's/^/ours\t/' >>"$results/all"
    if [[ -n $peer ]]; then "$peer" ${filter:+"$filter"} | sed 's/^/peer\t/' >>"$results/all"; fi
done

# The median, over the runs, of the medians that each run printed; cases in the order in which they were printed.
sort -s -t $'\t' -k1,1 -k2,2 -k3,3g "$results/all" >"$results/sorted"
awk -F '\t' '
    function median(side, name,    n) {
        n = count[side, name]
        if (!n) return ""
        return n % 2 ? value[side, name, (n + 1) / 2] : (value[side, name, n / 2] + value[side, name, n / 2 + 1]) / 2
    }
    function show(number, format) { return number == "" ? "-" : sprintf(format, number) }
    NF < 3 { next }
    FNR == NR { value[$1, $2, ++count[$1, $2]] = $3 + 0; next }
    !seen[$2]++ { order[++cases] = $2 }
    END {
        printf "%-36s %14s %14s %8s\n", "case", "ours us", "peer us", "ratio"
        for (i = 1; i <= cases; ++i) {
            name = order[i]; ours = median("ours", name); peer = median("peer", name)
            ratio = ours == "" || peer == "" || peer == 0 ? "" : ours / peer
            printf "%-36s %14s %14s %8s\n", name, show(ours, "%.2f"), show(peer, "%.2f"), show(ratio, "%.3f")
        }
    }' "$results/sorted" "$results/all"
