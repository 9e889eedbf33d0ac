import type { Command } from 'commander';
import type { Model } from '../../sdk/core/model.ts';
import type { Region, Size } from '../../sdk/frame/letterbox.ts';
import { farRegions } from '../../sdk/vision/far-regions.ts';
import { regionLimit } from './values.ts';

/** Whether pictures are looked at closer, and how much. */
export interface FarCommandOptions {
  readonly far?: boolean;
  readonly maxRegions?: number;
}

/** Adds `--far` to a command that looks at pictures. */
export function withFarOptions(command: Command): Command {
  return command
    .option(
      '--far',
      'also look closer, at overlapping regions of each picture, for what is small in it; takes as many times as long as there are regions',
    )
    .option(
      '--max-regions <n>',
      'with --far: at most this many regions a picture, the whole included (default: 64)',
      regionLimit,
    );
}

/** Where to look in a picture; undefined: at the whole, once. */
export function regionsOf(picture: Size, model: Model, { far, maxRegions }: FarCommandOptions): Region[] | undefined {
  return far ? farRegions(picture, model.card.input, { maxRegions }) : undefined;
}
