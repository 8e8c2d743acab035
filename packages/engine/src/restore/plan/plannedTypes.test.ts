import { MemoryClusterClient } from '../../testing/MemoryClusterClient';
import { typesOfDefinition, withTypes } from './plannedTypes';

const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', kind: 'Widget', singular: 'widget' },
    versions: [
      { name: 'v1beta1', served: true, storage: false },
      { name: 'v1alpha1', served: false, storage: false },
      { name: 'v1', served: true, storage: true },
    ],
  },
};

describe('types that come with a restore', () => {
  it('are those that the definition serves, the stored version first', () => {
    expect(
      typesOfDefinition(definition).map(type => [
        type.version,
        type.resource,
        type.namespaced,
      ]),
    ).toEqual([
      ['v1', 'widgets', true],
      ['v1beta1', 'widgets', true],
    ]);
    expect(typesOfDefinition({ ...definition, spec: {} })).toEqual([]);
  });

  it('are found beside what the cluster serves, which stays as it is', async () => {
    const served = await new MemoryClusterClient([
      {
        group: '',
        version: 'v1',
        resource: 'pods',
        kind: 'Pod',
        namespaced: true,
      },
    ]).discover();
    const after = withTypes(served, typesOfDefinition(definition));
    expect(after.find('widgets.example.com')?.version).toBe('v1');
    expect(after.forKind('example.com/v1beta1', 'Widget')?.version).toBe(
      'v1beta1',
    );
    expect(after.find('pods')).toBe(served.find('pods'));
    const again = withTypes(after, typesOfDefinition(definition));
    expect(again.preferred).toHaveLength(2);
  });
});
