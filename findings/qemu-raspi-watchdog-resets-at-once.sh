#!/usr/bin/env bash
# Package: qemu-system-arm 1:7.2+dfsg-7+deb12u18+b3 (Debian 12), machine raspi3b. Needs mmdebstrap, which unpacks it; on x86-64.
# Behaviour: a guest that starts the watchdog of the BCM2835 (15 seconds into PM_WDOG, "full reset" into PM_RSTC, as Linux'
#   bcm2835_wdt does) is reset in that moment.
# One would have guessed: it is reset 15 seconds later, unless the counter is written again. So no system that feeds its watchdog
#   (systemd with RuntimeWatchdogSec=) can be booted there: it starts for ever, or ends with -no-reboot, without a word why.
# Seen: {"started":"reset within 5 s","not started":"runs"}
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mmdebstrap --quiet --variant=extract --include=qemu-system-arm=1:7.2+dfsg-7+deb12u18+b3 bookworm root
libraries=$(find root -name x86_64-linux-gnu -path '*lib/*' -type d | sed "s#^#$folder/#" | paste -sd:)

# A program for the bare machine, in words of A64. x0 is the block of registers at 0x3f100000.
word() { for w; do printf "\\x${w:6:2}\\x${w:4:2}\\x${w:2:2}\\x${w:0:2}"; done; }
block=d2a7e200                        # movz x0, #0x3f10, lsl #16
counter='52ab41e1 b9002401'           # movz w1, #0x5a0f, lsl #16; str w1, [x0, #0x24]: PM_WDOG, 15 s of 1/65536 s
start='52ab4001 72800401 b9001c01'    # movz w1, #0x5a00, lsl #16; movk w1, #0x20; str w1, [x0, #0x1c]: PM_RSTC
forever=14000000                      # b .
# shellcheck disable=SC2086
word $block $counter $start $forever > started
# shellcheck disable=SC2086
word $block $counter $forever > not-started

# It ends when the machine is reset.
outcome() {
  status=0
  LD_LIBRARY_PATH=$libraries timeout 5 root/usr/bin/qemu-system-aarch64 -M raspi3b -kernel "$1" -display none -serial null -monitor none -no-reboot 2> /dev/null || status=$?
  case $status in
    0) echo 'reset within 5 s' ;;
    124) echo runs ;;
    *) echo "ended with $status" ;;
  esac
}
seen="{\"started\":\"$(outcome started)\",\"not started\":\"$(outcome not-started)\"}"
echo "$seen"
[ "$seen" = '{"started":"reset within 5 s","not started":"runs"}' ] || {
  echo 'QEMU behaves otherwise than stated above' >&2
  exit 1
}
