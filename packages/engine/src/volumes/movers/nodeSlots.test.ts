import type { DataPathPhase, DataUpload } from '@lifeboat/velero-api';
import type { DataMoverConfig } from '../../config/EngineConfig';
import { nodeLimit, TransferSlots } from './nodeSlots';

const upload = (uid: string, phase?: DataPathPhase, node = 'node-1') =>
  ({
    kind: 'DataUpload',
    metadata: { uid },
    spec: {},
    status: { phase, node },
  } as DataUpload);

describe('TransferSlots', () => {
  it('accepts as many as may run in the cluster, those of the caches among them', () => {
    const slots = new TransferSlots();
    const all = [
      upload('a', 'InProgress'),
      upload('b', 'Prepared'),
      upload('c'),
      upload('d'),
      upload('e', 'Completed'),
    ];
    expect(slots.accept(all[2], all, 3)).toBe(true);
    expect(slots.accept(all[3], all, 3)).toBe(false);
    expect(slots.accept(all[2], all, 3)).toBe(true);
    slots.release(all[2]);
    expect(slots.accept(all[3], all, 3)).toBe(true);
  });

  it('starts as many as may run on a node', () => {
    const slots = new TransferSlots();
    const all = [
      upload('a', 'Canceling'),
      upload('b', 'Prepared'),
      upload('c', 'Prepared'),
      upload('d', 'InProgress', 'node-2'),
    ];
    expect(slots.start(all[1], 'node-1', all, 2)).toBe(true);
    expect(slots.start(all[2], 'node-1', all, 2)).toBe(false);
    expect(slots.start(all[2], 'node-2', all, 2)).toBe(true);
  });

  it('does not keep the places of what was deleted', () => {
    const slots = new TransferSlots();
    const [a, b] = [upload('a'), upload('b')];
    expect(slots.accept(a, [a, b], 1)).toBe(true);
    expect(slots.accept(b, [a, b], 1)).toBe(false);
    expect(slots.accept(b, [b], 1)).toBe(true);
  });
});

describe('nodeLimit', () => {
  const node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { labels: { disk: 'slow', zone: 'a' } },
  };
  const config: DataMoverConfig['loadConcurrency'] = {
    globalConfig: 2,
    overall: 8,
    perNodeConfig: [
      { nodeSelector: { matchLabels: { disk: 'fast' } }, number: 9 },
      { nodeSelector: { matchLabels: { zone: 'a' } }, number: 4 },
      {
        nodeSelector: {
          matchExpressions: [{ key: 'disk', operator: 'Exists' }],
        },
        number: 3,
      },
    ],
  };

  it('is the smallest number of those that match, else the one for all', () => {
    expect(nodeLimit(config, node)).toBe(3);
    expect(nodeLimit({ globalConfig: 2, overall: 8 }, node)).toBe(2);
    expect(nodeLimit(config, undefined)).toBe(2);
  });
});
