#!/bin/bash
# .ci/servers.sh [--postgres] COMMAND...: runs COMMAND beside a PostgreSQL and a NATS server with
# JetStream, or with --postgres beside a PostgreSQL server alone, that live as long as it does, listen
# on loopback only, on free ports, and leave nothing behind. Its status is COMMAND's. COMMAND gets
# these variables:
#   TEST_POSTGRES        URL of an empty database, postgres://mentiond@127.0.0.1:PORT/mentiond; its
#                        owner may create more databases, and no password is asked for
#   TEST_POSTGRES_DATA   the server's data folder
#   TEST_POSTGRES_BIN    the folder of pg_ctl, psql and the like
#   TEST_POSTGRES_CTL    words to put before an action of pg_ctl, so that a test can let the server
#                        crash and come back at the same port: $TEST_POSTGRES_CTL stop -m immediate,
#                        $TEST_POSTGRES_CTL start
#   TEST_NATS            nats://127.0.0.1:PORT
#   TEST_NATS_SERVER     the nats-server program, for tests that need one with settings of their own
# A server that this machine lacks is installed if that is possible (as root, with apt-get); if not,
# that is said here and in the file that GATE_SKIPPED names, and its variables are not set.
set -euo pipefail

nats=yes
if [[ ${1:-} == --postgres ]]; then
    nats=
    shift
fi
if [[ $# -eq 0 ]]; then
    echo "usage: .ci/servers.sh [--postgres] COMMAND..." >&2
    exit 2
fi
unset TEST_POSTGRES TEST_POSTGRES_DATA TEST_POSTGRES_BIN TEST_POSTGRES_CTL TEST_NATS TEST_NATS_SERVER

# skipped NAME REASON
skipped() {
    printf '\n*** NOT TESTED: what needs %s: %s\n\n' "$1" "$2" >&2
    if [[ -n ${GATE_SKIPPED:-} ]]; then
        echo "what needs $1: $2" >> "$GATE_SKIPPED"
    fi
}

# Prints the folder of the newest PostgreSQL server.
postgres_bin() {
    local newest found
    newest=$(printf '%s\n' /usr/lib/postgresql/*/bin/initdb | sort -V | tail -n 1)
    if [[ -x $newest ]]; then
        dirname -- "$newest"
    elif found=$(command -v initdb); then
        dirname -- "$(readlink -f -- "$found")"
    else
        return 1
    fi
}

# Prints the path of nats-server, which Debian has where only root looks.
nats_server() {
    PATH=$PATH:/usr/sbin:/usr/local/sbin command -v nats-server
}

# install PACKAGE: only root can.
install_package() {
    [[ $EUID -eq 0 ]] && command -v apt-get > /dev/null || return 1
    {
        DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$1" ||
            { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$1"; }
    } >&2
}

folder=$(mktemp -d "${TMPDIR:-/tmp}/mentiond-servers.XXXXXXXX")
postgres_ctl=()
nats_pid=
command_pid=

clean_up() {
    trap '' INT TERM HUP
    [[ ${#postgres_ctl[@]} -eq 0 ]] || "${postgres_ctl[@]}" stop -m immediate > "$folder/stop.log" 2>&1 || true
    if [[ -n $nats_pid ]]; then
        kill -KILL "$nats_pid" 2> /dev/null || true
        wait "$nats_pid" 2> /dev/null || true
    fi
    rm -rf -- "$folder"
}

# Passes a signal on to COMMAND, whose end then ends this script.
pass_on() {
    [[ -z $command_pid ]] || kill "-$1" -- "-$command_pid" 2> /dev/null || true
    [[ -n $command_pid ]] || exit 130
}
trap clean_up EXIT
trap 'pass_on INT' INT
trap 'pass_on TERM' TERM
trap 'pass_on HUP' HUP

start_postgres() {
    local bin=$1 data=$folder/postgres/data log=$folder/postgres/log port as=()
    mkdir -p "$folder/postgres"
    chmod 0711 "$folder"
    if [[ $EUID -eq 0 ]]; then
        # The server refuses to run as root.
        local user=postgres
        id -u "$user" > /dev/null 2>&1 || user=nobody
        chown "$user" "$folder/postgres"
        as=(setpriv "--reuid=$(id -u "$user")" "--regid=$(id -g "$user")" --clear-groups)
    fi
    as+=(env -C /)
    "${as[@]}" "$bin/initdb" -D "$data" -U postgres --no-sync --auth=trust --encoding=UTF8 --locale=C.UTF-8 \
        > "$folder/initdb.log" 2>&1 || { cat "$folder/initdb.log" >&2; return 1; }
    local ctl=("${as[@]}" "$bin/pg_ctl" -D "$data" -l "$log" -s -w -t 60)
    for _ in {1..20}; do
        # Below the ports that the kernel gives to outgoing connections.
        port=$((10240 + RANDOM % 20000))
        "${as[@]}" tee "$data/postgresql.auto.conf" > /dev/null << END
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = '$data'
max_connections = 200
END
        if "${ctl[@]}" start > "$folder/start.log" 2>&1; then
            postgres_ctl=("${ctl[@]}")
            break
        fi
        grep -q 'could not bind' "$log" || break
    done
    [[ ${#postgres_ctl[@]} -gt 0 ]] || { cat "$folder/start.log" "$log" >&2; return 1; }
    "$bin/psql" -X -q -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$port" -U postgres -d postgres << 'END' || return 1
CREATE ROLE mentiond LOGIN CREATEDB;
CREATE DATABASE mentiond OWNER mentiond TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8';
END
    export TEST_POSTGRES=postgres://mentiond@127.0.0.1:$port/mentiond
    export TEST_POSTGRES_DATA=$data TEST_POSTGRES_BIN=$bin TEST_POSTGRES_CTL="${postgres_ctl[*]}"
}

start_nats() {
    local server=$1 ports=$folder/ports log=$folder/nats.log port=
    mkdir -p "$ports"
    "$server" -a 127.0.0.1 -p -1 -js -sd "$folder/nats" --ports_file_dir "$ports" > "$log" 2>&1 < /dev/null &
    nats_pid=$!
    for _ in {1..300}; do
        # It writes the file when it listens; the greeting says that it answers.
        port=$(sed -n 's|.*"nats://127\.0\.0\.1:\([0-9]*\)".*|\1|p' "$ports"/*.ports 2> /dev/null | head -n 1 || true)
        if [[ -n $port ]] && (exec 3<> "/dev/tcp/127.0.0.1/$port" && read -r -t 5 line <&3 && [[ $line == INFO* ]]) 2> /dev/null; then
            export TEST_NATS=nats://127.0.0.1:$port TEST_NATS_SERVER=$server
            return 0
        fi
        kill -0 "$nats_pid" 2> /dev/null || break
        sleep 0.1
    done
    cat "$log" >&2
    return 1
}

if bin=$(postgres_bin) || { install_package postgresql && bin=$(postgres_bin); }; then
    start_postgres "$bin"
else
    skipped PostgreSQL "no server is installed (package postgresql)"
fi
if [[ -z $nats ]]; then
    :
elif server=$(nats_server) || { install_package nats-server && server=$(nats_server); }; then
    start_nats "$server"
else
    skipped NATS "no server is installed (package nats-server)"
fi

# In a process group of its own, so that a signal reaches all of it.
set -m
"$@" <&0 &
command_pid=$!
set +m
status=0
# A wait is cut short by a signal that was passed on.
while :; do
    status=0
    wait "$command_pid" || status=$?
    kill -0 "$command_pid" 2> /dev/null || break
done
exit "$status"
