#!/usr/bin/env bash
# From a fresh machine to a report: installs what is missing, builds, and brings up a network on digits step by step, as
# an experienced person would (examples/babysitting).
# Arguments go to the example: scripts/demo.sh --data DIR reads MNIST's files from DIR instead of drawing digits.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)

"$root/scripts/install-deps.sh"
echo "Building (a few minutes the first time)"
(cd "$root" && cmake --preset release -Wno-dev >/dev/null && cmake --build --preset release --target example_babysitting)

report=$root/build/demo/babysitting.html
mkdir -p "$(dirname "$report")"
"$root/build/release/examples/babysitting" --report "$report" "$@"
