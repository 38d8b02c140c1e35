#!/usr/bin/env bash
# Kills a rank of a training under mpirun at random moments (50, or as many as asked for), resumes each run on 1, 2 or 4
# ranks, and compares what comes out, byte for byte; before that, ranks throw, hang, leave and write to a full disk.
set -euo pipefail
cd "$(dirname "$0")/.."
program=build/release/tests/distributed/failing
[[ -x $program ]] || { echo "build it first: cmake --preset release && cmake --build --preset release" >&2; exit 1; }
exec python3 tests/distributed/failing.py "${1:-50}" build/release/tests/distributed/failing_runs "$PWD/$program" \
    mpirun --oversubscribe --allow-run-as-root --bind-to none
