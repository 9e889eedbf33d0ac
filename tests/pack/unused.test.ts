import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { asset } from '../../sdk/base/assets.ts';
import { isUnused, isUnusedInLibrary } from '../../tools/pack/unused.ts';

it.each([
  ['classic-level/prebuilds/linux-arm64/classic-level.armv8.node', true, false],
  ['classic-level/prebuilds/linux-x64/classic-level.node', false, true],
  ['classic-level/prebuilds/linux-x64/classic-level.musl.node', false, false],
  ['classic-level/prebuilds/darwin-x64+arm64/classic-level.node', false, false],
  ['classic-level/prebuilds/android-arm64/classic-level.armv8.node', false, false],
  ['onnxruntime-node/bin/napi-v6/linux/arm64/libonnxruntime.so.1', true, false],
  ['onnxruntime-node/bin/napi-v6/win32/arm64/DirectML.dll', false, false],
  ['onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime.so.1', false, true],
])('of libraries those stay that the machine can load: %s', (path, onArm64, onAmd64) => {
  expect(!isUnused(path, 'arm64')).toBe(onArm64);
  expect(!isUnused(path, 'amd64')).toBe(onAmd64);
});

it.each([
  'ws/lib/websocket.js',
  'ws/package.json',
  'mqtt/build/lib/client.js',
  'mqtt/LICENSE.md',
  'sharp/lib/input.js',
  '@img/sharp-libvips-linux-arm64/THIRD-PARTY-NOTICES.md',
  'yaml/dist/doc/Document.js',
  'debug/src/index.js',
  '@sinclair/typebox/build/esm/index.mjs',
  'onnxruntime-node/dist/index.js',
])('what runs stays, and every licence: %s', (path) => {
  expect(isUnused(path, 'arm64')).toBe(false);
});

it.each([
  'aedes/test/basic.js',
  'pino/benchmarks/basic.bench.js',
  'ws/index.d.ts',
  'mqtt/build/lib/client.js.map',
  'mqtt/README.md',
  'mqtt/dist/mqtt.js',
  '@sinclair/typebox/build/esm/compiler/index.mjs',
  'classic-level/deps/leveldb/leveldb.gyp',
  'classic-level/binding.cc',
  'a/node_modules/.bin/b',
])('what its developers, browsers and compilers need goes: %s', (path) => {
  expect(isUnused(path, 'arm64')).toBe(true);
});

it('the types stay that the declarations of MQTT.js import, which programs are compiled with', () => {
  const folder = asset('node_modules', 'mqtt', 'build');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.d.ts'));
  const imported = files.flatMap((file) =>
    [...readFileSync(join(folder, file), 'utf8').matchAll(/from '([^.'][^']*)'/g)].map(([, name]) => name!),
  );
  const types = [...new Set(imported)].map((name) => `@types/${name}/index.d.ts`);
  const needed = types.filter((path) => existsSync(asset('node_modules', path)));
  expect(needed).toContain('@types/ws/index.d.ts');
  expect(needed.filter((path) => isUnusedInLibrary(path))).toEqual([]);
});
