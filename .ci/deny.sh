#!/bin/bash
# Has cargo-deny judge the crates by .ci/deny.toml: licences, sources, bans, and known vulnerabilities. Without
# cargo-deny, or without GitHub, where the database of vulnerabilities is, that is said and counted at the end of the
# gate, and tests/supply_chain.rs alone holds the rules. With GATE_ADVISORIES=required cargo-deny is made
# where it is lacking, and whatever can't be checked is a failure.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
folder=$(mktemp -d)
trap 'rm -rf -- "$folder"' EXIT

# lacking WHAT WHY
lacking() {
    echo "NOT CHECKED: $1, because $2"
    if [[ -n ${GATE_SKIPPED:-} ]]; then
        echo "not checked: $1: $2" >> "$GATE_SKIPPED"
    fi
    [[ ${GATE_ADVISORIES:-} != required ]]
}

deny=$(command -v cargo-deny || true)
# It compiles for minutes, so only who insists has it made.
if [[ -z $deny && ${GATE_ADVISORIES:-} == required ]]; then
    cargo install --quiet --locked --root "$folder/made" cargo-deny@0.20
    deny=$folder/made/bin/cargo-deny
fi
if [[ -z $deny ]]; then
    lacking "the crates by cargo-deny" "it is not installed; tests/supply_chain.rs still checks sources, checksums, bans and licences"
    exit
fi
"$deny" --version

# Crates for all platforms and features must be there to be judged.
if cargo fetch --locked; then
    "$deny" --config .ci/deny.toml --offline --locked check licenses bans sources
else
    lacking "the licences of crates for other platforms" "they can't be fetched"
fi
if timeout 120 "$deny" --config .ci/deny.toml --locked fetch db > "$folder/fetched" 2>&1; then
    "$deny" --config .ci/deny.toml --locked check advisories
else
    tail -n 2 "$folder/fetched"
    lacking "known vulnerabilities of the crates" "the RustSec database can't be fetched from GitHub"
fi
