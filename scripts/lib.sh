#!/usr/bin/env bash
# Functions shared by scripts/test, scripts/check-api and .ci/run. Sourced, never run.
#
# A script that sources this file calls `trap_exits` once; it may define `cleanup`, which is called
# exactly once however the script ends, after the running step has been stopped.
set -euo pipefail

STEP_PID=
STEP_PATIENCE=10
STEP_TIMES=()

say() {
    printf '==> %s\n' "$*"
}

fail() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

have() {
    command -v "$1" >/dev/null 2>&1
}

# apt_install WHAT PACKAGE...
apt_install() {
    local what=$1
    shift
    local fix="apt-get update && apt-get install -y $*"
    if ((EUID != 0)) || ! have apt-get; then
        fail "$what is missing; install it, as root, with: $fix"
    fi
    say "installing $* ($what is missing)"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } \
        </dev/null >/dev/null || fail "$what is missing and could not be installed; see why with: $fix"
}

# The settings of a developer's own Callsheet must not leak into what the scripts start.
forget_settings() {
    local name
    for name in "${!CALLSHEET_@}"; do
        unset "$name"
    done
}

target_dir() {
    mkdir -p "${CARGO_TARGET_DIR:-target}"
    (cd "${CARGO_TARGET_DIR:-target}" && pwd)
}

require_rust() {
    # rustup's installer changes PATH for new shells only.
    have cargo || PATH="$PATH:${CARGO_HOME:-${HOME:-/root}/.cargo}/bin"
    have cargo || fail "cargo is missing; install Rust with rustup, then run: rustup default stable"
    have cc || apt_install "a C compiler" gcc libc6-dev
}

require_rust_component() {
    local name=$1 command=$2
    cargo "$command" --version >/dev/null 2>&1 && return
    if ((EUID == 0)) && have rustup; then
        say "installing $name"
        rustup component add "$name" && return
    fi
    fail "$name is missing; install it with: rustup component add $name"
}

# Chaos sets the clocks of its servers.
require_faketime() {
    compgen -G '/usr/lib/*/faketime/libfaketimeMT.so.1' >/dev/null || apt_install "libfaketime" faketime
}

# Node of Debian 12 and Ubuntu 24.04 is new enough.
require_node() {
    { have node && have npm; } || apt_install "Node.js 18.18 or newer with npm" nodejs npm
    node -e 'const [major, minor] = process.versions.node.split(".").map(Number);
        process.exit(major > 18 || (major === 18 && minor >= 18) ? 0 : 1)' ||
        fail "Node.js $(node --version) is too old; install 18.18 or newer, as root, with: apt-get update && apt-get install -y nodejs npm"
}

# require_python MINOR; sets PYTHON to a Python 3.MINOR or newer that can make virtual environments
require_python() {
    for PYTHON in python3 /usr/bin/python3; do
        "$PYTHON" -c "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, $1))" 2>/dev/null && return
    done
    apt_install "Python 3.$1 or newer with venv" python3 python3-venv
    PYTHON=/usr/bin/python3
}

# npm_install FOLDER PACKAGE@VERSION...
#
# Without the limits npm stays silent for ten minutes and more when it cannot reach its registry.
npm_install() {
    local folder=$1
    shift
    npm install --prefix "$folder" --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel error \
        --fetch-timeout 60000 --fetch-retries 2 --fetch-retry-maxtimeout 10000 "$@"
}

# Below 32768, because the kernel takes the ports of outgoing connections from there on. Another
# process may still take the port before it is used: the caller that starts a server tries again.
free_port() {
    local port
    while true; do
        port=$((20000 + RANDOM % 12000))
        (: >"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    done
    printf '%s\n' "$port"
}

# wait_gone PID SECONDS; a negative PID is a process group
wait_gone() {
    local tries=$(($2 * 10))
    while kill -0 -- "$1" 2>/dev/null; do
        ((tries-- > 0)) || return 1
        sleep 0.1
    done
}

# stop PID SECONDS SIGNAL...: sends one signal after the other until the process (or group) is gone
stop() {
    local pid=$1 seconds=$2 signal
    shift 2
    for signal in "$@"; do
        kill -s "$signal" -- "$pid" 2>/dev/null || return 0
        wait_gone "$pid" "$seconds" && return 0
    done
}

# run_step NAME COMMAND...
#
# The command gets a process group of its own and is waited for in the background: bash runs no trap
# while a foreground command runs, and a group can be ended with everything it started.
run_step() {
    local name=$1 started=$SECONDS status=0
    shift
    say "$name"
    set -m
    "$@" </dev/null &
    STEP_PID=$!
    set +m
    wait "$STEP_PID" || status=$?
    STEP_PID=
    STEP_TIMES+=("$(printf '%5d s  %s%s' $((SECONDS - started)) "$name" "$( ((status == 0)) || printf ' (failed)')")")
    return "$status"
}

print_times() {
    ((${#STEP_TIMES[@]} > 0)) || return 0
    printf '%s\n' "${STEP_TIMES[@]}"
}

cleanup() {
    :
}

finish() {
    local status=$1
    trap '' HUP INT TERM
    set +e
    [[ -z $STEP_PID ]] || stop "-$STEP_PID" "$STEP_PATIENCE" TERM KILL
    cleanup
    print_times
    exit "$status"
}

trap_exits() {
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    trap 'finish $?' EXIT
}
