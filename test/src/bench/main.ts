import { parseArgs } from 'node:util';
import { benchObjects } from './objects';
import { benchMover } from './volumesMover';
import { benchTimeline } from './volumesTimeline';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: 'string', default: '2000' },
    bytes: { type: 'string', default: '2048' },
    runs: { type: 'string', default: '3' },
    files: { type: 'string', default: '100000' },
    gibibytes: { type: 'string', default: '20' },
    generated: { type: 'string', default: '2' },
    'memory-limit': { type: 'string', default: '400' },
  },
});

const print = (line: string) => process.stdout.write(`${line}\n`);

const benches: Record<string, () => Promise<void>> = {
  objects: () =>
    benchObjects(
      {
        count: Number(values.count),
        bytes: Number(values.bytes),
        runs: Number(values.runs),
      },
      print,
    ),
  volumes: async () => {
    await benchTimeline(print);
    await benchMover(
      {
        files: Number(values.files),
        gibibytes: Number(values.gibibytes),
        generated: Number(values.generated),
        memoryLimit: Number(values['memory-limit']),
      },
      print,
    );
  },
};

async function main() {
  const names = positionals.length > 0 ? positionals : Object.keys(benches);
  let passed = 0;
  let failed = 0;
  for (const name of names) {
    print(`\n${name}`);
    try {
      const bench = benches[name];
      if (!bench) {
        throw new Error(
          `There is no bench ${name}. There are: ${Object.keys(benches).join(
            ', ',
          )}`,
        );
      }
      await bench();
      passed += 1;
    } catch (error) {
      failed += 1;
      print(String(error));
    }
  }
  print(`\n${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}

main();
