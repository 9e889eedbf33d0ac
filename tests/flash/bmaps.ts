import { createHash } from 'node:crypto';

const block = 4096;

/** A map of blocks as `bmaptool create` writes it: of all blocks that are not zero. */
export function bmapOf(image: Buffer): string {
  const blocks = Math.ceil(image.length / block);
  const ranges: [number, number][] = [];
  for (let i = 0; i < blocks; i++) {
    if (image.subarray(i * block, (i + 1) * block).every((byte) => byte === 0)) continue;
    const last = ranges.at(-1);
    if (last?.[1] === i - 1) last[1] = i;
    else ranges.push([i, i]);
  }
  const lines = ranges.map(([first, last]) => {
    const bytes = image.subarray(first * block, (last + 1) * block);
    const sum = createHash('sha256').update(bytes).digest('hex');
    return `        <Range chksum="${sum}"> ${first === last ? first : `${first}-${last}`} </Range>`;
  });
  return `<?xml version="1.0" ?>
<bmap version="2.0">
    <ImageSize> ${image.length} </ImageSize>
    <BlockSize> ${block} </BlockSize>
    <BlocksCount> ${blocks} </BlocksCount>
    <ChecksumType> sha256 </ChecksumType>
    <BlockMap>
${lines.join('\n')}
    </BlockMap>
</bmap>
`;
}
