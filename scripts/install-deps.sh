#!/usr/bin/env bash
# Installs the Debian packages that building and testing xtape needs; does nothing where all are there.
set -euo pipefail

packages=(
    git g++ make cmake ninja-build pkg-config ccache clang-format
    libxtensor-dev libxtensor-blas-dev libxsimd-dev libopenblas-openmp-dev
    libboost-test-dev libhdf5-dev librandom123-dev zlib1g-dev nlohmann-json3-dev
    libopenmpi-dev openmpi-bin          # several processes: xtape::mpi
    iproute2                            # network namespaces, in place of several hosts
    python3-numpy python3-h5py          # independent readers of what we write
    clang libclang-rt-14-dev            # the second compiler, and its sanitizers
    chromium fonts-dejavu-core          # opens the reports
)

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    {
        echo "This script installs Debian packages, and this system has no apt-get."
        echo "Install by its own means what Debian calls: ${packages[*]}"
    } >&2
    exit 1
fi

missing=()
for package in "${packages[@]}"; do
    state=$(dpkg-query --show --showformat='${db:Status-Abbrev}' "$package" 2>/dev/null || true)
    [[ $state == ii* ]] || missing+=("$package")
done
if [[ ${#missing[@]} -eq 0 ]]; then
    exit 0
fi

as_root=()
if [[ $(id -u) -ne 0 ]]; then
    if ! command -v sudo >/dev/null; then
        echo "Installing packages needs root, and there is no sudo here. As root: apt-get install ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi

echo "Installing ${missing[*]}"
"${as_root[@]}" apt-get update -q
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
