import { basename } from 'node:path';
import { type CustomisedImage, type CustomiseOptions, customiseImage } from '../../image/customise/customise.ts';
import { paint, printJson, table } from '../../shared/output.ts';

/** What `ocellus image customise` takes. */
export interface CustomiseImageOptions extends Pick<CustomiseOptions, 'app' | 'node' | 'url'> {
  readonly out?: string;
  readonly json?: boolean;
}

export async function customise(
  image: string,
  { out, json = false, ...options }: CustomiseImageOptions,
): Promise<void> {
  const to = out ?? `${basename(image).replace(/(\.img)?(\.xz)?$/, '')}-ocellus.img`;
  const made = await customiseImage({ image, to, ...options, onStep: (name) => console.error(paint('bold', name)) });
  if (json) await printJson(made);
  else console.log(report(made));
}

function report({ file, manifest, system, architecture, addedBytes, grownBytes }: CustomisedImage): string {
  const size = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
  const grown = grownBytes > 0 ? `${size(grownBytes)} larger` : 'as large as before';
  return table([
    ['image', file, `${system}, ${architecture}`, `${size(addedBytes)} added, ${grown}`],
    ...(manifest === undefined ? [] : [['for Imager', manifest, '', '']]),
  ]);
}
