import { startDevCluster } from '../cluster/startDevCluster';
import { startKubeApiServer } from '../cluster/startKubeApiServer';
import { ApiProbe } from '../contract/ApiProbe';
import { contractCases } from '../contract/cases';
import {
  readRecording,
  type Recording,
  writeRecording,
} from '../contract/recording';
import { runCase } from '../contract/runCases';

jest.setTimeout(180_000);

// UPDATE_CONTRACT=1 writes what the real server answers into the recording that `npm test` uses.
const updates = Boolean(process.env.UPDATE_CONTRACT);

describe('dev-cluster and a real kube-apiserver answer alike', () => {
  const real: Recording = {};
  const stops: (() => Promise<void>)[] = [];
  let ours: ApiProbe;
  let theirs: ApiProbe;

  beforeAll(async () => {
    const [kube, cluster] = await Promise.all([
      startKubeApiServer({ withoutControllers: true }),
      startDevCluster({ withoutNode: true }),
    ]);
    theirs = new ApiProbe(kube.kubeconfig);
    ours = new ApiProbe(cluster.kubeconfig);
    stops.push(kube.stop, cluster.stop);
  });

  afterAll(async () => {
    ours?.close();
    theirs?.close();
    await Promise.all(stops.map(stop => stop()));
    if (updates) writeRecording(real);
  });

  it.each(contractCases.map(c => [c.name, c] as const))(
    '%s',
    async (name, contractCase) => {
      real[name] = await runCase(theirs, contractCase);
      expect(await runCase(ours, contractCase)).toEqual(real[name]);
      const recorded = updates ? real : readRecording();
      expect(recorded[name]).toEqual(real[name]);
    },
  );
});
