#!/bin/bash
# npm classic-level 3.0.0 (LevelDB 1.20), Linux.
#
# Behaviour: a second open of one folder in one process fails with LEVEL_LOCKED ("already held by process"), and
# from then on the folder is not locked any more: another process opens the store that the first one still has open.
# One would have guessed: an open that is refused changes nothing.
# Why: LevelDB opens its file LOCK before it looks in its own table, and closes it again; closing any descriptor of a
# file gives up all POSIX locks that the process has on it.
#
# Output seen:
#   another process, before: LEVEL_LOCKED
#   the same process again: LEVEL_LOCKED
#   another process, after: opened
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . classic-level@3.0.0 >/dev/null
cat > open.cjs <<'JS'
const { ClassicLevel } = require('classic-level');
module.exports = async () => {
  const db = new ClassicLevel('store');
  const result = await db.open().then(() => 'opened', ({ cause }) => cause.code);
  if (result !== 'opened') await db.close();
  return { db, result };
};
if (require.main === module) module.exports().then(({ result }) => console.log(result));
JS
cat > first.cjs <<'JS'
const { execFileSync } = require('node:child_process');
const open = require('./open.cjs');
const elsewhere = () => execFileSync(process.execPath, ['open.cjs'], { encoding: 'utf8' }).trim();
open().then(async ({ db }) => {
  console.log('another process, before:', elsewhere());
  console.log('the same process again:', (await open()).result);
  console.log('another process, after:', elsewhere());
  await db.close();
});
JS
node first.cjs | tee seen
expected='another process, before: LEVEL_LOCKED
the same process again: LEVEL_LOCKED
another process, after: opened'
if [ "$(cat seen)" != "$expected" ]; then
  echo 'it behaves otherwise now' >&2
  exit 1
fi
