#!/usr/bin/env bash
# Package: node 24.21.0 (npm, which installs Node.js of that version); Debian's nohup and python3 stand beside it.
# Behaviour: Node sets each signal to its default when it starts, also one that it was started to ignore. A program that `nohup` runs is ended
#   by the SIGHUP of a terminal that closes, and no code of it runs early enough to know that it should not be.
# One would have guessed: nohup node … goes on after the terminal is closed, as nohup python3 … does; a handler need only be left out.
# Seen: python3: SIGHUP ignored, exit code 0; node: SIGHUP not ignored, exit code 129
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund node@24.21.0
cat > wait.mjs <<'JS'
import { existsSync, writeFileSync } from 'node:fs';

writeFileSync('ready', '');
const timer = setInterval(() => existsSync('go') && clearInterval(timer), 50);
JS
cat > wait.py <<'PY'
import os, time

open("ready", "w").close()
while not os.path.exists("go"):
    time.sleep(0.05)
PY

under_nohup() {
  rm -f ready go
  nohup "$@" < /dev/null > out.txt 2>&1 &
  local pid=$! code=0
  until [ -e ready ]; do sleep 0.1; done
  local ignored=$((0x$(sed -n 's/^SigIgn:\t//p' "/proc/$pid/status") & 1))
  kill -HUP "$pid"
  touch go
  wait "$pid" 2> /dev/null || code=$?
  [ "$ignored" = 1 ] && told="SIGHUP ignored, exit code $code" || told="SIGHUP not ignored, exit code $code"
}

under_nohup python3 wait.py
python=$told
under_nohup node_modules/.bin/node wait.mjs
echo "python3: $python; node: $told"
if [ "$python" != 'SIGHUP ignored, exit code 0' ] || [ "$told" != 'SIGHUP not ignored, exit code 129' ]; then
  echo 'Node behaves otherwise than stated above' >&2
  exit 1
fi
