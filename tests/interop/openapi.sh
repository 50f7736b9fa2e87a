#!/bin/bash
# Holds the API of the real binary to its OpenAPI document: openapi-spec-validator reads the document, and
# schemathesis asks what it says can be asked, and what it says can't. Takes the binary's path; without it the
# debug binary is built. Installs both into a folder that is removed again; where that can't be done it says so.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
binary=${1:-}
folder=$(mktemp -d)
trap 'rm -rf -- "$folder"' EXIT

if ! { command -v python3 > /dev/null && python3 -m venv "$folder/python" > /dev/null 2>&1 &&
    timeout 180 "$folder/python/bin/pip" install --quiet --disable-pip-version-check \
        schemathesis==4.32.5 openapi-spec-validator==0.9.0; }; then
    echo "skipped, because schemathesis 4.32.5 and openapi-spec-validator 0.9.0 can't be installed from PyPI here"
    exit 0
fi
if [[ -z $binary ]]; then
    cargo build --locked --bin mentiond
    binary=${CARGO_TARGET_DIR:-target}/debug/mentiond
fi
"$folder/python/bin/python" tests/interop/openapi.py "$(realpath -- "$binary")" "$folder/home"
