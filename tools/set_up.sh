#!/usr/bin/env bash
# Makes .venv and installs the project and its dependencies into it, when that has not been done for this pyproject.toml;
# then sees to the system libraries that Qt needs. One line a step, none where there is nothing to do.
set -euo pipefail
cd "$(dirname "$0")/.."

OLDEST="3.11"
STAMP=".venv/.installed-for"

say() { printf '%s\n' "$*"; }
fail() { printf '%s\n' "$*" >&2; exit 1; }

# ------------------------------------------------------------------------------------------------- Debian packages

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

may_install() {
    command -v apt-get >/dev/null || return 1
    [ "$(id -u)" = 0 ] || { command -v sudo >/dev/null && sudo -n true 2>/dev/null; }
}

line_to_run() { say "sudo apt-get update && sudo apt-get install -y --no-install-recommends $*"; }

install_packages() { # NAME… ; fails with the line to run where this user may not install
    may_install || fail "Missing on this system: $*. Run this once, then the same make command again:
    $(line_to_run "$@")"
    say "Installing $* with apt-get"
    as_root apt-get update -qq >/dev/null
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >/dev/null
}

# ---------------------------------------------------------------------------------------------------------- Python

version_of() { "$1" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null; }

recent_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info[:2] < tuple(map(int, sys.argv[1].split("."))))' "$OLDEST" 2>/dev/null
}

find_python() { # prints the first suitable interpreter; a candidate may be a shim that does not run
    for candidate in python3 python3.12 python3.13 python3.11 python3.14 python; do
        command -v "$candidate" >/dev/null && recent_enough "$candidate" && { say "$candidate"; return 0; }
    done
    return 1
}

what_was_found() {
    for candidate in python3 python; do
        found=$(version_of "$candidate") && { say "Python $found ($(command -v "$candidate"))"; return; }
    done
    say "none"
}

choose_python() { # prints the interpreter to make .venv with
    if [ -n "${PYTHON:-}" ]; then
        found=$(version_of "$PYTHON") || fail "PYTHON=$PYTHON does not run."
        recent_enough "$PYTHON" || fail "PYTHON=$PYTHON is Python $found; LPSNet Studio needs Python $OLDEST or later."
        say "$PYTHON"
    else
        find_python || fail "LPSNet Studio needs Python $OLDEST or later; found here: $(what_was_found).
Install a later one, or name it: make PYTHON=/path/to/python3.12 …"
    fi
}

make_environment() {
    python=$(choose_python)
    "$python" -c 'import venv, ensurepip' 2>/dev/null \
        || install_packages "python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
    say "Making .venv with Python $(version_of "$python")"
    "$python" -m venv --clear .venv
}

environment_works() { [ -x .venv/bin/python ] && .venv/bin/python -c 'import pip' 2>/dev/null; }

# ---------------------------------------------------------------------------------------------------- dependencies

# The stamp names the checkout's place too: an editable install points at it.
wanted_stamp() { pwd; cksum <pyproject.toml; }

install_project() {
    if [ ! -f "$STAMP" ]; then
        say "Installing LPSNet Studio into .venv: PyTorch is large, about 6 GB and 2 minutes"
    else
        say "Bringing .venv up to date with pyproject.toml"
    fi
    tools/quietly.sh .venv/bin/python -m pip install --disable-pip-version-check --editable '.[dev]'
    wanted_stamp >"$STAMP"
}

# ------------------------------------------------------------------------------------------------ system libraries

has_display() { [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; }

see_to_system_libraries() {
    [ "$(uname)" = Linux ] || return 0
    missing=$(.venv/bin/python tools/system_libraries.py)
    [ -n "$missing" ] || return 0
    if ! may_install && ! has_display && [ -z "$(.venv/bin/python tools/system_libraries.py --windowless)" ]; then
        say "To open windows on this machine, run once: $(line_to_run "$missing")"
        return 0
    fi
    # shellcheck disable=SC2086  # one word a package
    install_packages $missing
    missing=$(.venv/bin/python tools/system_libraries.py)
    [ -z "$missing" ] || fail "Qt still lacks system libraries, of the packages: $missing"
}

# ------------------------------------------------------------------------------------------------------------ main

if [ -x .venv/bin/python ] && ! recent_enough .venv/bin/python; then
    fail ".venv holds Python $(version_of .venv/bin/python); LPSNet Studio needs $OLDEST or later. Delete .venv and try again."
fi
if [ -z "$(command -v python3 || command -v python || true)" ] && [ -z "${PYTHON:-}" ] && may_install; then
    install_packages python3 python3-venv
fi
environment_works || make_environment
[ "$(cat "$STAMP" 2>/dev/null)" = "$(wanted_stamp)" ] || install_project
see_to_system_libraries
