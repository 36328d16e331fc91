#!/bin/sh
# Makes the virtual environment: sh scripts/environment.sh PYTHON FOLDER
# What the system lacks is installed where this runs as root on a machine with apt, and named where not.
set -eu
python=$1
folder=$2

need() {
    # need PACKAGE WHAT: install a Debian package, or say what to install
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        echo "Installing $1 ($2) ..."
        apt-get update -q >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y -q "$1" >/dev/null
    else
        echo "Missing: $2. Install it, on Debian and Ubuntu with: sudo apt-get install $1" >&2
        exit 1
    fi
}

command -v "$python" >/dev/null 2>&1 || need python3 "Python 3.11 or later"
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "$python is $("$python" --version 2>&1); Broadsheet needs Python 3.11 or later." >&2
    echo "Name another one with: make PYTHON=python3.12 ..." >&2
    exit 1
fi
"$python" -c 'import ensurepip, venv' 2>/dev/null || need python3-venv "the venv module of Python"

"$python" -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
