#!/usr/bin/env bash
# Formats every C++ file of the project; with --check, changes nothing and fails where a file is not formatted.
set -euo pipefail
cd "$(dirname "$0")/.."

formatter=$(command -v clang-format-14 || command -v clang-format)
sources() {
    git ls-files -z --cached --others --exclude-standard '*.hpp' '*.cpp' |
        while IFS= read -r -d '' file; do if [[ -f $file ]]; then printf '%s\0' "$file"; fi; done
}

case "${1:-}" in
    "") sources | xargs -0 -r "$formatter" --style=file -i ;;
    --check)
        if ! report=$(sources | xargs -0 -r "$formatter" --style=file --dry-run --Werror 2>&1); then
            echo "Not formatted, which scripts/format.sh mends:"
            grep -oE '^[^: ]+:[0-9]+' <<<"$report" | sort -t : -k 1,1 -u || echo "$report"
            exit 1
        fi
        ;;
    *)
        echo "usage: scripts/format.sh [--check]" >&2
        exit 2
        ;;
esac
