#!/bin/bash
# Builds the Debian package with cargo-deb (cargo install --locked cargo-deb) and prints its path as the last
# line. Takes options of cargo-deb, such as --deb-revision 2. DEBFULLNAME and DEBEMAIL name who packages it.
# What is not in the repository, such as pages of the manual, is made into target/package first.
set -euo pipefail
export LC_ALL=C.UTF-8
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
stage=target/package
profile=${MENTIOND_PROFILE:-release}
maintainer="${DEBFULLNAME:-mentiond} <${DEBEMAIL:-root@$(hostname -f 2> /dev/null || hostname)}>"

cargo build --locked --profile "$profile" --bin mentiond
built=$(cargo metadata --locked --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
binary=$built/${profile/#dev/debug}/mentiond
version=$(cargo metadata --locked --no-deps --format-version 1 | sed 's/.*"name":"mentiond","version":"\([^"]*\)".*/\1/')

rm -rf -- "$stage"
mkdir -p "$stage/man"
"$binary" man --output "$stage/man"
gzip -9n "$stage"/man/*.1
for shell in bash zsh fish; do
    "$binary" completions "$shell" > "$stage/completions.$shell"
done
# The package's place is /usr, not /usr/local.
sed 's#/usr/local/#/usr/#' systemd/mentiond.service > "$stage/mentiond.service"

# When and of what it was made, by the last commit if there is one.
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2> /dev/null || date +%s)}
{
    printf 'mentiond (%s) unstable; urgency=medium\n\n' "$version"
    printf '  * %s.\n\n' "$("$binary" --version)"
    printf ' -- %s  %s\n' "$maintainer" "$(date -u -R -d "@$epoch")"
} > "$stage/changelog"

{
    cat <<END
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: mentiond
Source: the repository that this package was built of

Files: *
Copyright: $(date -u -d "@$epoch" +%Y) the authors of mentiond
License: none-declared
Comment: The program holds these crates, each under the licence beside it:
END
    cargo tree --locked --edges normal --prefix none --format '{p} | {l}' |
        sed -E 's/ \((\*|proc-macro)\)//g' | grep -v '^mentiond v' | sort -u | sed 's/^/ /'
    cat <<'END'

License: none-declared
 The source of mentiond declares no licence.
END
} > "$stage/copyright"

SOURCE_DATE_EPOCH=$epoch cargo deb --no-build --locked --profile "$profile" --strip \
    --maintainer "$maintainer" "$@"
