import {
  startRestrictedCluster,
  type RestrictedCluster,
} from './startRestrictedCluster';

describe('what deploy/ grants, on a real kube-apiserver', () => {
  let cluster: RestrictedCluster;

  beforeAll(async () => {
    cluster = await startRestrictedCluster();
  }, 150_000);

  afterAll(async () => {
    await cluster?.stop();
  }, 60_000);

  it.each([
    'deploy',
    'deploy/engine/network',
    'deploy/engine/external',
    'deploy/engine/file-system-backup',
  ])(
    'is applied from %s, and once more without a change',
    async folder => {
      await cluster.kubectl.run(['apply', '-k', folder]);
      const again = await cluster.kubectl.run(['apply', '-k', folder]);
      expect(
        again
          .trim()
          .split('\n')
          .filter(l => !l.endsWith(' unchanged')),
      ).toEqual([]);
    },
    60_000,
  );

  it('is all that the engine may, and nothing else', async () => {
    const said = await cluster.kubectl.shell(
      'deploy/check-rights || true',
      240_000,
    );
    const [, passed, failed] =
      said.match(/^(\d+) passed, (\d+) failed$/m) ?? [];
    expect({ failed, said: said.match(/^FAILED.*(\n {4}.*)*/gm) }).toEqual({
      failed: '0',
      said: null,
    });
    expect(Number(passed)).toBeGreaterThan(180);
  }, 300_000);
});
