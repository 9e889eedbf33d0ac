import { type ImageOptions, type MadeImage, makeImage } from '../../image/make/make-image.ts';
import { paint, printJson, table } from '../../shared/output.ts';

/** What `ocellus image build` takes. */
export interface BuildImageOptions
  extends Pick<ImageOptions, 'app' | 'debian' | 'keepDebian' | 'imageVersion' | 'compress' | 'url'> {
  readonly json?: boolean;
}

/** A line of progress for each of so many parts of a long step. */
const parts = 10;

export async function buildImage(file: string, { json = false, ...options }: BuildImageOptions): Promise<void> {
  let told = 0;
  const made = await makeImage({
    file,
    ...options,
    onStep(name) {
      told = 0;
      console.error(paint('bold', name));
    },
    onProgress(what, fraction) {
      if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K  ${Math.floor(fraction * 100)} %  ${what}`);
      else if (fraction * parts >= told + 1) console.error(`  ${Math.floor(fraction * 100)} %  ${what}`);
      else return;
      told = Math.floor(fraction * parts);
      if (process.stderr.isTTY && fraction === 1) process.stderr.write('\n');
    },
  });
  if (json) await printJson(made);
  else console.log(report(made));
}

function report(made: MadeImage): string {
  const size = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  const rows = [
    ['image', made.file, size(made.imageBytes), `sha256 ${made.imageSha256}`],
    ...(made.compressedFile
      ? [['compressed', made.compressedFile, size(made.compressedBytes!), `sha256 ${made.compressedSha256}`]]
      : []),
    ...(made.manifest ? [['for Imager', made.manifest, '', '']] : []),
    ['parts', `root ${size(made.rootBytes)}`, `boot ${size(made.bootBytes)}`, `of them Ocellus ${size(made.appBytes)}`],
    ['made of', made.billOfMaterials, `kernel ${made.kernel}`, `Ocellus ${made.version}`],
  ];
  const times = Object.entries(made.seconds).map(([name, seconds]) => `${name.replaceAll('_', ' ')} ${seconds} s`);
  return `${table(rows)}\n${times.join(', ')}`;
}
