#!/bin/sh
# Meets hostile files: scripts/hostile.sh [mutations] [FILE_OR_FOLDER...]. Mutates sound files of ours and of h5py that
# many times (20000), then meets the given files. Ends with an error when one crashes, hangs or takes too much.
set -eu
cd "$(dirname "$0")/.."
mutations=${1:-20000}
[ $# -gt 0 ] && shift
build=build/release
cmake --preset release >/dev/null
cmake --build "$build" --target sweep make_corpus
corpus=$build/tests/fuzz/corpus
"$build/tests/fuzz/make_corpus" "$corpus"
python=/usr/bin/python3    # the one that has the system's h5py
[ -x "$python" ] || python=python3
"$python" tests/fuzz/make_corpus.py "$corpus" || echo "without files of h5py, which is not there"
"$build/tests/fuzz/sweep" --mutations "$mutations" "$corpus"
[ $# -eq 0 ] || "$build/tests/fuzz/sweep" "$@"
