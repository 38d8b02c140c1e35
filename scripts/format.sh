#!/usr/bin/env bash
# Formats every C++ file of the project; with --check, changes nothing and fails where a file is not formatted.
set -euo pipefail
cd "$(dirname "$0")/.."

options=(-i)
case "${1:-}" in
    "") ;;
    --check) options=(--dry-run --Werror) ;;
    *)
        echo "usage: scripts/format.sh [--check]" >&2
        exit 2
        ;;
esac

formatter=$(command -v clang-format-14 || command -v clang-format)
git ls-files -z --cached --others --exclude-standard '*.hpp' '*.cpp' |
    while IFS= read -r -d '' file; do if [[ -f $file ]]; then printf '%s\0' "$file"; fi; done |
    xargs -0 -r "$formatter" --style=file "${options[@]}"
