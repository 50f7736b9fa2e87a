#!/bin/sh
# mentiond beside other feed readers, on one local server and the same feeds:
#
#     benches/readers/run.sh [FEEDS [ENTRIES [ROUNDS]]]
#
# Needs newsboat and rss2email (`apt-get install newsboat rss2email` on Debian); lemon24's reader is installed,
# pinned, into a temporary virtual environment (Python 3.11 or later, network for pip). No mail is sent: rss2email
# writes a maildir. Every tool has a folder of its own on the disk that `TMPDIR` names.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
for tool in newsboat r2e; do
    command -v "$tool" >/dev/null || { echo "$tool is not installed" >&2; exit 1; }
done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
python="$folder/venv/bin/python"

cd "$here/../.."
built=$(cargo build --release --locked --bin mentiond --bench readers --message-format=json-render-diagnostics |
    "$python" benches/peers/built.py)
mentiond=${built%% *}
bench=${built#* }

grep -m1 'model name' /proc/cpuinfo || uname -m
"$mentiond" --version
newsboat --version | head -n 1
r2e --version
"$folder/venv/bin/pip" --disable-pip-version-check freeze | grep '^reader=='
printf '\n'
"$python" "$here/readers.py" "$mentiond" "$bench" "$folder" "${1:-500}" "${2:-20}" "${3:-3}"
