import {
  type ConfigConsent,
  type PlannedItem,
  loadRecordSigner,
  planRestore,
} from '@lifeboat/engine';
import {
  type Backup,
  type ResultMessages,
  type RestoreSpec,
} from '@lifeboat/velero-api';
import pLimit from 'p-limit';
import type { BackupConfig } from '../config/BackupConfig';
import { maskSecrets } from '../runs/maskSecrets';
import { type RunFiles, readSignal } from '../storage/RunFiles';
import { visibleScope } from '../tenancy/visibleScope';
import type { EntityCall } from './EntityCall';
import type {
  PlannedObject,
  RestorePlan,
  RestorePlanner,
} from './RestorePlanner';

const shownFindings = 20;
/** A plan reads a whole tarball: more at a time would fill disk and memory. */
const plansAtATime = 3;

/** Plans with the engine's own restore, whose last step only reads. */
export class EnginePlanner implements RestorePlanner {
  readonly #limit = pLimit(plansAtATime);

  constructor(
    private readonly options: {
      files: RunFiles;
      restore: BackupConfig['restore'];
      consent: ConfigConsent[];
      /** Whether files may be written through nodes into restored pods. */
      fileSystemRestore: boolean;
    },
  ) {}

  plan(
    call: EntityCall,
    backup: Backup,
    spec: RestoreSpec,
    options: { existingClaims: boolean },
  ): Promise<RestorePlan> {
    return this.#limit(() => {
      // Whoever has gone away meanwhile needs no plan.
      call.signal.throwIfAborted();
      return this.#planNow(call, backup, spec, options);
    });
  }

  async #planNow(
    call: EntityCall,
    backup: Backup,
    spec: RestoreSpec,
    { existingClaims }: { existingClaims: boolean },
  ): Promise<RestorePlan> {
    const { files, consent, restore } = this.options;
    const { cluster } = call.target;
    const location = backup.spec.storageLocation ?? '';
    const signal = readSignal(call.signal);
    const store = await files.open(cluster, location);
    const controlNamespace = cluster.control.namespace;
    const plan = await cluster.withEngineClient(async client => {
      const signer = await loadRecordSigner({
        mayCreate: false,
        client,
        namespace: controlNamespace,
        signal,
      });
      return files.read(cluster, location, () =>
        planRestore({
          client,
          store,
          signer,
          backup,
          spec,
          scope: visibleScope(backup, call.grant, call.target),
          controlNamespace,
          clusterName: cluster.name,
          restoreTargets: restore.targets,
          createNamespaces: restore.createNamespaces,
          restore,
          configConsent: consent,
          existingClaims,
          fileSystemRestore: this.options.fileSystemRestore,
          signal,
        }),
      );
    });
    return {
      problems: plan.problems,
      objects: plan.items.map(plannedObject),
      volumes: plan.volumes.map(({ claim, method, reason, size }) => ({
        name: claim ?? '',
        method,
        ...(reason && { reason: maskSecrets(reason) }),
        ...(size !== undefined && { sizeBytes: size }),
      })),
      volumesWithoutData: plan.volumesWithoutData,
      notes: [
        ...messages(plan.results.errors),
        ...messages(plan.results.warnings),
      ].slice(0, shownFindings),
    };
  }
}

function plannedObject(item: PlannedItem): PlannedObject {
  const { apiVersion, kind, name, action, reason } = item;
  return {
    apiVersion,
    kind,
    name,
    action: actionOf(item),
    ...(action !== 'created' && reason && { reason: maskSecrets(reason) }),
  };
}

function actionOf({ action, exists }: PlannedItem): PlannedObject['action'] {
  switch (action) {
    case 'created':
      return 'create';
    case 'updated':
      return 'update';
    case 'failed':
      return 'skip';
    default:
      return exists ? 'exists' : 'skip';
  }
}

function messages(side: ResultMessages): string[] {
  return [
    ...(side.velero ?? []),
    ...(side.cluster ?? []),
    ...Object.values(side.namespaces ?? {}).flat(),
  ].map(maskSecrets);
}
