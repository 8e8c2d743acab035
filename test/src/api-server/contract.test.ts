import { startDevCluster } from '../cluster/startDevCluster';
import { ApiProbe } from '../contract/ApiProbe';
import { contractCases } from '../contract/cases';
import {
  readRecording,
  type Recording,
  writeRecording,
} from '../contract/recording';
import { runCase } from '../contract/runCases';
import { startKubeApiServer } from './startKubeApiServer';

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
      startKubeApiServer({ assets: process.env.KUBEBUILDER_ASSETS ?? '' }),
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
      if (!updates) expect(readRecording()[name]).toEqual(real[name]);
    },
  );
});
