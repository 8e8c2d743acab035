import { createHash } from 'node:crypto';
import type { BackupStorageLocation } from '@lifeboat/velero-api';
import { stringifyJson } from '../cluster/json';

/** On a BackupRepository: the location with which it was opened last, by {@link checkedLocation}. */
export const checkedLocationAnnotation = 'lifeboat.dev/checked-location';

/** On a BackupRepository: a new value makes its controller look again at once. */
export const checkRequestedAnnotation = 'lifeboat.dev/check-requested';

/** What of a location decides whether a repository in it can be opened; a change of it means opening again. */
export function checkedLocation(location: BackupStorageLocation): string {
  const { provider, config, objectStorage, credential } = location.spec;
  return createHash('sha256')
    .update(
      stringifyJson(
        { provider, config, objectStorage, credential },
        { sortKeys: true },
      ),
    )
    .digest('hex')
    .slice(0, 16);
}
