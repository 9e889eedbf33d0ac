import type { Command } from 'commander';
import type { BuildImageOptions } from '../image/build-image.ts';

/** What each does loads when it is asked for. */
export function addImage(program: Command): void {
  const image = program.command('image').description('make an image for the card of a board');
  image
    .command('build')
    .description('make a card image from Debian 13, for a Raspberry Pi 3, Zero 2 W, 4 or 400 (on Debian, as root)')
    .argument('[file]', 'the image; what it is made of, and the image compressed, are written beside it', 'ocellus.img')
    .option('--app <folder>', 'the installed tree of Ocellus for arm64, in place of one made of this checkout')
    .option('--debian <tar>', 'the root of Debian that an earlier build kept, in place of a new one')
    .option('--keep-debian <tar>', 'keep the root of Debian that is made, for --debian')
    .option('--url <url>', 'where the compressed image will be found, for the manifest of Raspberry Pi Imager')
    .option('--no-compress', 'do not compress it as well')
    .option('--json', 'one JSON line about what was made')
    .action(async (file: string, options: BuildImageOptions) =>
      (await import('../image/build-image.ts')).buildImage(file, options),
    );
}
