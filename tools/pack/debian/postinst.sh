#!/bin/sh
# Enables the service when it is new, leaves it disabled where it was disabled, and starts it, or the new version of it.
set -e

if [ "$1" = configure ] || [ "$1" = abort-remove ]; then
  deb-systemd-helper unmask ocellus.service >/dev/null || true
  if deb-systemd-helper --quiet was-enabled ocellus.service; then
    deb-systemd-helper enable ocellus.service >/dev/null || true
  else
    deb-systemd-helper update-state ocellus.service >/dev/null || true
  fi
  if [ -d /run/systemd/system ]; then
    systemctl --system daemon-reload >/dev/null || true
    if [ -n "$2" ]; then action=restart; else action=start; fi
    deb-systemd-invoke "$action" ocellus.service >/dev/null || true
  fi
fi
