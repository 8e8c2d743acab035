import {
  Backup,
  defaults,
  parseDurationOr,
  validLabelValue,
  veleroAnnotations,
  veleroLabels,
} from '@lifeboat/velero-api';
import type { Clock } from '../../cluster/Clock';
import type { ClusterClient } from '../../cluster/ClusterClient';
import { createOnce } from '../../cluster/createOnce';
import type { Discovery } from '../../cluster/Discovery';
import { cloneJson } from '../../cluster/json';
import type {
  ApiObject,
  KubernetesObject,
} from '../../cluster/KubernetesObject';
import { snapshotTypes, veleroTypes } from '../../cluster/knownTypes';
import { LeaseLostError } from '../../cluster/LeaseLostError';
import type { ResourceTypeRef } from '../../cluster/ResourceType';
import type { EngineConfig } from '../../config/EngineConfig';
import { decideClaim } from '../../volumes/decide/decideClaim';
import { decidePodVolume } from '../../volumes/decide/decidePodVolume';
import {
  podFacts,
  PodFacts,
  PodVolumeFacts,
} from '../../volumes/decide/PodFacts';
import type {
  DecisionContext,
  VolumeDecision,
} from '../../volumes/decide/VolumeDecision';
import type { ExecInPod } from '../../volumes/hooks/execInPod';
import type { FrozenPod } from '../../volumes/hooks/frozen';
import { whyHooksRefused } from '../../volumes/hooks/hooksAllowed';
import {
  annotationHook,
  hasAnnotationHook,
  PodHook,
  specHooks,
} from '../../volumes/hooks/PodHook';
import { HookCounter, runPodHooks } from '../../volumes/hooks/runPodHooks';
import type { ResourcePolicies } from '../../volumes/policies/ResourcePolicies';
import {
  dataUploadName,
  dataUploadOperation,
  volumeSnapshotName,
} from '../../volumes/snapshot/dataNames';
import { removeSnapshot } from '../../volumes/snapshot/removeSnapshots';
import {
  SnapshotOutcomes,
  takeSnapshots,
} from '../../volumes/snapshot/takeSnapshots';
import { ItemIdentifier, itemKey } from '../ItemIdentifier';
import { matchesSelector } from '../labelSelector';
import type { RunLog } from '../RunLog';
import { seconds } from '../prepareBackup';
import type { VolumeInfoCollector } from '../volumeInfo';
import { dataUploadOf, named, podVolumeBackupOf } from './dataPathObjects';
import { podVolumeTimeout } from './podVolumeTimeout';
import { Block, snapshotBlocks } from './snapshotBlocks';
import { VolumeFacts } from './VolumeFacts';
import type { TakenVolumes, VolumeRecord } from './VolumeRecord';
import { waitForPodVolumeBackups } from './waitForPodVolumeBackups';

/** Everything that taking the volumes of a backup needs. */
export interface VolumeStageOptions {
  backup: Backup;
  /** A backup of the portal, with a scope. */
  isComponent: boolean;
  client: ClusterClient;
  discovery: Discovery;
  clock: Clock;
  log: RunLog;
  config: Pick<EngineConfig, 'hooks' | 'fileSystemBackup'>;
  controlNamespace: string;
  policies?: ResourcePolicies;
  claimsExcluded: boolean;
  exec: ExecInPod;
  /** Aborted when the backup is cancelled, or the engine ends. */
  signal: AbortSignal;
  /** For what must be done although the backup was cancelled: waking applications. Asked anew each time. */
  wakeSignal(): AbortSignal;
  /** Hears, once for each namespace and as early as possible, that data of its volumes will be moved. */
  onDataWanted(namespace: string): void;
  /** Puts on the Backup which pods may be frozen; empty when all are awake. */
  onFrozen(pods: FrozenPod[], freezeSeconds?: number): Promise<void>;
}

interface ClaimJob {
  key: string;
  group?: string;
  id: { namespace: string; name: string; uid: string };
  title: string;
  labels: { [key: string]: string };
  decision: VolumeDecision;
}

interface PodJob {
  pod: PodFacts;
  claims: string[];
  pre: PodHook[];
  post: PodHook[];
  copies: { volume: PodVolumeFacts; decision: VolumeDecision }[];
}

/** A claim as it goes into the tarball, and what goes along with it. */
export interface PreparedClaim {
  item: KubernetesObject;
  withVolume: boolean;
  additionalItems: ItemIdentifier[];
}

/**
 * The volumes of one backup: decides about each while objects are collected, then freezes, snapshots and wakes one application
 * after the other, and hands the data over to DataUploads and PodVolumeBackups.
 */
export class VolumeStage {
  private readonly facts: VolumeFacts;
  private readonly claims = new Map<string, ClaimJob>();
  private readonly pods: PodJob[] = [];
  private readonly counter = new HookCounter();
  private readonly records: VolumeRecord[] = [];
  private readonly dropped: string[] = [];
  private readonly wanted = new Set<string>();
  private snapshotsAttempted = 0;
  private freezeMs: number | undefined;

  constructor(
    private readonly options: VolumeStageOptions,
    private readonly infos: VolumeInfoCollector,
  ) {
    this.facts = new VolumeFacts(options);
  }

  /** Decides about a claim that goes into the backup, and marks it for its restore. */
  async claim(
    item: KubernetesObject,
    original: KubernetesObject,
  ): Promise<PreparedClaim> {
    const { backup, isComponent } = this.options;
    const { namespace = '', name = '', uid = '' } = original.metadata;
    const facts = await this.facts.of(original);
    // Others may share the volume; a pod of the selection is as good a reader and belongs to the backup.
    const isSelected = (pod: PodFacts) =>
      !backup.spec.labelSelector ||
      matchesSelector(pod.labels, backup.spec.labelSelector);
    const decision = decideClaim(
      {
        ...facts,
        pods: [
          ...facts.pods.filter(isSelected),
          ...facts.pods.filter(pod => !isSelected(pod)),
        ],
      },
      await this.context(),
    );
    this.report(decision, {
      resource: 'persistentvolumeclaims',
      namespace,
      name,
      what: `volume claim ${name}`,
    });
    if (decision.method === 'skip') {
      this.infos.skipClaim(original, decision.reason);
      return {
        item,
        withVolume: decision.withVolume,
        additionalItems: [],
      };
    }
    this.infos.takeClaim(original);
    if (decision.method !== 'csi-snapshot') {
      this.wantData(namespace);
    }
    const key = `${namespace}/${name}`;
    const groupLabel = backup.spec.volumeGroupSnapshotLabelKey;
    const group = groupLabel && original.metadata.labels?.[groupLabel];
    this.claims.set(key, {
      key,
      ...(group && { group: `${namespace}/${group}` }),
      id: { namespace, name, uid },
      title: key,
      labels: original.metadata.labels ?? {},
      decision,
    });
    if (decision.copy) {
      const { pod } = decision.copy;
      return {
        item,
        withVolume: true,
        // A component takes no pods of others along.
        additionalItems: isComponent
          ? []
          : [{ group: '', resource: 'pods', namespace, name: pod.name }],
      };
    }
    return {
      item: this.marked(item, uid, decision),
      withVolume: true,
      additionalItems: [],
    };
  }

  /** Notes a pod that is in the backup: its hooks, and the volumes that it brings itself. */
  async pod(original: KubernetesObject): Promise<void> {
    const pod = podFacts(original);
    if (pod.phase === 'Succeeded' || pod.phase === 'Failed') {
      return;
    }
    const { pre, post } = await this.hooksOf(pod);
    const context = await this.context();
    const copies: PodJob['copies'] = [];
    for (const volume of pod.volumes) {
      const decision = decidePodVolume(pod, volume, context);
      if (decision) {
        this.report(decision, {
          resource: 'pods',
          namespace: pod.namespace,
          name: pod.name,
          what: `volume ${volume.name} of pod ${pod.name}`,
        });
        if (decision.method === 'fs-backup') {
          copies.push({ volume, decision });
          this.wantData(pod.namespace);
        }
      }
    }
    if (pre.length + post.length + copies.length > 0) {
      const claims = pod.volumes.flatMap(({ claim }) =>
        claim ? [`${pod.namespace}/${claim}`] : [],
      );
      this.pods.push({ pod, claims, pre, post, copies });
    }
  }

  /** Runs hooks, makes snapshots, starts data movement. */
  async take(): Promise<TakenVolumes> {
    const { isComponent } = this.options;
    const claims = [...this.claims.values()];
    const known = new Set(claims.map(({ key }) => key));
    const pods = this.pods.map(job => ({
      ...job,
      claims: job.claims.filter(key => known.has(key)),
    }));
    const blocks = snapshotBlocks(claims, pods, isComponent);
    const hooked = blocks.filter(hasHooks);
    // What needs no hooks is taken at once.
    const plain = blocks.filter(block => !hasHooks(block));
    for (const block of [
      {
        claims: plain.flatMap(each => each.claims),
        pods: plain.flatMap(each => each.pods),
      },
      ...hooked,
    ]) {
      await this.takeBlock(block);
    }
    return {
      records: this.records,
      dropped: this.dropped,
      hookStatus: this.counter.toStatus(),
      ...(this.freezeMs !== undefined && {
        freezeSeconds: this.freezeMs / 1000,
      }),
      snapshotsAttempted: this.snapshotsAttempted,
    };
  }

  private wantData(namespace: string): void {
    if (!this.wanted.has(namespace)) {
      this.wanted.add(namespace);
      this.options.onDataWanted(namespace);
    }
  }

  private async takeBlock(block: Block<ClaimJob, PodJob>): Promise<void> {
    const { clock, log, onFrozen, signal } = this.options;
    signal.throwIfAborted();
    const freezing = block.pods.filter(({ pre }) => pre.length > 0);
    const frozen = freezing
      .filter(({ post }) => post.length > 0)
      .map(({ pod, post }) => ({
        namespace: pod.namespace,
        pod: pod.name,
        podUid: pod.uid,
        post,
      }));
    if (frozen.length > 0) {
      // Before anything is frozen: whoever comes after a crash finds what to run.
      await onFrozen(frozen);
    }
    const began = clock.monotonic();
    let outcomes: SnapshotOutcomes = new Map();
    try {
      for (const job of freezing) {
        signal.throwIfAborted();
        await this.runPreHooks(job);
      }
      outcomes = await this.snapshot(block.claims);
      const copies = await this.copy(block);
      if (block.pods.some(({ post }) => post.length > 0)) {
        await this.waitForCopies(copies);
      }
    } finally {
      // A pod whose pre hook failed may be half frozen, so that its post hooks run too.
      for (const job of block.pods) {
        await runPodHooks(job.post, job.pod, 'post', {
          ...this.hookOptions(),
          signal: this.options.wakeSignal(),
        });
      }
      if (freezing.length > 0) {
        const lasted = clock.monotonic() - began;
        this.freezeMs = Math.max(this.freezeMs ?? 0, Math.round(lasted));
        log.info(
          `applications were frozen for ${(lasted / 1000).toFixed(3)} s`,
          { pods: freezing.map(({ pod }) => pod.name).join(',') },
        );
      }
      if (frozen.length > 0) {
        await onFrozen([], (this.freezeMs ?? 0) / 1000);
      }
    }
    await this.handOver(block.claims, outcomes);
  }

  private async runPreHooks(job: PodJob): Promise<void> {
    const failure = await runPodHooks(
      job.pre,
      job.pod,
      'pre',
      this.hookOptions(),
    );
    if (failure) {
      const { namespace, name } = job.pod;
      this.options.log.error(
        `Error running pre hooks for pod ${name}; the pod is not in the backup`,
        { resource: 'pods', namespace, name, error: failure.message },
      );
      this.dropped.push(
        itemKey({ group: '', resource: 'pods', namespace, name }),
      );
    }
  }

  private hookOptions() {
    const { exec, log, config, signal } = this.options;
    return {
      exec,
      log,
      counter: this.counter,
      maxOutputBytes: config.hooks.maxOutputBytes,
      signal,
    };
  }

  private async snapshot(claims: ClaimJob[]): Promise<SnapshotOutcomes> {
    const { backup, client, clock, signal, controlNamespace } = this.options;
    const wanted = claims.filter(({ decision }) => decision.snapshot);
    this.snapshotsAttempted += wanted.length;
    return takeSnapshots(
      wanted.map(({ id, labels, decision }) => ({
        namespace: id.namespace,
        name: volumeSnapshotName(named(backup), id.uid),
        claim: id.name,
        snapshotClass: decision.snapshot!.snapshotClass,
        labels: {
          ...labels,
          [veleroLabels.backupName]: validLabelValue(
            backup.metadata.name ?? '',
          ),
        },
      })),
      {
        client,
        clock,
        signal,
        backupUid: backup.metadata.uid ?? '',
        controlNamespace,
        timeoutMs: parseDurationOr(
          backup.spec.csiSnapshotTimeout,
          defaults.csiSnapshotTimeout,
        ),
      },
    );
  }

  /** Starts what comes after the snapshots; what failed is named and removed. */
  private async handOver(
    claims: ClaimJob[],
    outcomes: SnapshotOutcomes,
  ): Promise<void> {
    const { backup, clock, log } = this.options;
    for (const job of claims) {
      const chosen = job.decision.snapshot;
      const name = volumeSnapshotName(named(backup), job.id.uid);
      const outcome = outcomes.get(name);
      if (!chosen || !outcome) {
        continue;
      }
      if ('error' in outcome) {
        await this.failSnapshot(job, outcome.error);
        continue;
      }
      const { cut } = outcome;
      const isMoved = job.decision.method === 'csi-data-movement';
      const startedAt = seconds(clock.now());
      const upload = isMoved
        ? dataUploadOf(backup, job.id, cut, chosen)
        : undefined;
      const created =
        !upload || (await this.create(veleroTypes.dataUploads, upload, job));
      if (!created) {
        continue;
      }
      log.info(`snapshot of volume claim ${job.title} is cut`, {
        resource: 'persistentvolumeclaims',
        namespace: job.id.namespace,
        name: job.id.name,
        snapshotHandle: cut.handle,
        creationTime: cut.createdAt,
      });
      this.records.push({
        method: isMoved ? 'csi-data-movement' : 'csi-snapshot',
        reason: job.decision.reason,
        startedAt,
        claim: job.id,
        title: job.title,
        snapshot: {
          namespace: cut.namespace,
          name: cut.name,
          content: cut.content,
          handle: cut.handle,
          driver: chosen.driver,
          snapshotClass: chosen.snapshotClass,
        },
        operationID: isMoved
          ? dataUploadOperation(named(backup), job.id.uid)
          : `${cut.namespace}/${cut.name}/${startedAt}`,
        ...(upload && { dataUpload: upload.metadata.name }),
      });
    }
  }

  private async failSnapshot(job: ClaimJob, reason: string): Promise<void> {
    const { backup, client, log, signal } = this.options;
    const { namespace, name } = job.id;
    const fields = { resource: 'persistentvolumeclaims', namespace, name };
    log.error(
      `Error backing up volume claim ${name}: its snapshot failed; the claim is not in the backup`,
      { ...fields, error: reason },
    );
    this.dropped.push(
      itemKey({ group: '', resource: fields.resource, namespace, name }),
    );
    this.infos.failClaim(job.id, reason);
    try {
      const snapshot = await client.get<KubernetesObject>(
        snapshotTypes.volumeSnapshots,
        { namespace, name: volumeSnapshotName(named(backup), job.id.uid) },
        { signal },
      );
      if (snapshot) {
        await removeSnapshot(snapshot, 'Delete', { client, signal });
      }
    } catch (error) {
      this.rethrowFatal(error);
      log.warn('the failed VolumeSnapshot could not be removed', {
        ...fields,
        error: (error as Error).message,
      });
    }
  }

  /** Starts the file-system backups of a block. @returns their names */
  private async copy(block: Block<ClaimJob, PodJob>): Promise<string[]> {
    const names: string[] = [];
    for (const job of block.claims) {
      const { copy } = job.decision;
      if (copy) {
        names.push(...(await this.startCopy(copy.pod, copy.volume, job)));
      }
    }
    for (const { pod, copies } of block.pods) {
      for (const { volume, decision } of copies) {
        names.push(
          ...(await this.startCopy(pod, volume, {
            title: `${pod.namespace}/${pod.name}/${volume.name}`,
            decision,
          })),
        );
      }
    }
    return names;
  }

  private async startCopy(
    pod: PodFacts,
    volume: PodVolumeFacts,
    job: Pick<ClaimJob, 'title' | 'decision'> & Partial<Pick<ClaimJob, 'id'>>,
  ): Promise<string[]> {
    const { backup, clock } = this.options;
    const copy = podVolumeBackupOf(backup, pod, volume, job.id);
    if (!(await this.create(veleroTypes.podVolumeBackups, copy, job))) {
      return [];
    }
    const name = copy.metadata.name ?? '';
    this.records.push({
      method: 'fs-backup',
      reason: job.decision.reason,
      startedAt: seconds(clock.now()),
      ...(job.id && { claim: job.id }),
      title: job.title,
      podVolumeBackup: name,
    });
    return [name];
  }

  private async waitForCopies(names: string[]): Promise<void> {
    const { backup, client, clock, log, signal } = this.options;
    if (names.length === 0) {
      return;
    }
    log.info(
      'waiting for file-system backups, because hooks of their pods run afterwards',
    );
    await waitForPodVolumeBackups(names, {
      client,
      clock,
      signal,
      namespace: backup.metadata.namespace ?? '',
      timeoutMs: podVolumeTimeout(backup),
    });
  }

  /** @returns false when it failed; the error names the volume */
  private async create<T extends ApiObject>(
    type: ResourceTypeRef,
    object: T,
    job: Pick<ClaimJob, 'title'> & Partial<Pick<ClaimJob, 'id'>>,
  ): Promise<boolean> {
    const { client, clock, signal, log, backup } = this.options;
    const uid = backup.metadata.uid;
    try {
      await createOnce<T>(client, type, object, {
        clock,
        signal,
        isOurs: live => live.metadata.labels?.[veleroLabels.backupUid] === uid,
      });
      return true;
    } catch (error) {
      this.rethrowFatal(error);
      const reason = (error as Error).message;
      log.error(`Error backing up volume ${job.title}`, {
        namespace: job.id?.namespace,
        name: job.id?.name,
        error: reason,
      });
      if (job.id) {
        this.infos.failClaim(job.id, reason);
      }
      return false;
    }
  }

  private async hooksOf(
    pod: PodFacts,
  ): Promise<{ pre: PodHook[]; post: PodHook[] }> {
    const { backup, config, discovery, log } = this.options;
    const fields = {
      resource: 'pods',
      namespace: pod.namespace,
      name: pod.name,
    };
    const hooks = backup.spec.hooks?.resources ?? [];
    const resolve = (name: string) => {
      const type = discovery.find(name);
      return type && !type.group ? type.resource : name;
    };
    const found: { pre: PodHook[]; post: PodHook[] } = { pre: [], post: [] };
    if (config.hooks.enabled) {
      found.pre = specHooks(pod, hooks, 'pre', resolve);
      found.post = specHooks(pod, hooks, 'post', resolve);
    }
    if (hasAnnotationHook(pod)) {
      const namespace = await this.facts.namespace(pod.namespace);
      const refused = namespace
        ? whyHooksRefused(namespace, config.hooks)
        : `namespace ${pod.namespace} cannot be read`;
      if (refused) {
        log.warn(
          `the hooks that pod ${pod.name} asks for by annotation are not run: ${refused}`,
          fields,
        );
      } else {
        for (const phase of ['pre', 'post'] as const) {
          const { hook, warning } = annotationHook(pod, phase);
          if (warning) {
            log.warn(`${phase} hook of pod ${pod.name}: ${warning}`, fields);
          }
          // A pod's own hook takes the place of the Backup's.
          found[phase] = hook ? [hook] : found[phase];
        }
      }
    }
    return found;
  }

  private async context(): Promise<DecisionContext> {
    const { backup, isComponent, policies, config, claimsExcluded } =
      this.options;
    return {
      spec: backup.spec,
      backup,
      isComponent,
      policies,
      snapshots: await this.facts.snapshots(backup.spec),
      fileSystemBackup: {
        enabled: config.fileSystemBackup.enabled,
        claimsExcluded,
      },
    };
  }

  private report(
    decision: VolumeDecision,
    fields: {
      resource: string;
      namespace: string;
      name: string;
      what: string;
    },
  ): void {
    const { log } = this.options;
    const { what, ...rest } = fields;
    if (decision.method !== 'skip') {
      log.info(
        `the data of ${what} is taken by ${decision.method}: ${decision.reason}`,
        rest,
      );
    } else if (decision.severity === 'error') {
      log.error(
        `the data of ${what} is not in the backup: ${decision.reason}`,
        rest,
      );
    } else if (decision.severity === 'info') {
      log.info(`the data of ${what} is left out: ${decision.reason}`, rest);
    } else {
      // What somebody chose by the spec needs no reason.
      const why = this.options.backup.spec.snapshotVolumes === false;
      log.warn(
        `Objects only: the data of ${what} is not included${
          why ? '' : `: ${decision.reason}`
        }`,
        rest,
      );
    }
  }

  private marked(
    item: KubernetesObject,
    uid: string,
    decision: VolumeDecision,
  ): KubernetesObject {
    const backup = this.options.backup;
    const snapshot = volumeSnapshotName(named(backup), uid);
    const marked = cloneJson(item);
    marked.metadata.labels = {
      ...marked.metadata.labels,
      [veleroLabels.backupName]: validLabelValue(backup.metadata.name ?? ''),
      [veleroLabels.volumeSnapshotName]: snapshot,
    };
    marked.metadata.annotations = {
      ...marked.metadata.annotations,
      [veleroAnnotations.volumeSnapshotName]: snapshot,
      ...(decision.method === 'csi-data-movement' && {
        [veleroAnnotations.dataUploadName]: `${
          backup.metadata.namespace
        }/${dataUploadName(named(backup), uid)}`,
      }),
    };
    return marked;
  }

  private rethrowFatal(error: unknown): void {
    this.options.signal.throwIfAborted();
    if (error instanceof LeaseLostError) {
      throw error;
    }
  }
}

function hasHooks({ pods }: Block<ClaimJob, PodJob>): boolean {
  return pods.some(({ pre, post }) => pre.length + post.length > 0);
}
