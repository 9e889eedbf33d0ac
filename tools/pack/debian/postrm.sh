#!/bin/sh
# Purging takes along what the node learned, and its settings: with DynamicUser= both are in /var/lib/private.
set -e

if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
  systemctl --system daemon-reload >/dev/null || true
fi
if [ "$1" = purge ]; then
  if command -v deb-systemd-helper >/dev/null; then
    deb-systemd-helper purge ocellus.service >/dev/null || true
  fi
  rm -rf /var/lib/private/ocellus /var/lib/ocellus /var/cache/private/ocellus /etc/ocellus
fi
