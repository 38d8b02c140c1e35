#!/bin/sh
# Fuzzes the checkpoint loader with libFuzzer: scripts/fuzz.sh [seconds] [build folder]. Needs Clang with libFuzzer.
# Ends with an error, and leaves the input beside the corpus, when an input crashes, hangs or takes too much memory.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-60}
build=${2:-build/fuzz}
compiler=${CXX:-}
if [ -z "$compiler" ]; then
    for compiler in clang++ clang++-19 clang++-16 clang++-14; do
        command -v "$compiler" >/dev/null && break
    done
fi

mkdir -p "$build/include" "$build/corpus" "$build/objects"
ln -sfn "$PWD" "$build/include/xtape"
flags="-std=c++20 -O1 -g1 -fsanitize=address,undefined -fno-sanitize-recover=all -I$build/include"
headers=$(pkg-config --cflags hdf5 2>/dev/null || echo "-I/usr/include/hdf5/serial")
libraries="$(pkg-config --libs hdf5 2>/dev/null || echo "-lhdf5_serial") -lz"
echo "#define XTAPE_CPU_FEATURES(X)" >"$build/include/cpu_features.hpp"    # any CPU will do

# The loader and what it stands on, with the coverage that libFuzzer steers by.
sources="core/array.cpp core/detail/memory.cpp core/detail/tally.cpp core/shape.cpp core/state.cpp core/stateful.cpp core/detail/build_flags.cpp \
core/detail/cpu_guard.cpp io/save.cpp io/load.cpp io/keras.cpp io/npy.cpp io/npz.cpp io/safetensors.cpp $(find io/detail -name '*.cpp')"
objects=""
for source in $sources; do
    object="$build/objects/$(echo "$source" | tr / _).o"
    # shellcheck disable=SC2086  # the flags are words
    if [ ! "$object" -nt "$source" ]; then
        "$compiler" $flags -fsanitize=fuzzer-no-link $headers -c "$source" -o "$object"
    fi
    objects="$objects $object"
done
# shellcheck disable=SC2086
"$compiler" $flags tests/fuzz/make_corpus.cpp $objects $libraries -o "$build/make_corpus"
# shellcheck disable=SC2086
"$compiler" $flags -fsanitize=fuzzer tests/fuzz/load_checkpoint.cpp tests/fuzz/mutations.cpp $objects $libraries -o "$build/load_checkpoint"

"$build/make_corpus" "$build/corpus"
"$build/load_checkpoint" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 \
    -max_len=65536 -print_final_stats=1 -artifact_prefix="$build/" "$build/corpus"
