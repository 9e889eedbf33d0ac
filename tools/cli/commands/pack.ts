import type { Command } from 'commander';
import { packPictures } from '../sequence.ts';

export function addPack(program: Command): void {
  program
    .command('pack')
    .description('put the pictures of a folder into one file for Hadoop')
    .argument('<folder>', 'all pictures in it and in its folders')
    .argument('<file>', 'SequenceFile<Text, BytesWritable> to write, overwritten if it exists; - for stdout')
    .addHelpText(
      'after',
      '\nKeys are paths in the folder, values the bytes of the files. A picture that cannot be read is reported on stderr, the others are packed, and ' +
        'the exit code is 2.\n\nocellus pack album/ - | hdfs dfs -put - /album.seq\n\ndocs/scale.md has the job that reads it.',
    )
    .action(packPictures);
}
