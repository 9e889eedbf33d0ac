#!/usr/bin/env bash
# Package: classic-level 3.0.0 (npm), the LevelDB of Node.
# Behaviour: its prebuilt libraries for Linux have LevelDB 1.20 with its assertions: they import __assert_fail and have the texts of
#   conditions and the names of source files. Where a file on disk is not as LevelDB expects, most of its functions give an error to
#   JavaScript, and some, `repair` among them, end the whole process instead, which no `catch` sees.
# One would have guessed: a library that is built for release is built with NDEBUG, as CMake's Release is, so that all that it meets is an
#   error. Who repairs a store after a power failure or on a worn card has to do that in a process that may end.
# Seen: {"linux-arm": true, "linux-arm64": true, "linux-x64": true}, and of linux-x64 an assertion of db/dbformat.h
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts classic-level@3.0.0
node -e '
const { readdirSync, readFileSync } = require("node:fs");
const root = "node_modules/classic-level/prebuilds";
const asserts = {};
for (const system of readdirSync(root).filter((name) => /^linux-(arm|arm64|x64)$/.test(name))) {
  const libraries = readdirSync(`${root}/${system}`).filter((name) => name.endsWith(".node"));
  const bytes = libraries.map((name) => readFileSync(`${root}/${system}/${name}`, "latin1"));
  asserts[system] = bytes.every((text) => text.includes("__assert_fail"));
  if (system === "linux-x64") console.log(bytes.every((text) => /leveldb-1\.20\/db\/dbformat\.h/.test(text)));
}
console.log(JSON.stringify(asserts));
' | tee seen
[ "$(cat seen)" = "$(printf 'true\n{"linux-arm":true,"linux-arm64":true,"linux-x64":true}')" ]
