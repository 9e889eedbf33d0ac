import { test } from 'vitest';
import { openDevice } from '../../devices/index.ts';
import { writeFileSync } from 'node:fs';
test('scene', async () => {
  let t=performance.now();
  const d = await openDevice('scene:', { speed: 'max' });
  console.log('open', performance.now()-t, d.properties);
  t=performance.now(); let n=0; const c=process.cpuUsage();
  for await (const f of d.frames()) { if (process.env.DUMP && f.sequence%3===0) writeFileSync(`/tmp/dev-ski/frames/${String(f.sequence).padStart(4,'0')}.yuv`, Buffer.concat(f.planes.map(p=>Buffer.from(p.data)))); f.release(); if (++n===400) break; }
  console.log('400 frames', performance.now()-t, process.cpuUsage(c), d.health);
  await d.close();
});
test('file', async () => {
  for (let i=0;i<2;i++){
  let t=performance.now();
  const d = await openDevice('file:../shared/data/video/one-by-one-person-detection.mp4', { speed: 'max' });
  console.log('open', performance.now()-t, d.properties);
  t=performance.now(); let n=0; const c=process.cpuUsage();
  for await (const f of d.frames()) { f.release(); n++ }
  console.log(n, performance.now()-t, process.cpuUsage(c), d.health);
  await d.close();}
  const d = await openDevice('file:../shared/data/video/one-by-one-person-detection.mp4', { });
  let n=0; const t=performance.now();
  for await (const f of d.frames()) { console.log(f.sequence, Math.round(performance.now()-t), f.wallTimeMs-Date.now()); if (n===5) await new Promise(r=>setTimeout(r,1000)); f.release(); if (++n===12) break; }
  console.log(d.health); await d.close(); console.log(d.health);
});
