import {
  BackupApi,
  BackupClient,
  problemOf,
} from '@lifeboat/backstage-plugin-backup-common';
import { ClusterApi } from '../cluster/ClusterApi';
import { waitUntil } from '../cluster/waitUntil';
import { guestToken } from './guestToken';
import { Progress } from './Progress';

/** The component that the demo backs up. */
export const orders = {
  kind: 'component',
  namespace: 'default',
  name: 'orders',
};

/** How long a backup or restore may take. */
const RUN_TIMEOUT_MS = 300_000;

export interface RunThroughOptions {
  /** Address of the portal, such as http://localhost:7007. */
  baseUrl: string;
  cluster: ClusterApi;
  progress: Progress;
  /** Hears the name of the copy's namespace before it is created. */
  onTarget?(namespace: string): void;
  signal: AbortSignal;
}

/** The portal's REST API as the guest user sees it. */
export interface PortalSession extends RunThroughOptions {
  api: BackupApi;
  request: { token: string; signal: AbortSignal };
}

/** Signs the guest user in. */
export async function openSession(
  options: RunThroughOptions,
): Promise<PortalSession> {
  const { baseUrl, signal } = options;
  return {
    ...options,
    api: new BackupClient({
      fetchApi: { fetch },
      discoveryApi: { getBaseUrl: async plugin => `${baseUrl}/api/${plugin}` },
    }),
    request: { token: await guestToken(baseUrl, signal), signal },
  };
}

/** What a backup and a restore have in common while they run. */
interface Run {
  name: string;
  state: string;
  phase: string;
  reason?: string;
  progress?: { itemsDone: number; itemsTotal: number };
  errorsList: { message: string }[];
}

/**
 * Waits until a backup or restore has ended, and shows how far it is.
 *
 * @param what - `backup` or `restore`
 * @param look - gives it as it is now
 * @throws with the reasons unless it is Completed
 */
export async function untilCompleted<T extends Run>(
  { progress, signal }: PortalSession,
  what: string,
  name: string,
  look: () => Promise<T>,
): Promise<T> {
  const run = await waitUntil(
    `${what} ${name} to end`,
    async () => {
      const now = await look();
      progress.working(
        `${what} ${name}: ${now.phase}${objectProgress(now.progress)}`,
      );
      return now.state === 'waiting' || now.state === 'running'
        ? undefined
        : now;
    },
    { timeoutMs: RUN_TIMEOUT_MS, signal },
  );
  if (run.phase !== 'Completed') {
    throw new Error(
      `${what} ${run.name} ended ${run.phase}: ${[
        run.reason,
        ...run.errorsList.map(each => each.message),
      ]
        .filter(Boolean)
        .join('; ')}`,
    );
  }
  return run;
}

/** ` 3/30 objects`, or nothing when the total is unknown. */
function objectProgress(progress: Run['progress']): string {
  return progress?.itemsTotal
    ? ` ${progress.itemsDone}/${progress.itemsTotal} objects`
    : '';
}

/** `1 object`, `2 objects`. */
export function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

/** Asks the portal. @throws with what was refused, why, and what to run instead. */
export async function named<T>(
  what: string,
  ask: () => Promise<T>,
): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    const problem = problemOf(error);
    const reason = problem
      ? `${problem.title}: ${problem.message}${
          problem.command ? `\n  ${problem.command}` : ''
        }`
      : (error as Error).message;
    throw new Error(`${what}: ${reason}`);
  }
}
