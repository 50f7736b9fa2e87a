#!/bin/sh
# mentiond beside feedparser and fastfeedparser, on the documents of a folder:
#
#     MENTIOND_CORPUS=folder benches/peers/run.sh [ROUNDS]
#
# Installs the pinned peers into a temporary virtual environment (Python 3.11 or later, network for pip),
# builds mentiond in release, and runs all three in the same run on the same bytes. An INDEX.tsv in the
# folder, with the columns `file` and `upstream`, names the documents' sources; else what stands before
# `__` in a file's name does. Files of OPML are left out.
set -eu
: "${MENTIOND_CORPUS:?set MENTIOND_CORPUS to a folder of feed documents}"
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
python="$folder/venv/bin/python -W ignore"

cd "$here/../.."
built=$(cargo build --release --locked --bin mentiond --bench parse --message-format=json-render-diagnostics |
    $python "$here/built.py")
mentiond=${built%% *}
bench=${built#* }

grep -m1 'model name' /proc/cpuinfo || uname -m
rustc --version
"$mentiond" --version
$python --version
"$folder/venv/bin/pip" --disable-pip-version-check freeze | tr '\n' ' '
printf '\n\n'
$python "$here/intake.py" "$mentiond" --counts "$folder/counts.json"
printf '\n'
$python "$here/speed.py" "$bench" "${1:-5}" <"$folder/counts.json"
