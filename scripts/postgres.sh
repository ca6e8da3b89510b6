#!/usr/bin/env bash
# A private PostgreSQL server on loopback, for scripts/test and benches/import. Sourced, never run, after scripts/lib.sh.
# Whoever sources this stops the server in its `cleanup`, with `stop_postgres`.

PG_BIN=
PG_DIR=
PG_PID=
PG_AS=()

find_postgres() {
    local dir
    # The distribution's newest version first: what is on PATH may be a wrapper.
    while read -r dir; do
        if [[ -x $dir/initdb && -x $dir/postgres ]]; then
            PG_BIN=$dir
            return
        fi
    done < <(
        printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV
        if have initdb; then dirname "$(command -v initdb)"; fi
    )
    return 1
}

require_postgres() {
    find_postgres && return
    apt_install "PostgreSQL's server" postgresql
    find_postgres || fail "PostgreSQL's server is missing; install it, as root, with: apt-get install -y postgresql"
}

# PostgreSQL refuses to run as root, so root runs it as another account. setpriv, because it becomes
# the command: the pid that the shell knows is then the server's own.
choose_account() {
    ((EUID == 0)) || return 0
    local account=postgres
    id "$account" >/dev/null 2>&1 || account=nobody
    PG_AS=(setpriv "--reuid=$(id -u "$account")" "--regid=$(id -g "$account")" --clear-groups --)
}

make_directory() {
    PG_DIR=$(mktemp -d "$1.XXXXXX")
    ((EUID != 0)) || chown "${PG_AS[1]#*=}:${PG_AS[2]#*=}" "$PG_DIR"
}

make_data_directory() {
    make_directory "$(target_dir)/test-pg"
    # A clone below a directory of mode 700 (root's home, `mktemp -d`) is closed to that account.
    if ! "${PG_AS[@]}" test -w "$PG_DIR"; then
        rmdir "$PG_DIR"
        make_directory /tmp/callsheet-test-pg
    fi
}

# From inside the data directory, because the account may not be allowed into the current one.
init_postgres() {
    (
        cd "$PG_DIR"
        exec "${PG_AS[@]}" "$PG_BIN/initdb" --pgdata "$PG_DIR/data" --username callsheet --auth trust \
            --no-locale --encoding UTF8 --no-sync
    ) </dev/null >"$PG_DIR/log" 2>&1 || fail_postgres "initdb failed"
}

fail_postgres() {
    tail -n 20 "$PG_DIR/log" >&2
    fail "$1; its last lines are above, and it is started with: $PG_BIN/postgres"
}

# launch_postgres PORT; in a process group of its own, so that Ctrl-C reaches the tests before the server
launch_postgres() {
    set -m
    (
        cd "$PG_DIR"
        exec "${PG_AS[@]}" "$PG_BIN/postgres" -D "$PG_DIR/data" -p "$1" -c listen_addresses=127.0.0.1 \
            -c unix_socket_directories= -c max_connections=200 -c fsync="${PG_FSYNC:-on}"
    ) </dev/null >"$PG_DIR/log" 2>&1 &
    PG_PID=$!
    set +m
}

postgres_ready() {
    local tries=600
    while kill -0 "$PG_PID" 2>/dev/null && ((tries-- > 0)); do
        grep -qs '^ready' "$PG_DIR/data/postmaster.pid" && return
        sleep 0.1
    done
    return 1
}

start_postgres() {
    local port try
    for try in 1 2 3 4 5; do
        port=$(free_port)
        launch_postgres "$port"
        if postgres_ready; then
            export CALLSHEET_TEST_POSTGRES_URL="postgres://callsheet@127.0.0.1:$port/postgres"
            return
        fi
        grep -qs 'Address already in use' "$PG_DIR/log" || break
        say "port $port was taken meanwhile (try $try)"
    done
    fail_postgres "PostgreSQL did not start"
}

# INT is PostgreSQL's fast shutdown, QUIT its immediate one.
stop_postgres() {
    [[ -z $PG_PID ]] || stop "$PG_PID" 10 INT QUIT KILL
    [[ -z $PG_DIR ]] || rm -rf "$PG_DIR"
}
