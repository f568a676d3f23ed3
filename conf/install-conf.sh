#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# install-conf.sh FILE DIRECTORY: installs the configuration file unless one is there already.
set -eu

target="${DESTDIR:-}$2/${1##*/}"
if [ -e "$target" ]; then
        echo "Leaving $target as it is"
else
        echo "Installing $target"
        install -D -m 0644 "$1" "$target"
fi
