#!/usr/bin/env bash
# What it costs to compile a user's file, in processor seconds and memory, beside a file of libtorch that does the same:
#   scripts/compile_bench.sh [--torch FOLDER] [--repeat N]
# FOLDER holds libtorch's include/ (default: that of the torch package which python3 imports; none: only ours is measured).
# bench/compile/ has the files, bench/peers/compile/ their peers; the peer of an empty file is xtensor's header.
# The fastest of N (3) runs counts. Needs a build of the release preset, and GNU time.
set -euo pipefail
cd "$(dirname "$0")/.."

torch=$(python3 -c 'import importlib.util as u; print(u.find_spec("torch").submodule_search_locations[0])' 2>/dev/null || true)
repeat=3
while [[ $# -gt 0 ]]; do
    case "$1" in
        --torch) torch=$2 ;;
        --repeat) repeat=$2 ;;
        *)
            echo "usage: scripts/compile_bench.sh [--torch FOLDER] [--repeat N]" >&2
            exit 2
            ;;
    esac
    shift 2
done

command=$(ninja -C build/release -t commands bench/CMakeFiles/xtape_bench.dir/main.cpp.o | tail -1)
ours=$(grep -oE -- ' (-D|-I|-isystem )[^ ]+| -(O[0-9]|std=[^ ]+|march=[^ ]+|fopenmp)' <<<"$command" | tr '\n' ' ')
compiler=$(grep -oE '[^ ]*/(c\+\+|g\+\+|clang\+\+)[^ ]*' <<<"$command" | tail -1)
theirs="-std=c++20 -O3 -DNDEBUG -isystem $torch/include -isystem $torch/include/torch/csrc/api/include"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# measure <flags> <file>: leaves the fastest run's seconds and megabytes in those variables.
measure() {
    : >"$scratch/times"
    for ((run = 0; run < repeat; ++run)); do
        # shellcheck disable=SC2086  # the flags are words
        /usr/bin/time -a -o "$scratch/times" -f '%U %S %M' "$compiler" $1 -w -c "$2" -o "$scratch/object"
    done
    read -r seconds megabytes <<<"$(awk '{ print $1 + $2, int($3 / 1024) }' "$scratch/times" | sort -g | sed -n 1p)"
}

printf '%-14s %10s %10s %10s %10s %8s\n' file 'ours s' 'ours MB' 'peer s' 'peer MB' ratio
for file in bench/compile/*.cpp; do
    name=$(basename "$file" .cpp)
    peer=bench/peers/compile/$name.cpp
    measure "$ours" "$file"
    our_seconds=$seconds our_megabytes=$megabytes
    seconds=- megabytes=-
    if ! grep -q '<torch/' "$peer"; then
        measure "$ours" "$peer"
    elif [[ -n $torch ]]; then
        measure "$theirs" "$peer"
    fi
    ratio=$(awk -v a="$our_seconds" -v b="$seconds" 'BEGIN { if (b > 0) printf "%.2f", a / b; else print "-" }')
    printf '%-14s %10s %10s %10s %10s %8s\n' "$name" "$our_seconds" "$our_megabytes" "$seconds" "$megabytes" "$ratio"
done
