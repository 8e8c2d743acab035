import { types } from './api/Resource';
import { NodeStage } from './__testUtils__/NodeStage';

jest.setTimeout(60_000);

const stage = new NodeStage();

beforeAll(() => stage.start());
afterAll(() => stage.stop());

it('starts pods while the Secrets that they mount, and others beside them, change all the time', async () => {
  const { client, namespace } = stage;
  const secret = (name: string, text: string) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace },
    stringData: Object.fromEntries(
      ['a', 'b', 'c', 'd'].map(key => [key, text]),
    ),
  });
  const names = ['mounted', 'other'];
  for (const name of names) {
    await client.create(types.secrets, namespace, secret(name, '0'));
  }
  let over = false;
  const changing = names.map(async name => {
    for (let version = 1; !over; version += 1) {
      await client.replace(types.secrets, secret(name, String(version)));
    }
  });
  try {
    const pods = Array.from({ length: 15 }, (_, i) => `pod-${i}`);
    for (const pod of pods) {
      await stage.run(
        pod,
        ['write', '/dev/termination-log', 'ran'],
        undefined,
        {
          volumes: names.map(name => ({
            name,
            secret: { secretName: 'mounted' },
          })),
        },
      );
    }
    for (const pod of pods) {
      const ended = await stage.podIs(pod, 'Succeeded');
      const [container] = ended.status?.containerStatuses ?? [];
      expect(container.state?.terminated?.message).toBe('ran');
    }
  } finally {
    over = true;
    await Promise.all(changing);
  }
});
