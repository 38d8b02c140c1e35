#!/usr/bin/env bash
# Everything that must hold before a change is merged: installs what is missing, builds, and runs every test and check.
#   scripts/test.sh          everything
#   scripts/test.sh quick    formatting, the release build and its tests: for the inner loop
# Ends with the line "N passed, N failed", and with an error when anything failed.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
root=$PWD
case "$*" in
    "") quick= ;;
    quick) quick=yes ;;
    *)
        echo "usage: scripts/test.sh [quick]" >&2
        exit 2
        ;;
esac
prefix=$root/build/prefix
contract=${XTAPE_CONTRACT:-$root/../shared/contract}
passed=0
failed=0
failures=()

pass() { passed=$((passed + 1)); }
fail() {
    failed=$((failed + 1))
    failures+=("$1")
    echo "FAILED: $1"
}

# check "name" command...: one command that must succeed.
check() {
    local name=$1
    shift
    if "$@"; then
        pass
    else
        fail "$name"
    fi
}

# part "what": says what begins now, and how long the run has taken so far.
part() { printf '\n== %s (%d:%02d min so far)\n' "$1" $((SECONDS / 60)) $((SECONDS % 60)); }

build() { cmake --preset "$1" && cmake --build --preset "$1" "${@:2}"; }

# Runs the tests of a preset's tree; each counts one.
run_ctest() {
    local results=$root/build/$1/ctest.xml name status
    rm -f "$results"
    ctest --preset "$1" --parallel "$(nproc)" --no-tests=error --output-junit "$results"
    if [[ ! -f $results ]]; then
        fail "$1: ctest did not finish"
        return
    fi
    while IFS=$'\t' read -r name status; do
        if [[ $status == run ]]; then pass; else fail "$1: $name"; fi
    done < <(sed -n 's/.*<testcase name="\([^"]*\)".* status="\([^"]*\)".*/\1\t\2/p' "$results")
}

# Says how the run went, and ends it.
finish() {
    part "Done"
    for name in "${failures[@]}"; do echo "FAILED: $name"; done
    echo "$passed passed, $failed failed"
    [[ $failed -eq 0 ]]
    exit
}

# Builds a preset and runs its tests.
suite() {
    if build "$1"; then
        pass
        run_ctest "$1"
    else
        fail "$1: the build"
    fi
}

# Every public header compiled alone; each counts one.
headers() {
    local log=$root/build/headers.log count broken
    count=$(git ls-files --cached --others --exclude-standard '*.hpp' | grep -cE '^(core|ops|nn|optim|io|train)/')
    count=$((count + 3))    # xtape.hpp, train.hpp and mpi.hpp, which the build writes
    if cmake --build --preset release --target headers_alone -- -k 0 >"$log" 2>&1; then
        passed=$((passed + count))
        echo "$count headers compile alone"
        return
    fi
    cat "$log"
    broken=$(grep -oE '^FAILED: .*headers_alone.dir/[^ ]*' "$log" | sed 's/.*headers_alone.dir.//' | sort -u)
    if [[ -z $broken ]]; then
        fail "headers: the build"
        return
    fi
    for header in $broken; do fail "header alone: $header"; done
    passed=$((passed + count - $(wc -w <<<"$broken")))
}

# An outside project, configured, built and run against the package found by the given option.
consumer() {
    local tree=$root/build/consumer-$1
    rm -rf "$tree"
    cmake -S "$root/tests/consumer" -B "$tree" -G Ninja -DCMAKE_BUILD_TYPE=Release "$2" &&
        cmake --build "$tree" &&
        ctest --test-dir "$tree" --output-on-failure --no-tests=error
}

fuzz() {
    if scripts/fuzz.sh 60 >"$root/build/fuzz.log" 2>&1; then
        grep -E 'number_of_executed_units' "$root/build/fuzz.log"
    else
        tail -40 "$root/build/fuzz.log"
        return 1
    fi
}

installed_names_no_build_path() { ! grep -rn --include='*.cmake' --include='*.hpp' -F "$root" "$prefix"; }

# The contract programs whose numbers tests/contract.txt lists; each counts one.
contract_programs() {
    local tree=$root/build/contract number source name
    if [[ ! -d $contract ]]; then
        echo "skipped: there is no $contract"
        return
    fi
    rm -rf "$tree"
    if ! cmake -S "$contract" -B "$tree" -G Ninja -DCMAKE_PREFIX_PATH="$prefix"; then
        fail "contract: the configuration"
        return
    fi
    while read -r number; do
        source=$(cd "$contract" && ls "${number}"_*.cpp)
        name=${source%.cpp}
        if cmake --build "$tree" --target "$name"; then
            check "contract: $name" env -C "$tree" "./$name"
        else
            fail "contract: $name does not compile"
        fi
    done < <(grep -E '^[0-9]+$' "$root/tests/contract.txt")
}

part "Installing what is missing"
scripts/install-deps.sh || exit 1

part "Formatting"
check "formatting (scripts/format.sh mends it)" scripts/format.sh --check

part "Release build and its tests"
suite release
if [[ -n $quick ]]; then finish; fi

part "Every header compiled alone"
headers

part "Install, and outside projects that use the package"
rm -rf "$prefix"
check "install" cmake --install build/release --prefix "$prefix"
check "the installed package names no path of the build" installed_names_no_build_path
check "an outside project and the installed package" consumer installed "-DCMAKE_PREFIX_PATH=$prefix"
check "an outside project and the build tree" consumer build-tree "-Dxtape_DIR=$root/build/release"

part "Contract programs"
contract_programs

part "Address and undefined-behaviour sanitizers"
suite asan

part "A minute of damaged checkpoints"
check "fuzzing the checkpoint loader" fuzz

finish
