import { nodeSelectorOf } from './nodeOfVolume';
import type { NodeSelectorTerm, Volume } from './storageObjects';

function volume(...nodeSelectorTerms: NodeSelectorTerm[]): Volume {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'v' },
    spec: { nodeAffinity: { required: { nodeSelectorTerms } } },
  };
}

const zone = (...values: string[]) => ({
  key: 'topology.kubernetes.io/zone',
  operator: 'In',
  values,
});

describe('the nodes that can reach a volume', () => {
  it('are known by their labels', () => {
    const disk = { key: 'disk', operator: 'In', values: ['fast'] };
    expect(
      nodeSelectorOf(volume({ matchExpressions: [zone('a'), disk] })),
    ).toBe('topology.kubernetes.io/zone=a,disk=fast');
  });

  it.each([
    ['all nodes', volume()],
    ['nothing at all', undefined],
    ['alternatives', volume({ matchExpressions: [zone('a')] }, {})],
    ['several values', volume({ matchExpressions: [zone('a', 'b')] })],
    [
      'another operator',
      volume({ matchExpressions: [{ key: 'x', operator: 'Exists' }] }),
    ],
    [
      'fields of the node',
      volume({
        matchExpressions: [zone('a')],
        matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }],
      }),
    ],
    ['an empty term', volume({})],
  ])('are not named for %s', (_what, of) => {
    expect(nodeSelectorOf(of)).toBeUndefined();
  });
});
