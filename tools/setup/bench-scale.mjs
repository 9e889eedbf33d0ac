// `npm run bench:scale`: Spark and Hadoop beside the bare core. What `npm run test:spark` and `npm run test:hadoop` need is needed here.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { makeLab } from '../../tests/real/lab/labs.mjs';
import { build, checkNode, fail, hasProgram, installPackages, root, run } from './steps.mjs';

checkNode();
const missing = ['python3', 'java', 'mvn'].filter((program) => !hasProgram(program));
if (missing.length > 0) fail(`The benchmark needs ${missing.join(', ')}: see docs/scale.md.`);
installPackages();
build();
const python = join(await makeLab('spark'), 'bin', 'python');
const { stdout } = spawnSync(python, ['-c', 'import pyspark; print(pyspark.__path__[0])'], { encoding: 'utf8' });
const ended = run(
  process.execPath,
  [join(root, 'dist', 'tools', 'bench', 'scale', 'main.js'), ...process.argv.slice(2)],
  {
    env: {
      ...process.env,
      OCELLUS_BENCH_SPARK: python,
      OCELLUS_BENCH_SPARK_HOME: stdout.trim(),
      OCELLUS_BENCH_HADOOP: join(await makeLab('hadoop'), '*'),
    },
  },
);
process.exit(ended ? 0 : 1);
