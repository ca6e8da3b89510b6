#!/usr/bin/env bash
# A private S3 server on loopback, moto's, for the tests of the archive. Sourced after scripts/lib.sh, never run.
set -euo pipefail

MOTO=5.2.5

S3_DIR=
S3_PID=

# require_moto: moto's server in a virtual environment under the target folder.
require_moto() {
    local folder
    folder=$(target_dir)/moto
    MOTO_SERVER=$folder/bin/moto_server
    [[ -x $MOTO_SERVER && -f $folder/tools && $(<"$folder/tools") == "$MOTO" ]] && return
    require_python 9
    rm -rf "$folder"
    "$PYTHON" -m venv "$folder"
    run_step "install moto $MOTO" "$folder/bin/pip" install --quiet --disable-pip-version-check "moto[s3,server]==$MOTO" ||
        fail "pip could not install moto; repair its access to PyPI, then run this again"
    printf '%s\n' "$MOTO" >"$folder/tools"
}

# launch_s3 PORT; in a process group of its own, as PostgreSQL.
launch_s3() {
    set -m
    "$MOTO_SERVER" -H 127.0.0.1 -p "$1" </dev/null >"$S3_DIR/log" 2>&1 &
    S3_PID=$!
    set +m
}

s3_ready() {
    local tries=300
    while kill -0 "$S3_PID" 2>/dev/null && ((tries-- > 0)); do
        grep -qs 'Running on http' "$S3_DIR/log" && return
        sleep 0.1
    done
    return 1
}

start_s3() {
    local port try
    S3_DIR=$(mktemp -d "$(target_dir)/test-s3.XXXXXX")
    for try in 1 2 3 4 5; do
        port=$(free_port)
        launch_s3 "$port"
        if s3_ready; then
            export CALLSHEET_TEST_S3_URL="http://127.0.0.1:$port"
            return
        fi
        grep -qs 'in use' "$S3_DIR/log" || break
        say "port $port was taken meanwhile (try $try)"
    done
    tail -n 20 "$S3_DIR/log" >&2
    fail "the S3 server did not start; its last lines are above, and it is started with: $MOTO_SERVER"
}

stop_s3() {
    [[ -z $S3_PID ]] || stop "$S3_PID" 5 TERM KILL
    [[ -z $S3_DIR ]] || rm -rf "$S3_DIR"
}
