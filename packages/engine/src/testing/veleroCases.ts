import { existsSync, readdirSync, readFileSync } from 'fs';
import { join } from 'path';
import { isJsonObject, JsonObject } from '../backup/jsonPath';
import type { KubernetesObject } from '../cluster/KubernetesObject';
import type { ServedType } from './MemoryClusterClient';

/** One recorded case of what Velero's own code did. */
export interface VeleroCase {
  name: string;
  input: JsonObject;
  output: JsonObject;
}

/** Folder of the recorded cases, from the environment variable VELERO_CASES; undefined when there is none. */
export const veleroCasesFolder = process.env.VELERO_CASES;

/** A group of tests that play recorded cases; one skipped test without them, because a file must have one. */
export function describeCases(title: string, define: () => void): void {
  if (veleroCasesFolder) {
    describe(title, define);
  } else {
    describe.skip(title, () => {
      it('needs the recorded cases (VELERO_CASES)', () => undefined);
    });
  }
}

/** The cases of one recorded test function; none when the folder does not have it. */
export function readCases(test: string): VeleroCase[] {
  const file = join(veleroCasesFolder ?? '', `${test}.json`);
  if (!veleroCasesFolder || !existsSync(file)) {
    return [];
  }
  return (JSON.parse(readFileSync(file, 'utf8')) as { cases: VeleroCase[] })
    .cases;
}

/** Names of the recorded test functions that start so. */
export function recordedTests(prefix: string): string[] {
  return veleroCasesFolder
    ? readdirSync(veleroCasesFolder)
        .filter(file => file.startsWith(prefix) && file.endsWith('.json'))
        .map(file => file.slice(0, -'.json'.length))
        .sort()
    : [];
}

/** Drops what Go's typed round trips add: nulls, empty maps and lists, `"0s"`, zero numbers. */
export function withoutNoise(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(withoutNoise);
  }
  if (!isJsonObject(value)) {
    return value;
  }
  const kept = Object.entries(value)
    .map(([key, member]) => [key, withoutNoise(member)] as const)
    .filter(
      ([, member]) =>
        member !== null &&
        member !== undefined &&
        member !== '' &&
        member !== 0 &&
        member !== '0s' &&
        !(Array.isArray(member) && member.length === 0) &&
        !(isJsonObject(member) && Object.keys(member).length === 0),
    );
  return Object.fromEntries(kept);
}

/** The `apiResources` of a case as types of a cluster. */
export function servedTypes(value: unknown): ServedType[] {
  return (
    (value ?? []) as {
      group: string;
      version: string;
      name: string;
      kind: string;
      shortName?: string;
      namespaced: boolean;
      items?: KubernetesObject[];
    }[]
  ).map(({ name, ...type }) => ({ ...type, resource: name }));
}
