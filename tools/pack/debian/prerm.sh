#!/bin/sh
# An upgrade leaves the old version running until the new one is there.
set -e

if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
  deb-systemd-invoke stop ocellus.service >/dev/null || true
fi
