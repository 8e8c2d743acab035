import { KopiaError } from '../errors';
import type { Repository } from '../Repository';
import { globalPolicy, setPolicy } from '../snapshot/policy';

const second = 1_000_000_000;

/** Who maintains a repository and how often; durations are nanoseconds (Kopia: maintenance parameters). @public */
export interface MaintenanceParameters {
  /** `user@host`: only this client runs maintenance. */
  readonly owner: string;
  readonly quick: { readonly enabled: boolean; readonly interval: number };
  readonly full: { readonly enabled: boolean; readonly interval: number };
  readonly logRetention: {
    readonly maxTotalSize: number;
    readonly maxCount: number;
    readonly maxAge: number;
  };
  readonly extendObjectLocks: boolean;
  readonly listParallelism: number;
}

/** Kopia's defaults. */
export function defaultMaintenanceParameters(
  owner: string,
): MaintenanceParameters {
  return {
    owner,
    quick: { enabled: true, interval: 3600 * second },
    full: { enabled: true, interval: 24 * 3600 * second },
    logRetention: {
      maxTotalSize: 1 << 30,
      maxCount: 10_000,
      maxAge: 30 * 24 * 3600 * second,
    },
    extendObjectLocks: false,
    listParallelism: 0,
  };
}

const labels = { type: 'maintenance' };

/** The stored parameters; undefined where no client has set them yet. @public */
export function maintenanceParameters(
  repository: Repository,
): MaintenanceParameters | undefined {
  const stored = repository.manifests
    .find<MaintenanceParameters>(labels)
    .at(-1)?.data;
  if (stored && typeof stored.owner !== 'string')
    throw new KopiaError('corrupt', 'The maintenance parameters have no owner');
  return stored && { ...defaultMaintenanceParameters(stored.owner), ...stored };
}

/** Stores parameters in place of earlier ones. Call `repository.flush()` afterwards. @public */
export function setMaintenanceParameters(
  repository: Repository,
  parameters: MaintenanceParameters,
): void {
  repository.manifests.replace(labels, parameters);
}

/** This client as an owner. */
export function ownerName({ user }: Repository): string {
  return `${user.username}@${user.hostname}`;
}

/**
 * Writes what `kopia repository create` writes after creating: the global policy and maintenance by this client.
 *
 * @public
 */
export async function initializeRepository(
  repository: Repository,
  signal?: AbortSignal,
): Promise<void> {
  setPolicy(repository, {}, globalPolicy);
  setMaintenanceParameters(
    repository,
    defaultMaintenanceParameters(ownerName(repository)),
  );
  await repository.flush(signal);
}
