import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createClusterClient, type ClusterClient } from '@lifeboat/engine';
import { readmeCommands } from '../api-server/readmeCommands';
import { eventually } from '../cluster/eventually';
import { Kubectl } from '../cluster/Kubectl';
import { fileSystemBackupStories } from '../real-cluster/fileSystemBackupStories';
import { leftovers, presentBefore } from '../real-cluster/leftovers';
import { RealClusterStage } from '../real-cluster/RealClusterStage';
import { makeLocalVolumes } from './localVolumes';

const needed = (name: string) => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
};

/** A real kubelet and container runtime on this machine; no CSI driver is needed. */
describe('a real node', () => {
  const storageClass = `lifeboat-local-${process.pid}`;
  let client: (ClusterClient & { close(): void }) | undefined;
  let scratch: string;
  let stage: RealClusterStage;
  let removeVolumes: (() => Promise<void>) | undefined;
  let before: Set<string>;

  beforeAll(async () => {
    const kubeconfig = needed('KUBECONFIG');
    const state = needed('KUBE_STATE');
    scratch = mkdtempSync(path.join(os.tmpdir(), 'lifeboat-node-'));
    const kubectl = new Kubectl(kubeconfig, path.join(scratch, 'cache'));
    const commands = readmeCommands('Install');
    const command = (part: string) => {
      const found = commands.find(each => each.includes(part));
      if (!found) throw new Error(`deploy/README.md no longer has "${part}"`);
      return found;
    };
    await kubectl.shell(command('apply -k deploy\n'));
    await kubectl.shell(command('-k deploy/engine/file-system-backup'));
    client = createClusterClient({ name: 'node', kubeconfig });
    const folder = path.join(state, 'local-volumes');
    mkdirSync(folder, { recursive: true });
    removeVolumes = await makeLocalVolumes(client, {
      name: storageClass,
      folder,
      count: 8,
    });
    stage = await RealClusterStage.start({
      kubeconfig,
      storageClass,
      moverImage: needed('MOVER_IMAGE'),
      controlNamespace: 'openshift-adp',
      keep: false,
      storage: {
        bucket: needed('S3_BUCKET'),
        prefix: 'node',
        endpoint: needed('S3_ENDPOINT'),
        region: process.env.S3_REGION ?? 'us-east-1',
        accessKey: needed('S3_ACCESS_KEY'),
        secretKey: needed('S3_SECRET_KEY'),
      },
    });
    before = await presentBefore(stage);
  }, 240_000);

  afterAll(async () => {
    await stage?.stop();
    await removeVolumes?.();
    client?.close();
    rmSync(scratch, { recursive: true, force: true });
  }, 240_000);

  describe('with a user of its own', () => {
    fileSystemBackupStories(() => stage);
  });

  describe('as root, with files of several owners', () => {
    fileSystemBackupStories(() => stage, { name: 'rooted', root: true });
  });

  it('keeps nothing but what was backed up', async () => {
    await eventually('clean-up ends', async () => {
      const left = await leftovers(stage, before);
      expect(left.filter(each => !each.startsWith('PersistentVolume'))).toEqual(
        [],
      );
      return true;
    });
  }, 120_000);
});
