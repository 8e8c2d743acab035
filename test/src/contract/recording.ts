import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../cluster/childProcess';
import type { CaseRecord } from './runCases';

export type Recording = { [caseName: string]: CaseRecord };

const file = join(root, 'test/src/contract/kubernetes-1.34.generated.json');

/** What a real kube-apiserver answered, as `npm run test:api-server` has checked it. */
export function readRecording(): Recording {
  return JSON.parse(readFileSync(file, 'utf8')) as Recording;
}

/** Writes the recording anew, one step a line. */
export function writeRecording(recording: Recording) {
  const cases = Object.entries(recording).map(([name, steps]) => {
    const lines = Object.entries(steps).map(
      ([step, record]) =>
        `    ${JSON.stringify(step)}: ${JSON.stringify(record)}`,
    );
    return `  ${JSON.stringify(name)}: {\n${lines.join(',\n')}\n  }`;
  });
  writeFileSync(file, `{\n${cases.join(',\n')}\n}\n`);
}
