#!/usr/bin/env bash
# From a fresh machine to a trained model: installs what is missing, builds, and trains the digits example.
# Arguments go to the example: scripts/demo.sh --data DIR reads MNIST's files from DIR instead of drawing digits.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)

"$root/scripts/install-deps.sh"
echo "Building (a few minutes the first time)"
(cd "$root" && cmake --preset release -Wno-dev >/dev/null && cmake --build --preset release --target example_digits)

log=$root/build/demo/digits.log
mkdir -p "$(dirname "$log")"
"$root/build/release/examples/digits" "$@" 2>&1 | tee "$log"
echo "What it printed is kept in $log; the program itself is build/release/examples/digits (--help lists its options)."
