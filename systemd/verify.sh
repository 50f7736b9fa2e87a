#!/bin/bash
# Checks mentiond.service without a running systemd: the unit must be free of complaints, and its
# exposure, as `systemd-analyze security` reckons it from 0 (safe) to 10, must be below 1.5.
set -euo pipefail
export LC_ALL=C SYSTEMD_COLORS=0 SYSTEMD_PAGER=

readonly below=1.5
unit=$(dirname -- "${BASH_SOURCE[0]}")/mentiond.service
folder=$(mktemp -d)
trap 'rm -rf -- "$folder"' EXIT
copy=$folder/mentiond.service

# Where this is checked, the programs named in the unit need not be installed.
sed -E 's#^(Exec[A-Za-z]+=)[^ ]+#\1/bin/true#' "$unit" > "$copy"

# An unknown key is only a warning to systemd-analyze; here it counts. Complaints about units of the
# machine that this one depends on do not.
status=0
complaints=$(systemd-analyze verify --man=no --recursive-errors=no "$copy" 2>&1) || status=$?
ours=$(grep -F mentiond <<< "$complaints" || true)
if [[ $status -ne 0 || -n $ours ]]; then
    printf '%s\n' "${complaints:-systemd-analyze verify ended with status $status}" >&2
    echo "error: systemd-analyze verify does not accept $unit" >&2
    exit 1
fi

report=$(systemd-analyze security --offline=true --no-pager "$copy")
exposure=$(sed -nE 's/.*Overall exposure level[^:]*: ([0-9.]+).*/\1/p' <<< "$report")
if [[ -z $exposure ]]; then
    printf '%s\n' "$report" >&2
    echo "error: no exposure level in the report of systemd-analyze security" >&2
    exit 1
fi
echo "mentiond.service: accepted, exposure $exposure (must be below $below)"
if ! awk -v is="$exposure" -v below="$below" 'BEGIN { exit !(is + 0 < below + 0) }'; then
    printf '%s\n' "$report" >&2
    echo "error: the exposure is not below $below; each line with a figure says what would lower it" >&2
    exit 1
fi
