import { customResourceDefinitions } from '@lifeboat/velero-api';
import { isAlreadyExists, isForbidden } from '../cluster/ApiError';
import type { Clock } from '../cluster/Clock';
import type { ClusterClient } from '../cluster/ClusterClient';
import { coreTypes } from '../cluster/knownTypes';

/**
 * Creates the custom resource definitions that the cluster does not serve yet.
 * Installed ones are never changed: they may be another Velero's.
 *
 * @throws Error with what the platform team must do, when they may not be created
 */
export async function ensureCustomResourceDefinitions(options: {
  client: ClusterClient;
  clock: Clock;
  signal: AbortSignal;
}): Promise<{ created: string[] }> {
  const { client, clock, signal } = options;
  let missing = await missingDefinitions(client, signal);
  const created: string[] = [];
  for (const definition of missing) {
    try {
      await client.create(coreTypes.customResourceDefinitions, definition, {
        signal,
      });
      created.push(definition.metadata.name ?? '');
    } catch (error) {
      if (isAlreadyExists(error)) continue;
      if (!isForbidden(error)) throw error;
      throw new Error(
        `The custom resource definitions ${missing
          .map(each => each.metadata.name)
          .join(
            ', ',
          )} are missing and the engine may not create them: a cluster admin applies those in deploy/crds`,
      );
    }
  }
  for (let waited = 0; missing.length > 0 && waited < 30_000; waited += 250) {
    missing = await missingDefinitions(client, signal);
    if (missing.length > 0) await clock.sleep(250, signal);
  }
  if (missing.length > 0) {
    throw new Error(
      `The custom resource definitions ${missing
        .map(each => each.metadata.name)
        .join(', ')} were created, but are not served`,
    );
  }
  return { created };
}

async function missingDefinitions(client: ClusterClient, signal: AbortSignal) {
  const discovery = await client.discover(signal);
  return customResourceDefinitions.filter(definition =>
    definition.spec.versions.some(
      version =>
        version.served &&
        !discovery.all.some(
          type =>
            type.group === definition.spec.group &&
            type.version === version.name &&
            type.resource === definition.spec.names.plural,
        ),
    ),
  );
}
