import type { Command } from 'commander';
import type { BuildImageOptions } from '../image/build-image.ts';
import type { CustomiseImageOptions } from '../image/customise-image.ts';

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
    .option('--image-version <version>', 'of the card, where Debian alone has changed (default: that of Ocellus)')
    .option('--url <url>', 'where the compressed image will be found, for the manifest of Raspberry Pi Imager')
    .option('--no-compress', 'do not compress it as well')
    .option('--json', 'one JSON line about what was made')
    .action(async (file: string, options: BuildImageOptions) =>
      (await import('../image/build-image.ts')).buildImage(file, options),
    );
  image
    .command('customise')
    .description('put Ocellus into a copy of an image of Raspberry Pi OS, for any board that it runs on')
    .argument('<image>', 'an image of Raspberry Pi OS of 64 bits, version 12 or newer; compressed by xz, too')
    .option('-o, --out <file>', 'the image that is made (default: the name of the other one, with -ocellus)')
    .option('--app <folder>', 'the installed tree of Ocellus for that image, in place of one made of this checkout')
    .option('--node <file>', 'the program Node for that image, in place of one fetched by npm')
    .option('--url <url>', 'where the image will be found, for the manifest of Raspberry Pi Imager')
    .option('--json', 'one JSON line about what was made')
    .action(async (file: string, options: CustomiseImageOptions) =>
      (await import('../image/customise-image.ts')).customise(file, options),
    );
}
