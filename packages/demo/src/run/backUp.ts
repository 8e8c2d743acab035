import { RecoveryPointDetail } from '@lifeboat/backstage-plugin-backup-common';
import { waitUntil } from '../cluster/waitUntil';
import {
  named,
  objectProgress,
  orders,
  plural,
  PortalSession,
  RUN_TIMEOUT_MS,
  unfinished,
} from './PortalSession';

/** Backs the component up through the portal. @throws unless it is Completed. */
export async function backUp(
  session: PortalSession,
): Promise<{ backup: RecoveryPointDetail; seconds: number }> {
  const { api, request, progress, signal } = session;
  const began = Date.now();
  const point = await named('The backup was refused', () =>
    api.createRecoveryPoint(
      orders,
      { note: "The demo's run-through" },
      request,
    ),
  );
  const backup = await waitUntil(
    `backup ${point.name} to end`,
    async () => {
      const now = await api.getRecoveryPoint(orders, point.name, request);
      progress.working(
        `backup ${point.name}: ${now.phase}${objectProgress(now.progress)}`,
      );
      return unfinished(now.state) ? undefined : now;
    },
    { timeoutMs: RUN_TIMEOUT_MS, signal },
  );
  const seconds = (Date.now() - began) / 1000;
  if (backup.phase !== 'Completed') {
    throw new Error(
      `backup ${backup.name} ended ${backup.phase}: ${[
        backup.reason,
        ...backup.errorsList.map(each => each.message),
      ]
        .filter(Boolean)
        .join('; ')}`,
    );
  }
  const included = backup.volumesList.filter(each => each.included).length;
  progress.done(
    `Backup ${backup.name} ${backup.phase} in ${seconds.toFixed(1)} s: ${plural(
      backup.objects ?? 0,
      'object',
    )}, the data of ${plural(included, 'volume')}, ${plural(
      backup.warnings,
      'warning',
    )}`,
  );
  for (const note of backup.notes) progress.line(`            ${note}`);
  return { backup, seconds };
}
