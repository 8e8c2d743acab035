import { Manifest } from '../application/Manifest';
import { ordersApplication } from '../application/orders';
import { allowedDifferences } from './allowedDifferences';
import { compareApplications } from './compareApplications';
import { formatPath, matchesPattern, parsePattern } from './jsonPath';

const namespaces = { sourceNamespace: 'shop', targetNamespace: 'shop-restore' };

function application(): Manifest[] {
  const manifests = ordersApplication({
    namespace: 'shop',
    databasePassword: 'one',
    sessionKey: 'two',
  });
  const uidOf = (kind: string, name: string) => `original-${kind}-${name}`;
  const owner = (kind: string, name: string) => ({
    apiVersion: 'apps/v1',
    kind,
    name,
    uid: uidOf(kind, name),
    controller: true,
  });
  return [
    ...manifests,
    {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: {
        name: 'web-abc',
        namespace: 'shop',
        ownerReferences: [owner('Deployment', 'web')],
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'web-abc-1',
        namespace: 'shop',
        generateName: 'web-abc-',
        ownerReferences: [owner('ReplicaSet', 'web-abc')],
      },
      status: { phase: 'Running', podIP: '10.0.0.1' },
    },
    {
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: { name: 'web', namespace: 'shop' },
    },
  ].map(manifest => ({
    ...manifest,
    metadata: {
      ...manifest.metadata,
      uid: uidOf(manifest.kind, manifest.metadata.name),
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
  })) as Manifest[];
}

/** What a right restore makes of the application. */
function restored(): Manifest[] {
  return application().map(manifest => {
    const copy = structuredClone(manifest) as Manifest & {
      subjects?: { namespace: string }[];
      status?: Record<string, unknown>;
    };
    copy.metadata.namespace = 'shop-restore';
    copy.metadata.uid = manifest.metadata.uid?.replace('original', 'copy');
    delete (copy.metadata as { generateName?: string }).generateName;
    copy.metadata.labels = {
      ...copy.metadata.labels,
      'velero.io/restore-name': 'r',
      'velero.io/backup-name': 'b',
    };
    for (const owner of copy.metadata.ownerReferences ?? []) {
      owner.uid = owner.uid.replace('original', 'copy');
    }
    for (const subject of copy.subjects ?? []) {
      subject.namespace = 'shop-restore';
    }
    if (copy.status) copy.status.podIP = '10.0.0.2';
    return copy;
  });
}

function find(all: Manifest[], kind: string, name: string): Manifest {
  const found = all.find(
    each => each.kind === kind && each.metadata.name === name,
  );
  if (!found) throw new Error(`${kind} ${name} is not in the application`);
  return found;
}

function differencesOf(change: (copies: Manifest[]) => void) {
  const copies = restored();
  change(copies);
  return compareApplications(application(), copies, namespaces).differences;
}

describe('compareApplications', () => {
  it('finds no difference in a right copy', () => {
    const comparison = compareApplications(
      application(),
      restored(),
      namespaces,
    );
    expect(comparison.differences).toEqual([]);
    expect(comparison.objects).toBe(application().length - 1);
    expect(comparison.fields).toBeGreaterThan(300);
    expect(comparison.allowed.map(each => each.path)).toContain(
      'metadata.ownerReferences[*].uid',
    );
  });

  it('fails when an object is missing', () => {
    expect(
      differencesOf(copies => {
        copies.splice(
          copies.indexOf(find(copies, 'ConfigMap', 'web-settings')),
          1,
        );
      }),
    ).toEqual([
      {
        object: 'ConfigMap web-settings',
        path: '',
        original: 'present',
        copy: 'missing',
      },
    ]);
  });

  it('fails when an object is too many', () => {
    expect(
      differencesOf(copies => {
        copies.push({
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'stray', namespace: 'shop-restore' },
        });
      }),
    ).toMatchObject([{ object: 'ConfigMap stray', copy: 'present' }]);
  });

  it('fails when a label is missing', () => {
    expect(
      differencesOf(copies => {
        delete find(copies, 'Deployment', 'web').metadata.labels?.[
          'app.kubernetes.io/part-of'
        ];
      }),
    ).toEqual([
      {
        object: 'Deployment web',
        path: "metadata.labels['app.kubernetes.io/part-of']",
        original: 'orders',
        copy: undefined,
      },
    ]);
  });

  it('fails when a Secret key is missing', () => {
    expect(
      differencesOf(copies => {
        const secret = find(copies, 'Secret', 'db-credentials');
        delete (secret.data as Record<string, string>).password;
      }),
    ).toMatchObject([
      { object: 'Secret db-credentials', path: 'data.password' },
    ]);
  });

  it('fails when an owner reference is missing', () => {
    const found = differencesOf(copies => {
      delete find(copies, 'ReplicaSet', 'web-abc').metadata.ownerReferences;
    });
    expect(found.map(each => each.path)).toContain(
      'metadata.ownerReferences[0].name',
    );
  });

  it('fails when an owner reference still points to the original', () => {
    expect(
      differencesOf(copies => {
        const [owner] =
          find(copies, 'ReplicaSet', 'web-abc').metadata.ownerReferences ?? [];
        owner.uid = 'original-Deployment-web';
      }),
    ).toMatchObject([{ path: 'metadata.ownerReferences[0].uid' }]);
  });

  it('fails when the large integer was rounded', () => {
    expect(
      differencesOf(copies => {
        const { spec } = find(
          copies,
          'Promotion',
          'spring-sale',
        ) as Manifest & {
          spec: { budgetMicros: unknown };
        };
        spec.budgetMicros = 9007199254740992;
      }),
    ).toMatchObject([{ path: 'spec.budgetMicros' }]);
  });

  it('fails when a binding still names the original namespace', () => {
    expect(
      differencesOf(copies => {
        const binding = find(
          copies,
          'RoleBinding',
          'orders-web-reads',
        ) as Manifest & { subjects: { namespace: string }[] };
        binding.subjects[0].namespace = 'elsewhere';
      }),
    ).toMatchObject([{ path: 'subjects[0].namespace' }]);
  });

  it('fails when the copy does not run', () => {
    expect(
      differencesOf(copies => {
        const pod = find(copies, 'Pod', 'web-abc-1') as Manifest & {
          status: { phase: string };
        };
        pod.status.phase = 'Pending';
      }),
    ).toMatchObject([{ object: 'Pod web-abc-1', path: 'status.phase' }]);
  });

  it('pairs a pod that its ReplicaSet has replaced', () => {
    expect(
      differencesOf(copies => {
        find(copies, 'Pod', 'web-abc-1').metadata.name = 'web-abc-9';
      }),
    ).toEqual([]);
  });
});

describe('the closed list', () => {
  it.each(allowedDifferences)('$path has a reason', ({ path, reason }) => {
    expect(reason.length).toBeGreaterThan(15);
    expect(parsePattern(path).length).toBeGreaterThan(0);
  });

  it('allows nothing in data and nothing at the root', () => {
    for (const { path } of allowedDifferences) {
      expect(path).toMatch(/^(metadata\.|spec\.|status\.|subjects)/);
    }
  });
});

describe('JSON paths', () => {
  it('are written readably', () => {
    expect(formatPath(['metadata', 'labels', 'a.b/c', 'x', 0])).toBe(
      "metadata.labels['a.b/c'].x[0]",
    );
  });

  it.each([
    ['subjects[*].namespace', ['subjects', 3, 'namespace'], true],
    ['subjects[*].namespace', ['subjects', 'x', 'namespace'], false],
    ['status.**', ['status', 'a', 0], true],
    ['status.**', ['spec', 'a', 0], false],
    ["annotations['port-*']", ['annotations', 'port-80'], true],
    ["annotations['port-*']", ['annotations', 'port'], false],
    ['spec.host', ['spec', 'host', 'x'], false],
  ])('%s and %j: %s', (pattern, steps, expected) => {
    expect(matchesPattern(parsePattern(pattern), steps)).toBe(expected);
  });
});
