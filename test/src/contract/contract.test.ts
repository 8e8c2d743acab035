import { startDevCluster } from '../cluster/startDevCluster';
import { ApiProbe } from './ApiProbe';
import { contractCases } from './cases';
import { readRecording } from './recording';
import { runCase } from './runCases';

jest.setTimeout(60_000);

// What the real server answers was recorded by test/src/api-server/contract.test.ts, which also checks that it still does.
describe('dev-cluster answers as a real kube-apiserver does', () => {
  const recording = readRecording();
  let cluster: Awaited<ReturnType<typeof startDevCluster>>;
  let probe: ApiProbe;

  beforeAll(async () => {
    cluster = await startDevCluster({ withoutNode: true });
    probe = new ApiProbe(cluster.kubeconfig);
  });

  afterAll(async () => {
    probe?.close();
    await cluster?.stop();
  });

  it.each(contractCases.map(c => [c.name, c] as const))(
    '%s',
    async (name, contractCase) => {
      expect(await runCase(probe, contractCase)).toEqual(recording[name]);
    },
  );

  it('has a recording of every case and of nothing else', () => {
    expect(Object.keys(recording)).toEqual(contractCases.map(c => c.name));
  });
});
