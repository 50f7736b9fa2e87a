#!/bin/bash
# Builds the Debian package and puts it through its life in a new Debian, made by debootstrap: installed, asked
# for its version, configuration checked, the demo run, a feed polled; upgraded over itself with a changed
# configuration; removed; purged. lintian must find no error. Takes root, cargo-deb and a Debian mirror; it needs
# minutes, most of them for the release build, so it is no part of .ci/run.
# With MENTIOND_PROFILE=dev the debug build is packaged.
set -euo pipefail
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
[[ $EUID -eq 0 ]] || { echo "error: this takes root" >&2; exit 1; }
# Mounts are of this script alone.
[[ ${1:-} == inside ]] || exec unshare --mount -- "$BASH" "${BASH_SOURCE[0]}" inside
for tool in lintian debootstrap; do
    command -v "$tool" > /dev/null || { apt-get update && apt-get install -y --no-install-recommends lintian debootstrap; }
done
command -v cargo-deb > /dev/null || { echo "error: cargo install --locked cargo-deb" >&2; exit 1; }

folder=$(mktemp -d)
root=$folder/root
clean() {
    umount --recursive --lazy "$root/dev" "$root/proc" 2> /dev/null || true
    rm -rf --one-file-system -- "$folder"
}
trap clean EXIT
step() { echo "== $*"; }
fail() { echo "error: $*" >&2; exit 1; }
in_root() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive "$@"; }

step "the package, twice"
export DEBFULLNAME="mentiond's tests" DEBEMAIL=mentiond@debian.org
first=$(systemd/package.sh --deb-revision 1 --output "$folder" | tail -n 1)
second=$(systemd/package.sh --deb-revision 2 --output "$folder" | tail -n 1)
dpkg-deb --info "$first"

step "lintian"
lintian --fail-on error --tag-display-limit 0 "$first"

step "a new Debian"
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
debootstrap --variant=minbase --include=ca-certificates "$suite" "$root" "${MENTIOND_MIRROR:-http://deb.debian.org/debian}" > "$folder/log" 2>&1 ||
    { tail "$folder/log"; fail "debootstrap failed"; }
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --make-rslave "$root/dev"
cp "$first" "$root/first.deb"
cp "$second" "$root/second.deb"

step "installed"
in_root dpkg --install /first.deb
in_root dpkg --verify mentiond
for file in usr/bin/mentiond etc/mentiond/mentiond.toml etc/mentiond/topics/sco.toml \
    usr/lib/systemd/system/mentiond.service usr/share/man/man1/mentiond-alerts-retry.1.gz \
    usr/share/bash-completion/completions/mentiond usr/share/zsh/vendor-completions/_mentiond \
    usr/share/fish/vendor_completions.d/mentiond.fish usr/share/doc/mentiond/copyright \
    usr/share/doc/mentiond/configuration.md; do
    [[ -s $root/$file ]] || fail "/$file is not there"
done
program=$(sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' "$root/usr/lib/systemd/system/mentiond.service")
[[ -x $root$program ]] || fail "the unit starts $program, which is not there"
sed -n 's/^Documentation=file://p' "$root/usr/lib/systemd/system/mentiond.service" | while read -r file; do
    [[ -s $root$file || -s $root$file.gz ]] || fail "the unit names $file, which is not there"
done
# Every file below /etc is the owner's to change.
diff <(cd "$root" && find etc/mentiond -type f | sed 's#^#/#' | sort) \
    <(in_root dpkg-query --show --showformat '${Conffiles}\n' mentiond | awk 'NF { print $1 }' | sort)
[[ ! -e $root/etc/systemd/system/multi-user.target.wants/mentiond.service ]] || fail "it is enabled unasked"

step "used"
in_root mentiond --version
in_root mentiond check
in_root mentiond demo > "$folder/demo" || { cat "$folder/demo"; fail "the demo failed"; }
tail -n 1 "$folder/demo"
# As another user, from a file that is served over the loopback interface.
mkdir -p "$folder/site"
cp tests/fixtures/astana-2024.rss "$folder/site/feed"
python3 -u -m http.server --bind 127.0.0.1 --directory "$folder/site" 0 > "$folder/served" 2>&1 &
server=$!
for _ in {1..100}; do
    port=$(sed -n 's/.*port \([0-9]*\).*/\1/p' "$folder/served")
    [[ -n $port ]] && break
    sleep 0.1
done
cat > "$root/tmp/poll.toml" <<END
include = ["/etc/mentiond/topics/sco.toml"]
database = "/tmp/poll/mentiond.db"
[[feed]]
id = "astana"
url = "http://127.0.0.1:$port/feed"
allow_private_addresses = true
[[sink]]
id = "print"
type = "log"
END
in_root setpriv --reuid nobody --regid nogroup --clear-groups mentiond --config /tmp/poll.toml poll --strict
in_root setpriv --reuid nobody --regid nogroup --clear-groups mentiond --config /tmp/poll.toml mentions | head -n 3
kill "$server"

step "upgraded"
echo '# mine' >> "$root/etc/mentiond/mentiond.toml"
mkdir -p "$root/var/lib/private/mentiond"
ln -s private/mentiond "$root/var/lib/mentiond"
touch "$root/var/lib/private/mentiond/mentiond.db"
in_root dpkg --install /second.deb < /dev/null
grep -q '^# mine$' "$root/etc/mentiond/mentiond.toml" || fail "the changed configuration was replaced"
[[ $(in_root dpkg-query --show --showformat '${Version}' mentiond) == *-2 ]] || fail "not upgraded"
in_root mentiond check

step "removed"
in_root dpkg --remove mentiond
[[ ! -e $root/usr/bin/mentiond ]] || fail "the program is still there"
[[ -s $root/etc/mentiond/mentiond.toml && -e $root/var/lib/mentiond/mentiond.db ]] || fail "more than the program went"

step "purged"
in_root dpkg --purge mentiond
left=$(cd "$root" && find etc usr var -iname '*mentiond*' -not -path 'var/log/*' -not -path 'var/cache/*')
[[ -z $left ]] || fail "left behind: $left"
echo "all of the package's life went well in $SECONDS s"
