import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { validate } from '../../sdk/config/validate.ts';
import { ModelCard } from '../../sdk/core/cards/card.ts';
import { modelFolder, sha256 } from '../core/cards.ts';
import { efficientDet, yolov5 } from '../core/foreign-networks.ts';
import { constantModel } from '../core/onnx-builder.ts';
import { jsonLines, ocellus, photo } from './cli.ts';

const folder = modelFolder();
const input = { name: 'images', shape: [1, 3, 32, 32] };
const rows = new Array<number>(63 * 7).fill(0);
rows.splice(7 * 7, 7, 16, 12, 8, 6, 0.9, 0.1, 0.8);
const inspect = (...args: readonly string[]) => ocellus(['models', 'inspect', ...args]);

describe('ocellus models inspect', () => {
  it('is one command beside the list', async () => {
    const listed = await ocellus(['models', 'list', '--json']);
    expect(listed).toMatchObject({ code: 0, out: (await ocellus(['models', '--json'])).out });
  });

  it('says what a network is and why, and ends with 0 where it can be used as it is', async () => {
    const metadata = {
      description: 'Ultralytics YOLO11n model',
      task: 'detect',
      imgsz: '[32, 32]',
      stride: '32',
      names: "{0: 'cat', 1: 'dog'}",
    };
    const path = await folder.write(
      'eleven.onnx',
      constantModel(input, [{ name: 'output0', shape: [1, 6, 21], data: new Array(126).fill(0) }], metadata),
    );
    const { code, out } = await inspect(path);
    expect(out).toMatch(/^format +ONNX, IR 8, opset 13$/m);
    expect(out).toMatch(/^inputs +images float32 \[1, 3, 32, 32\]$/m);
    expect(out).toMatch(/^decoder +yolov8$/m);
    expect(out).toMatch(
      /^because +Ultralytics’ metadata \(ultralytics yolo11n model\): 2 labels, task detect, 32x32$/m,
    );
    expect(out).toMatch(/^engines +onnxruntime: runs it$/m);
    expect(out).toMatch(/^usable +yes$/m);
    expect(code).toBe(0);
    const json = await inspect(path, '--json');
    expect(jsonLines(json.out)).toMatchObject([
      { format: 'ONNX', is_usable: true, problems: [], card: { decoder: { type: 'yolov8' } } },
    ]);
  });

  it('asks for the labels, takes a file of them, and writes the card that --model takes', async () => {
    const path = await folder.write('five.onnx', yolov5(rows));
    const bare = await inspect(path);
    expect(bare.code).toBe(1);
    expect(bare.out).toMatch(/^network +YOLOv5 or YOLOv7, without their metadata$/m);
    expect(bare.out).toContain('no: the labels: 2 of them, none are in the file');
    const labels = await folder.write('names.txt', 'cat\r\ndog\r\n');
    const card = join(dirname(path), 'of-five.card.json');
    const unwritten = await inspect(path, '--labels', labels);
    expect(unwritten).toMatchObject({ code: 1, out: expect.stringContaining('--model would not find it: add --card') });
    const written = await inspect(path, '--labels', labels, '--card', card);
    expect(written).toMatchObject({ code: 0, err: expect.stringContaining('of-five.card.json: written, for --model') });
    expect(validate(ModelCard, JSON.parse(await readFile(card, 'utf8')), 'card')).toMatchObject({
      file: 'five.onnx',
      sha256: sha256(yolov5(rows)),
      decoder: { type: 'yolov5' },
      labels: ['cat', 'dog'],
    });
    const found = await ocellus(['detect', photo('cup.jpg'), '--model', card, '--json', '--engine', 'onnxruntime']);
    expect(found.err).toBe('');
    expect(jsonLines(found.out)).toMatchObject([{ detections: [{ label: 'dog', score: expect.closeTo(0.72, 4) }] }]);
    // Nobody's card is lost.
    const again = await inspect(path, '--labels', labels, '--card', card);
    expect(again).toMatchObject({
      code: 2,
      err: expect.stringContaining('is there already: remove it, or give another name'),
    });
    expect((await inspect(card)).code).toBe(0);
  });

  it('takes labels beside the network, as --model does', async () => {
    const path = await folder.write('beside.onnx', yolov5(rows));
    await folder.write('beside.labels.txt', 'cat\ndog\n');
    expect(await inspect(path)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^card +from what it is, and its labels/m),
    });
    await folder.write('beside.labels.txt', 'cat\ndog\nbird\n');
    const tooMany = await inspect(path);
    expect(tooMany).toMatchObject({
      code: 2,
      err: expect.stringContaining('beside.labels.txt: expected 2, since the output output'),
    });
    const detecting = await ocellus(['detect', photo('cup.jpg'), '--model', path]);
    expect(detecting).toMatchObject({ code: 2, err: expect.stringContaining('beside.labels.txt: expected 2, since') });
  });

  it('names a file of another framework, and what to do', async () => {
    const path = await folder.write('net.onnx', Buffer.from('\x1c\0\0\0TFL3rest', 'latin1'));
    expect(await inspect(path)).toMatchObject({ code: 1, out: expect.stringMatching(/^format +TFLite model$/m) });
    const saved = join(dirname(path), 'saved');
    await mkdir(saved);
    await writeFile(join(saved, 'saved_model.pb'), '');
    expect(await inspect(saved)).toMatchObject({
      code: 1,
      out: expect.stringContaining('ocellus port FOLDER --to onnx'),
    });
    await rm(saved, { recursive: true });
    expect(await inspect(saved)).toMatchObject({ code: 2, err: expect.stringContaining('there is no model') });
  });

  it('shows a network that ships by its name, and its program', async () => {
    const { code, out } = await inspect('nanodet-g-416-int8');
    expect(code).toBe(0);
    expect(out).toMatch(/^computes +quantised \(QDQ\)$/m);
    expect(out).toMatch(/^work +\d+\.\d million multiply-adds$/m);
    expect(out).toMatch(/^usable +yes$/m);
  });

  it('says what a file of another name would need', async () => {
    const path = await folder.write('seven.onnx', efficientDet([0, 8, 4, 24, 16, 0.9, 1]));
    const other = path.replace(/\.onnx$/, '.model');
    await copyFile(path, other);
    const { code, out } = await inspect(other);
    expect(code).toBe(1);
    expect(out).toContain('its name does not end in .onnx, by which --model knows it: rename it');
  });

  it('refuses what it was not asked for', async () => {
    const name = 'nanodet-g-416-int8';
    expect(await inspect(name, '--card', 'card.txt')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--card: expected a name with .card.json'),
    });
    expect(await inspect(name, '--size', '0x3')).toMatchObject({
      code: 2,
      err: expect.stringContaining('Expected a width and a height'),
    });
    expect(await inspect(name, '--size', '32x32')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--size: expected none, since its card has the size'),
    });
    expect(await inspect(name, '--labels', '/nowhere')).toMatchObject({
      code: 2,
      err: expect.stringContaining('the labels /nowhere cannot be read'),
    });
    const empty = await folder.write('empty.txt', '\n');
    expect(await inspect(name, '--labels', empty)).toMatchObject({
      code: 2,
      err: expect.stringContaining('expected one a line, got an empty file'),
    });
    const hole = await folder.write('hole.txt', 'cat\n\ndog\n');
    expect(await inspect(name, '--labels', hole)).toMatchObject({
      code: 2,
      err: expect.stringContaining('got none in line 2'),
    });
  });
});
