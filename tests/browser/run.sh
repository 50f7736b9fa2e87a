#!/bin/bash
# The pages of the real binary in headless Chromium, driven by playwright-core (npm), over a history of
# two months: pages load, charts draw, search, silence and retry work, new mentions appear, nothing is
# asked of anybody else, and the console stays empty. With MENTIOND_SCREENSHOTS=folder pictures are kept.
# What can't be installed is skipped and said so; in CI that is a failure.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
folder=$(mktemp -d)
trap 'rm -rf -- "$folder"' EXIT

skip() {
    echo "skipped: the pages in a browser, because $1"
    [[ ${CI:-} != true ]]
    exit
}

chromium=$(command -v chromium || true)
if [[ -z $chromium && $EUID -eq 0 ]]; then
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update && apt-get install -y --no-install-recommends chromium fonts-dejavu-core; } > "$folder/apt.log" 2>&1 ||
        tail -n 5 "$folder/apt.log"
    chromium=$(command -v chromium || true)
fi
[[ -n $chromium ]] || skip "there is no chromium (apt-get install chromium)"
command -v npm > /dev/null || skip "there is no npm (apt-get install npm)"
timeout 120 npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder/node" playwright-core@1.64.1 ||
    skip "playwright-core can't be installed from npm"

cargo build --locked --bin mentiond
target=$(cargo metadata --locked --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
export MENTIOND_BINARY=$target/debug/mentiond
export MENTIOND_CHROMIUM=$chromium
export MENTIOND_PLAYWRIGHT=$folder/node
timeout 600 node --test --test-reporter=tap tests/browser/pages.test.mjs
