#!/usr/bin/env bash
# Kills a training run with prefetch, augmentation, averages and every callback at random moments (200, or as many as
# asked for), resumes each in another process, and compares what comes out, byte for byte.
set -euo pipefail
cd "$(dirname "$0")/.."
program=build/release/tests/test_train
[[ -x $program ]] || { echo "build it first: cmake --preset release && cmake --build --preset release" >&2; exit 1; }
XTAPE_KILLS=${1:-200} "$program" --run_test=killed
