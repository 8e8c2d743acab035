import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  RunningApiServer,
  startApiServer,
} from '../../api-server/startApiServer';
import { KubeClient } from '../api/KubeClient';
import { Resource, types } from '../api/Resource';
import { Claim } from '../controllers/volumes';
import { Pod } from '../controllers/Workload';
import { RunningNode, startNode } from '../index';
import { VolumeSnapshot, volumeSnapshots } from '../snapshots/snapshotTypes';

/** Does what its arguments say: write FILE TEXT, copy FROM TO, fail CODE, tick FOLDER, wait. */
const program = `
const fs = require('fs');
const [verb, first, second] = process.argv.slice(2);
const put = (file, text) => { fs.writeFileSync(file + '.new', text); fs.renameSync(file + '.new', file); };
if (verb === 'write') fs.writeFileSync(first, second);
if (verb === 'copy') fs.copyFileSync(first, second);
if (verb === 'fail') { fs.writeFileSync(process.env.LAST_WORDS, 'because'); process.exit(Number(first)); }
if (verb === 'tick') { let n = 0; setInterval(() => { n += 1; put(first + '/a', String(n)); put(first + '/b', String(n)); }, 1); }
if (verb === 'wait') setInterval(() => {}, 1000);
`;

/** An embedded cluster with one namespace, in the process of the test. */
export class NodeStage {
  readonly namespace = 'storage';
  readonly folder = mkdtempSync(join(tmpdir(), 'dev-storage-'));
  private readonly lines: string[] = [];
  private server?: RunningApiServer;
  private node?: RunningNode;
  client!: KubeClient;

  async start(): Promise<void> {
    const server = await startApiServer({ port: 0 });
    this.server = server;
    const kubeconfigFile = join(this.folder, 'kubeconfig');
    writeFileSync(kubeconfigFile, server.kubeconfig);
    writeFileSync(join(this.folder, 'program.cjs'), program);
    const runtimesFile = join(this.folder, 'runtimes.json');
    const command = ['{node}', join(this.folder, 'program.cjs')];
    writeFileSync(
      runtimesFile,
      JSON.stringify({ images: { 'test/tool': { command } } }),
    );
    this.client = await KubeClient.fromKubeconfig(kubeconfigFile);
    mkdirSync(join(this.folder, 'volumes'));
    await this.startNode();
    await this.client.create(types.namespaces, undefined, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: this.namespace },
    });
    await this.eventually('the default service account', () =>
      this.client.find(types.serviceAccounts, this.namespace, 'default'),
    );
  }

  async startNode(): Promise<void> {
    this.node = await startNode({
      kubeconfigFile: join(this.folder, 'kubeconfig'),
      runtimesFile: join(this.folder, 'runtimes.json'),
      volumesDirectory: join(this.folder, 'volumes'),
      kubeletToken: this.server?.kubeletToken,
      signal: new AbortController().signal,
      log: line => this.lines.push(line),
    });
  }

  async stopNode(): Promise<void> {
    await this.node?.stop();
  }

  async stop(): Promise<void> {
    await this.node?.stop();
    await this.server?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async eventually<T>(
    what: string,
    ask: () => Promise<T | undefined | false>,
  ): Promise<T> {
    const end = Date.now() + 20_000;
    for (;;) {
      const answer = await ask();
      if (answer) return answer;
      if (Date.now() > end) {
        throw new Error(`in vain: ${what}\n${this.lines.join('\n')}`);
      }
      await sleep(30);
    }
  }

  /** Makes a claim of 1Gi of the default class, unless `spec` says otherwise. */
  claim(name: string, spec: object = {}): Promise<Claim> {
    return this.client.create(types.persistentVolumeClaims, this.namespace, {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name },
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '1Gi' } },
        ...spec,
      },
    });
  }

  bound(name: string): Promise<Claim> {
    return this.eventually(`claim ${name} is bound`, async () => {
      const now = await this.client.find<Claim>(
        types.persistentVolumeClaims,
        this.namespace,
        name,
      );
      return now?.status?.phase === 'Bound' && now;
    });
  }

  /** The folder behind a bound claim. */
  async folderOf(claim: string): Promise<string> {
    const { spec } = await this.bound(claim);
    return join(this.folder, 'volumes/claims', spec?.volumeName ?? '');
  }

  snapshot(
    name: string,
    source: object,
    spec: object = {},
  ): Promise<VolumeSnapshot> {
    return this.client.create(volumeSnapshots, this.namespace, {
      apiVersion: 'snapshot.storage.k8s.io/v1',
      kind: 'VolumeSnapshot',
      metadata: { name },
      spec: { source, ...spec },
    });
  }

  ready(name: string): Promise<VolumeSnapshot> {
    return this.eventually(`snapshot ${name} is ready`, async () => {
      const now = await this.client.find<VolumeSnapshot>(
        volumeSnapshots,
        this.namespace,
        name,
      );
      return now?.status?.readyToUse === true && now;
    });
  }

  /** Starts a pod that runs the test's program once, with a claim at /volume where one is given. */
  async run(
    name: string,
    args: string[],
    claimName?: string,
    spec: object = {},
    container: object = {},
  ): Promise<void> {
    await this.client.create(types.pods, this.namespace, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      spec: {
        restartPolicy: 'Never',
        terminationGracePeriodSeconds: 1,
        containers: [
          {
            name: 'c',
            image: 'test/tool:1',
            args,
            env: [{ name: 'LAST_WORDS', value: '/dev/termination-log' }],
            ...(claimName
              ? { volumeMounts: [{ name: 'data', mountPath: '/volume' }] }
              : {}),
            ...container,
          },
        ],
        volumes: claimName
          ? [{ name: 'data', persistentVolumeClaim: { claimName } }]
          : [],
        ...spec,
      },
    });
  }

  pod(name: string): Promise<Pod | undefined> {
    return this.client.find<Pod>(types.pods, this.namespace, name);
  }

  podIs(name: string, ...phases: string[]): Promise<Pod> {
    return this.eventually(`pod ${name} is ${phases}`, async () => {
      const now = await this.pod(name);
      return phases.includes(now?.status?.phase ?? '') && now;
    });
  }

  /** The driver's own list of snapshots. */
  async driverSnapshots(): Promise<string[]> {
    const map = await this.client.get<
      Resource & { data?: Record<string, string> }
    >(types.configMaps, 'kube-system', 'dev-cluster-driver');
    return Object.keys(map.data ?? {});
  }

  /** Switches on these faults and no others. */
  async faults(data: Record<string, string>): Promise<void> {
    const name = 'dev-cluster-faults';
    const namespace = 'kube-system';
    const known = await this.client.find(types.configMaps, namespace, name);
    const map = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace },
      data,
    };
    if (known) await this.client.replace(types.configMaps, map);
    else await this.client.create(types.configMaps, namespace, map);
    await sleep(100);
  }
}
