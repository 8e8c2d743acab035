/* eslint-disable jest/no-standalone-expect -- the cases are data */
import type { JsonObject } from '../../backup/jsonPath';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { readCases, describeCases } from '../../testing/veleroCases';
import { matches, matchPolicy, policyVolume, volumeType } from './matchPolicy';
import { checkPolicies, parsePolicies } from './parsePolicies';
import { parseQuantity } from './quantity';
import type { PolicyVolume, VolumeConditions } from './ResourcePolicies';

const none = { lower: 0n, upper: 0n };

function cases(test: string): [string, JsonObject, JsonObject][] {
  return readCases(`internal_resourcepolicies.${test}`).map(
    ({ name, input, output }) => [name, input, output],
  );
}

function fails(action: () => unknown): boolean {
  try {
    action();
    return false;
  } catch {
    return true;
  }
}

function play(
  test: string,
  check: (input: JsonObject, output: JsonObject) => void,
): void {
  const found = cases(test);
  if (found.length > 0) {
    it.each(found)(`${test}: %s`, (_name, input, output) => {
      expect.hasAssertions();
      check(input, output);
    });
  }
}

function described(volume: unknown): PolicyVolume {
  const found = volume as PolicyVolume & { capacity: string };
  return { ...found, capacity: parseQuantity(found.capacity) };
}

describeCases('recorded behaviour of Velero: resource policies', () => {
  play('TestLoadResourcePolicies', (input, output) =>
    expect(fails(() => parsePolicies(input.yamlData as string))).toBe(
      output.error !== null,
    ),
  );
  play('TestValidate', (input, output) =>
    expect(fails(() => checkPolicies(input.res))).toBe(
      output.buildError !== null || output.validateError !== null,
    ),
  );
  play('TestUnmarshalVolumeConditions', (input, output) =>
    expect(
      fails(() =>
        checkPolicies({
          version: 'v1',
          volumePolicies: [
            { conditions: input.input, action: { type: 'skip' } },
          ],
        }),
      ),
    ).toBe(output.error !== null),
  );
  play('TestParseCapacity', (input, output) =>
    expect(
      fails(() =>
        checkPolicies({
          version: 'v1',
          volumePolicies: [
            { conditions: { capacity: input.input }, action: { type: 'skip' } },
          ],
        }),
      ),
    ).toBe(output.error !== null),
  );
  play('TestCapacityConditionValidate', (input, output) => {
    const { lower, upper } = input.capacity as { lower: string; upper: string };
    expect(
      fails(() =>
        checkPolicies({
          version: 'v1',
          volumePolicies: [
            {
              conditions: { capacity: `${lower},${upper}` },
              action: { type: 'skip' },
            },
          ],
        }),
      ),
    ).toBe(output.error !== null);
  });
  play('TestCapacityIsInRange', (input, output) => {
    const { lower, upper } = input.capacity as { lower: string; upper: string };
    const capacity = {
      lower: parseQuantity(lower),
      upper: parseQuantity(upper),
    };
    expect(
      matches(
        { capacity },
        {
          capacity: parseQuantity(input.quantity as string),
          storageClass: '',
          volumeType: '',
          pvcPhase: '',
        },
      ),
    ).toBe(output.isInRange);
  });
  for (const [test, rename] of [
    ['TestCSIConditionMatch', {}],
    ['TestNFSConditionMatch', {}],
    ['TestStorageClassConditionMatch', {}],
    ['TestPVCLabelsMatch', { labels: 'pvcLabels' }],
    ['TestPVCPhaseMatch', { phases: 'pvcPhase' }],
  ] as [string, { [from: string]: string }][]) {
    play(test, (input, output) => {
      const condition = Object.fromEntries(
        Object.entries((input.condition ?? {}) as JsonObject).map(
          ([key, value]) => [rename[key] ?? key, value],
        ),
      );
      expect(
        matches(
          { capacity: none, ...condition } as VolumeConditions,
          described(input.volume),
        ),
      ).toBe(output.match);
    });
  }
  play('TestGetMatchAction', (input, output) =>
    expect(
      matchPolicy(parsePolicies(input.yamlData as string), {
        volume: input.vol as KubernetesObject,
        podVolume: input.podVol as JsonObject,
        claim: input.pvc as KubernetesObject,
      }) ?? null,
    ).toEqual(output.action),
  );
  play('TestGetVolumeTypeFromPV', (input, output) =>
    expect(
      volumeType(((input.inputPV as JsonObject)?.spec as JsonObject) ?? {}),
    ).toBe(output.type),
  );
  play('TestGetVolumeTypeFromVolume', (input, output) =>
    expect(volumeType((input.inputVol as JsonObject) ?? {})).toBe(output.type),
  );
  const shown = (output: JsonObject) => ({
    ...(output.structuredVolume as JsonObject),
    capacity: parseQuantity(
      (output.structuredVolume as { capacity: string }).capacity,
    ),
  });
  play('TestParsePV', (input, output) =>
    expect(
      policyVolume({ volume: input.inputVolume as KubernetesObject }),
    ).toMatchObject(shown(output)),
  );
  play('TestParsePVC', (input, output) =>
    expect(
      policyVolume({ claim: input.pvc as KubernetesObject }),
    ).toMatchObject(shown(output)),
  );
  play('TestParsePodVolume', (input, output) =>
    expect(
      policyVolume({ podVolume: input.inputVolume as JsonObject }),
    ).toMatchObject(shown(output)),
  );
});
