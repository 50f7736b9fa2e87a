#!/bin/bash
# Has Prometheus' own promtool judge the metrics of the binary, the rules with their tests, and every query
# of the dashboard. Takes the promtool that is there, or Debian's out of its package, into a folder that is
# removed again: no server is installed. Where neither is to be had it says so, which in CI is a failure.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
folder=$(mktemp -d)
trap 'rm -rf -- "$folder"' EXIT

# Debian's package, unpacked into the folder.
unpack() {
    command -v apt-get > /dev/null && command -v dpkg > /dev/null || return 1
    (
        cd "$folder"
        apt-get -q download prometheus 2> /dev/null ||
            { [[ $EUID -eq 0 ]] && apt-get -q update && apt-get -q download prometheus; }
    ) && dpkg -x "$folder"/prometheus_*.deb "$folder/prometheus"
}

promtool=$(command -v promtool || true)
if [[ -z $promtool ]] && unpack; then
    promtool=$folder/prometheus/usr/bin/promtool
fi
if [[ -z $promtool ]]; then
    if [[ ${CI:-} == true ]]; then
        echo "error: promtool can't be had: it is in Debian's package prometheus" >&2
        exit 1
    fi
    echo "skipped: promtool can't be had here (it is in Debian's package prometheus)"
    exit 0
fi
"$promtool" --version | head -n 1
MENTIOND_PROMTOOL=$promtool cargo test --locked --test web -- --nocapture monitoring::
