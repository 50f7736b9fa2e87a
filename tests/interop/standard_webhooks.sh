#!/bin/bash
# Has the official Standard Webhooks libraries for Python and JavaScript verify requests of the binary.
# Installs them into a folder that is removed again; what can't be installed is skipped and said so.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
folder=$(mktemp -d)
trap 'rm -rf -- "$folder"' EXIT

if command -v python3 > /dev/null && python3 -m venv "$folder/python" > /dev/null 2>&1 &&
    timeout 90 "$folder/python/bin/pip" install --quiet --disable-pip-version-check standardwebhooks==1.0.0; then
    export MENTIOND_STANDARD_WEBHOOKS_PYTHON=$folder/python/bin/python
else
    echo "skipped: Python, because standardwebhooks 1.0.0 can't be installed from PyPI here"
fi
if command -v npm > /dev/null &&
    timeout 90 npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder/node" standardwebhooks@1.1.1; then
    export MENTIOND_STANDARD_WEBHOOKS_NODE=$folder/node
else
    echo "skipped: JavaScript, because standardwebhooks 1.1.1 can't be installed from npm here"
fi
cargo test --locked --test daemon -- --nocapture standard_webhooks::
