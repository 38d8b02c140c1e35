#!/usr/bin/env bash
# How good the diagnosis is: trains sick and healthy models and prints the table of docs/babysitting.md, in some minutes.
# Further arguments go to the program: --first SEED, --seeds N, --healthy N, --late, --all, --fault NAME.
set -euo pipefail
cd "$(dirname "$0")/.."

cmake --preset release >/dev/null
cmake --build --preset release --target diagnosis_suite >/dev/null
if [[ $# -gt 0 ]]; then
    exec build/release/bench/diagnosis_suite "$@"
fi
# Thresholds were chosen by seeds below 20.
build/release/bench/diagnosis_suite --first 20 --seeds 2 --healthy 16
exec build/release/bench/diagnosis_suite --late --first 20 --seeds 2 --healthy 0
