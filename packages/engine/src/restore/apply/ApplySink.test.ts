import { ApiError } from '../../cluster/ApiError';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import type { ResourceType } from '../../cluster/ResourceType';
import { MemoryClusterClient } from '../../testing/MemoryClusterClient';
import { normalise, restoreLabels, withLabels } from '../plan/compare';
import { ApplySink } from './ApplySink';

const types = [
  { group: '', version: 'v1', resource: 'configmaps', kind: 'ConfigMap' },
  { group: '', version: 'v1', resource: 'namespaces', kind: 'Namespace' },
].map(type => ({ ...type, namespaced: type.resource !== 'namespaces' }));

/** Does each first write, and loses the answer to it. */
class ForgetfulClient extends MemoryClusterClient {
  losses = 0;
  patches = 0;

  private async lose<T>(write: Promise<T>): Promise<T> {
    const result = await write;
    if (this.losses > 0) {
      this.losses -= 1;
      throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    }
    return result;
  }

  override create: MemoryClusterClient['create'] = (...args) =>
    this.lose(super.create(...args));

  override patch: MemoryClusterClient['patch'] = (...args) => {
    this.patches += 1;
    return this.lose(super.patch(...args));
  };
}

function setUp(
  options: {
    namespaceProblem?(live: KubernetesObject): string | undefined;
  } = {},
) {
  const client = new ForgetfulClient(types);
  const time = { now: 0 };
  const clock = {
    now: () => time.now,
    monotonic: () => time.now,
    sleep: async (ms: number) => {
      time.now += ms;
    },
  };
  const sink = new ApplySink({
    client,
    clock,
    signal: new AbortController().signal,
    mayCreateNamespaces: true,
    controlNamespace: 'openshift-adp',
    ...options,
  });
  const type = client.types[0] as ResourceType;
  const place = (object: KubernetesObject, update = false) =>
    sink.place(object, type, {
      existingResourcePolicy: update ? 'update' : 'none',
      shared: false,
      comparable: async live => normalise(live),
    });
  return { client, sink, place };
}

function configMap(colour: string, restore = 'first'): KubernetesObject {
  return withLabels(
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace: 'shop', name: 'settings' },
      data: { colour },
    },
    restoreLabels(restore, 'nightly'),
  );
}

const namespace = (owner: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'shop', annotations: { owner } },
});

describe('placing an object', () => {
  it('is a creation also when its answer was lost', async () => {
    const { client, place } = setUp();
    client.losses = 1;
    expect(await place(configMap('blue'))).toEqual({
      action: 'created',
      uid: undefined,
    });
    expect(client.created).toEqual(['configmaps:shop/settings']);
  });

  it('leaves an object of another restore, whatever was lost', async () => {
    const { client, place } = setUp();
    await place(configMap('green', 'earlier'));
    client.losses = 1;
    const placed = await place(configMap('blue'));
    expect(placed.action).toBe('failed');
    expect(placed.warning).toContain('already exists');
  });

  it('is an update once, also when its answer was lost', async () => {
    const { client, place } = setUp();
    await place(configMap('green', 'earlier'));
    client.losses = 1;
    expect(await place(configMap('blue'), true)).toMatchObject({
      action: 'updated',
    });
    expect(client.patches).toBe(2);
  });

  it('does not call a namespace that is being deleted a lack of rights', async () => {
    const { client, place } = setUp();
    client.create = async () => {
      throw new ApiError('forbidden: namespace shop is being terminated', {
        code: 403,
        reason: 'Forbidden',
        details: { causes: [{ reason: 'NamespaceTerminating' }] },
      });
    };
    const { error } = await place(configMap('blue'));
    expect(error).toContain('is being terminated');
    expect(error).not.toContain('rolebinding');
  });
});

describe('making a namespace', () => {
  it('is done once when the answer was lost', async () => {
    const { client, sink } = setUp();
    client.losses = 1;
    expect(await sink.ensureNamespace(namespace('me'))).toBe('created');
  });

  it('asks one that somebody made meanwhile whether it agrees', async () => {
    const { client, sink } = setUp({
      namespaceProblem: live =>
        live.metadata.annotations?.owner === 'me'
          ? undefined
          : 'namespace shop has not agreed',
    });
    jest.spyOn(client, 'get').mockResolvedValueOnce(undefined);
    await client.create(client.types[1], namespace('other'));
    await expect(sink.ensureNamespace(namespace('me'))).rejects.toThrow(
      'namespace shop has not agreed',
    );
  });
});
