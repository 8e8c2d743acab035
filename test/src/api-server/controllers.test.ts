import { ApiProbe, type Call } from '../contract/ApiProbe';
import type { KubeObject } from '../contract/Case';
import { eventually } from '../cluster/eventually';
import { startKubeApiServer } from '../cluster/startKubeApiServer';

jest.setTimeout(180_000);

describe('a kube-apiserver with the controllers of dev-cluster', () => {
  let kube: Awaited<ReturnType<typeof startKubeApiServer>>;
  let probe: ApiProbe;
  const namespace = '/api/v1/namespaces/busy';
  const call = async (
    verb: Call['verb'],
    path: string,
    body?: object,
    token?: string,
  ) => {
    const answer = await probe.call({ verb, path, body, token });
    return { code: answer.code, object: answer.body as KubeObject };
  };
  const configMap = (name: string, metadata: object = {}) => ({
    metadata: { name, ...metadata },
  });

  beforeAll(async () => {
    kube = await startKubeApiServer();
    probe = new ApiProbe(kube.kubeconfig);
    await call('POST', '/api/v1/namespaces', { metadata: { name: 'busy' } });
  });

  afterAll(async () => {
    probe?.close();
    await kube?.stop();
  });

  it('makes default service accounts, whose tokens it accepts under RBAC', async () => {
    const account = `${namespace}/serviceaccounts/default`;
    await eventually(
      'the account',
      async () => (await call('GET', account)).code === 200,
    );
    const issued = await call('POST', `${account}/token`, { spec: {} });
    const token = String(issued.object.status?.token);
    const refused = await call(
      'GET',
      `${namespace}/configmaps`,
      undefined,
      token,
    );
    expect(refused.code).toBe(403);
  });

  it('collects what belonged to a deleted owner', async () => {
    const configMaps = `${namespace}/configmaps`;
    const { object: owner } = await call(
      'POST',
      configMaps,
      configMap('owner'),
    );
    await call(
      'POST',
      configMaps,
      configMap('owned', {
        ownerReferences: [
          {
            apiVersion: 'v1',
            kind: 'ConfigMap',
            name: 'owner',
            uid: owner.metadata.uid,
          },
        ],
      }),
    );
    await call('DELETE', `${configMaps}/owner`);
    await eventually(
      'the owned one is gone',
      async () => (await call('GET', `${configMaps}/owned`)).code === 404,
    );
    expect((await call('GET', `${configMaps}/owner`)).code).toBe(404);
  });

  it('ends namespaces', async () => {
    const { code } = await call('DELETE', namespace);
    expect(code).toBe(200);
    await eventually(
      'the namespace is gone',
      async () => (await call('GET', namespace)).code === 404,
      60_000,
    );
  });
});
