#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Makes what ninja install has put in place known to the running system, so that `systemctl enable --now fopsd` comes next:
# the user, the message catalog, the unit. With DESTDIR a package is being built, whose own scripts do this on its target.
set -eu

[ -z "${DESTDIR:-}" ] || exit 0
[ "$(id -u)" -eq 0 ] || exit 0

if command -v systemd-sysusers > /dev/null; then
        systemd-sysusers fopsd.conf
fi
if command -v journalctl > /dev/null; then
        journalctl --update-catalog
fi
if [ -d /run/systemd/system ]; then
        systemctl daemon-reload
fi
