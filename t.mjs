import { readFileSync } from 'node:fs';

const m = (l) =>
  console.log(
    l,
    readFileSync('/proc/self/status', 'utf8')
      .match(/(VmRSS|RssAnon|RssFile|Threads):\s*\d+/g)
      .join(' '),
    'heap',
    (process.memoryUsage().heapUsed / 1e6).toFixed(1),
    (process.memoryUsage().heapTotal / 1e6).toFixed(1),
  );
m('bare');
const { default: sharp } = await import('sharp');
m('import');
sharp.cache(false);
sharp.concurrency(1);
const raw = Buffer.alloc(768 * 432 * 3, 90);
await sharp(raw, { raw: { width: 768, height: 432, channels: 3 } })
  .jpeg({ quality: 80 })
  .toBuffer();
m('jpeg');
for (let i = 0; i < 20; i++)
  await sharp(raw, { raw: { width: 768, height: 432, channels: 3 } })
    .jpeg({ quality: 80 })
    .toBuffer();
m('jpeg x20');
const svg = Buffer.from('<svg width="768" height="432"><text x="20" y="30">hi</text></svg>');
await sharp(raw, { raw: { width: 768, height: 432, channels: 3 } })
  .composite([{ input: svg }])
  .jpeg({ quality: 80 })
  .toBuffer();
m('svg');
for (let i = 0; i < 20; i++)
  await sharp(raw, { raw: { width: 768, height: 432, channels: 3 } })
    .composite([{ input: svg }])
    .jpeg({ quality: 80 })
    .toBuffer();
m('svg x20');
process.exit();
