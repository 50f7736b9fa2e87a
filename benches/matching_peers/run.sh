#!/bin/sh
# mentiond's matcher beside regex, aho-corasick and daachorse, then beside Python's pyahocorasick,
# flashtext and Hyperscan, on the same terms and texts:
#
#     benches/matching_peers/run.sh [ROUNDS] [SIZES]
#
# SIZES are numbers of terms (10,1000,10000,100000). Installs the pinned libraries into a temporary
# virtual environment (Python 3.11 or later, network for pip) and builds the bench in release.
# Hyperscan alone takes over a minute to compile 100,000 terms.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
rounds=${1:-5}
sizes=${2:-10,1000,10000,100000}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
python="$folder/venv/bin/python -W ignore"

cd "$here/../.."
bench=$(cargo build --release --locked --bench matching --message-format=json-render-diagnostics |
    $python "$here/built.py")

grep -m1 'model name' /proc/cpuinfo || uname -m
rustc --version
$python --version
"$folder/venv/bin/pip" --disable-pip-version-check freeze | tr '\n' ' '
printf '\n\n'
"$bench" --rounds "$rounds" --sizes "$sizes"
printf '\n'
"$bench" --dump "$folder/corpus" --sizes "$sizes"
$python "$here/speed.py" "$bench" "$folder/corpus" "$rounds" "$sizes"
