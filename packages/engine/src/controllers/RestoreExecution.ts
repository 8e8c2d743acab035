import type { Restore, RestoreProgress } from '@lifeboat/velero-api';
import type { RunLog } from '../backup/RunLog';
import type { SpoolFolder } from '../backup/SpoolFolder';
import { groupResource } from '../cluster/ResourceType';
import type { Discovery } from '../cluster/Discovery';
import { coreTypes, snapshotTypes } from '../cluster/knownTypes';
import type { KubernetesObject } from '../cluster/KubernetesObject';
import { stringAt } from '../backup/jsonPath';
import { ApplySink } from '../restore/apply/ApplySink';
import { findExistingClaims } from '../restore/inPlace/findExistingClaims';
import {
  InPlaceError,
  type InPlaceOptions,
  InPlaceRestore,
} from '../restore/inPlace/InPlaceRestore';
import type { PendingHooks } from '../restore/hooks/pendingHooks';
import { RestoreHooks } from '../restore/hooks/RestoreHooks';
import { whyHooksRefused } from '../volumes/hooks/hooksAllowed';
import { wantsExistingClaims } from '../restore/inPlace/InPlaceState';
import { targetProblem } from '../restore/limits/restoreTarget';
import {
  filtersOf,
  type OpenedBackup,
  openBackup,
} from '../restore/openRestore';
import { prioritiesByName } from '../restore/order/resourcePriorities';
import { RestoreRun, type RestoreRunOutcome } from '../restore/RestoreRun';
import type { RestoreFilters } from '../restore/RestoreFilters';
import { restoreActions } from '../restore/transform/restoreActions';
import { readVolumeRecords } from '../restore/volumes/readVolumeRecords';
import type { VolumeRecords } from '../restore/volumes/VolumeRecords';
import type { ControllerContext } from './Controller';
import { type AdmittedRestore, targetRules } from './RestoreValidation';

/** What came of placing the objects of a restore. */
export interface PlacedOutcome extends RestoreRunOutcome {
  /** Commands to be run in restored pods. */
  hooks: PendingHooks[];
}

/** What a running restore works with. */
export interface RestoreWorkplace {
  spool: SpoolFolder;
  log: RunLog;
  signal: AbortSignal;
}

/**
 * Carries out the part of a Restore that places objects and orders the content of their volumes. Content of claims that are there,
 * where the Restore asks for it, is brought back first.
 *
 * @throws InPlaceError when that did not work and nothing of the application was changed; ContentsError; StorageError
 */
export async function executeRestore(
  admitted: AdmittedRestore,
  context: ControllerContext,
  workplace: RestoreWorkplace,
  onProgress: (progress: RestoreProgress) => void,
): Promise<PlacedOutcome> {
  const { client } = context;
  const { restore, backup, store } = admitted;
  const { spool, log, signal } = workplace;
  const backupName = backup.metadata.name ?? '';
  log.info(`Starting restore of backup ${context.namespace}/${backupName}`);
  const opened = await openBackup(
    store,
    backupName,
    spool.file('contents'),
    admitted.record,
    { signal },
  );
  try {
    const discovery = await client.discover(signal);
    discovery.warnings.forEach(warning => log.write('warning', warning));
    const filters = filtersOf(restore, opened.contents, discovery);
    const records = await readVolumeRecords(
      store,
      backup,
      opened.contents,
      opened.volumeInfo,
      signal,
    );
    const inPlace = wantsExistingClaims(restore)
      ? await bringBackInPlace(admitted, context, workplace, {
          opened,
          discovery,
          filters,
          records,
        })
      : undefined;
    const hooks = new RestoreHooks(restore, namespace =>
      whyHooksRefusedIn(namespace, context, signal),
    );
    try {
      const run = await prepareRun(
        admitted,
        context,
        workplace,
        { opened, discovery, filters, records, hooks },
        inPlace,
        onProgress,
      );
      const outcome = await run.run();
      log.info('restore completed');
      return { ...outcome, hooks: hooks.pending };
    } finally {
      await inPlace?.start();
    }
  } finally {
    await opened.contents.close();
  }
}

async function whyHooksRefusedIn(
  name: string,
  { client, config }: ControllerContext,
  signal: AbortSignal,
): Promise<string | undefined> {
  const namespace = await client.get(
    coreTypes.namespaces,
    { name },
    { signal },
  );
  return whyHooksRefused(namespace ?? { metadata: { name } }, config.hooks);
}

interface Material {
  opened: OpenedBackup;
  discovery: Discovery;
  filters: RestoreFilters;
  records: VolumeRecords;
}

async function prepareRun(
  admitted: AdmittedRestore,
  context: ControllerContext,
  { log, signal }: RestoreWorkplace,
  {
    opened,
    discovery,
    filters,
    records,
    hooks,
  }: Material & { hooks: RestoreHooks },
  inPlace: InPlaceRestore | undefined,
  onProgress: (progress: RestoreProgress) => void,
): Promise<RestoreRun> {
  const { client, clock, config } = context;
  const { restore, backup, scope, targetNamespace } = admitted;
  const classes = await snapshotClasses(context, discovery, signal);
  return new RestoreRun({
    restore,
    backupName: backup.metadata.name ?? '',
    contents: opened.contents,
    volumeInfo: opened.volumeInfo,
    volumes: {
      backup,
      records,
      fileSystemRestore:
        config.fileSystemBackup.enabled && !wantsExistingClaims(restore),
      inPlace: inPlace?.claims ?? new Set(),
      snapshotClassOf: driver =>
        classes.find(each => stringAt(each, 'driver') === driver)?.metadata
          .name,
    },
    hooks,
    shared: opened.shared,
    discovery,
    discover: () => client.discover(signal),
    filters,
    priorities: prioritiesByName[config.restore.order],
    actions: await restoreActions(
      client,
      discovery,
      context.namespace,
      signal,
      config.dataMover,
    ),
    modifiers: admitted.modifiers,
    ...(scope &&
      targetNamespace && {
        tenant: {
          scope,
          targetNamespace,
          allowedClusterRoles: config.restore.allowedClusterRoles,
        },
      }),
    sink: new ApplySink({
      client,
      clock,
      signal,
      mayCreateNamespaces: scope ? config.createNamespaces : true,
      ...(scope && {
        // Consent is asked again of the namespace as it is when the run gets there.
        namespaceProblem: namespace =>
          targetProblem({
            ...targetRules(context),
            scope,
            recorded: admitted.record?.scope,
            target: namespace.metadata.name ?? '',
            namespace,
          }),
      }),
      controlNamespace: context.namespace,
    }),
    log,
    signal,
    onProgress,
  });
}

async function snapshotClasses(
  { client }: ControllerContext,
  discovery: Discovery,
  signal: AbortSignal,
): Promise<KubernetesObject[]> {
  const found: KubernetesObject[] = [];
  if (discovery.find(groupResource(snapshotTypes.volumeSnapshotClasses))) {
    try {
      for await (const each of client.list(
        snapshotTypes.volumeSnapshotClasses,
        { signal },
      )) {
        found.push(each);
      }
    } catch {
      // A class is only needed for its credentials; without the right to read them, drivers that need none still work.
      signal.throwIfAborted();
    }
  }
  return found;
}

/** What in-place work of a Restore needs, before or after a crash. */
export function inPlaceOptions(
  context: ControllerContext,
  discovery: Discovery,
  signal: AbortSignal,
  log: (message: string) => void,
): InPlaceOptions {
  return {
    client: context.client,
    clock: context.clock,
    controlNamespace: context.namespace,
    discovery,
    undoSeconds: context.config.volumes.undoSeconds,
    signal,
    engineSignal: context.signal,
    log,
  };
}

async function bringBackInPlace(
  admitted: AdmittedRestore,
  context: ControllerContext,
  { log, signal }: RestoreWorkplace,
  { opened, discovery, filters, records }: Material,
): Promise<InPlaceRestore | undefined> {
  const { restore, backup, scope } = admitted;
  const targetOf = (name: string) => targetNamespaceOf(restore, name);
  const existing = await findExistingClaims({
    contents: opened.contents,
    filters,
    records,
    client: context.client,
    shared: opened.shared,
    targetOf,
    signal,
  });
  existing.shared.forEach(name =>
    log.write(
      'warning',
      `claim ${name} keeps its data: other workloads use it too`,
    ),
  );
  const namespaces = new Set(
    existing.claims.map(({ live }) => live.metadata.namespace ?? ''),
  );
  if (namespaces.size === 0) {
    return undefined;
  }
  if (namespaces.size > 1) {
    throw new InPlaceError(
      `the data of existing claims is restored in one namespace at a time, and these are in ${[
        ...namespaces,
      ].join(', ')}. Nothing was changed`,
    );
  }
  const [namespace] = namespaces;
  const sources = opened.contents
    .namespaces()
    .filter(name => targetOf(name) === namespace);
  const inPlace = await InPlaceRestore.stage(
    restore,
    backup,
    namespace,
    existing.claims,
    workload =>
      scope && !isInBackup(workload, sources, opened, discovery)
        ? `${workload.kind} ${workload.metadata.name} uses the claim and is not part of the backup`
        : undefined,
    inPlaceOptions(context, discovery, signal, message => log.info(message)),
  );
  await inPlace.exchange();
  // Nothing of the application changes with this policy, so there is nothing to wait for.
  if (restore.spec.existingResourcePolicy !== 'update') {
    await inPlace.start();
  }
  return inPlace;
}

function isInBackup(
  workload: KubernetesObject,
  sources: readonly string[],
  { contents }: OpenedBackup,
  discovery: Discovery,
): boolean {
  const type = discovery.forKind(workload.apiVersion, workload.kind);
  return (
    type !== undefined &&
    sources.some(
      namespace =>
        contents.find({
          groupResource: groupResource(type),
          namespace,
          name: workload.metadata.name ?? '',
        }) !== undefined,
    )
  );
}

function targetNamespaceOf(restore: Restore, name: string): string {
  return restore.spec.namespaceMapping?.[name] ?? name;
}
