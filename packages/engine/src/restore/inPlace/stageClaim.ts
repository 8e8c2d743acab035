import { createHash } from 'node:crypto';
import type { Backup, DataDownload, Restore } from '@lifeboat/velero-api';
import { stringAt } from '../../backup/jsonPath';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { selectedNodeAnnotation } from '../../volumes/expose/temporaryClaim';
import { ownerUidLabel } from '../../volumes/movers/moverNames';
import { awaitHandOver } from '../volumes/claimShape';
import {
  dataDownloadFor,
  identityOf,
  madeByRestore,
} from '../volumes/dataDownload';
import type { RepositoryData } from '../volumes/VolumeRecords';
import type { InPlaceClaim } from './InPlaceState';
import { claimTemplate } from './swapVolumes';

/** The name of the claim into which content is written before the application's claim gets it. */
export function stagingName(
  restoreUid: string,
  namespace: string,
  claim: string,
): string {
  return `ip-${createHash('sha256')
    .update(`${restoreUid}/${namespace}/${claim}`)
    .digest('hex')
    .slice(0, 16)}`;
}

/**
 * The claim in the control namespace into which the content of an application's claim is written, while the application still
 * runs: it asks for a volume like the one that is there.
 *
 * @param live - the application's claim
 * @param node - where the application uses its volume; the new one must be reachable from there
 */
export function stagingClaim(
  restore: Restore,
  live: KubernetesObject,
  node: string | undefined,
): KubernetesObject {
  const identity = identityOf(restore);
  const made = madeByRestore(identity);
  const name = stagingName(
    identity.uid,
    live.metadata.namespace ?? '',
    live.metadata.name ?? '',
  );
  const { spec } = claimTemplate(live);
  const capacity = stringAt(live, 'status', 'capacity', 'storage');
  const claim: KubernetesObject = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      ...made,
      name,
      labels: {
        ...made.labels,
        'app.kubernetes.io/managed-by': 'lifeboat',
        [ownerUidLabel]: identity.uid,
      },
      ...(node && {
        annotations: { [selectedNodeAnnotation]: node },
      }),
    },
    spec: {
      ...spec,
      ...(capacity && { resources: { requests: { storage: capacity } } }),
      // What the application's claim selected its volume by does not concern the new one.
      selector: undefined,
    },
  };
  awaitHandOver(claim, { namespace: identity.namespace, name }, identity.uid);
  return claim;
}

/** The order to write the content into the staging claim. */
export function stagingDownload(
  restore: Restore,
  backup: Backup,
  data: RepositoryData,
  staging: string,
  claimUid: string,
): DataDownload {
  return dataDownloadFor(
    restore,
    backup,
    data,
    { namespace: restore.metadata.namespace ?? '', name: staging },
    claimUid,
  );
}

/** What is remembered of a claim whose content is restored in place. */
export function inPlaceClaim(
  live: KubernetesObject,
  staging: string,
  download: string,
  oldPolicy: string,
): InPlaceClaim {
  return {
    name: live.metadata.name ?? '',
    uid: live.metadata.uid ?? '',
    ...claimTemplate(live),
    staging,
    download,
    oldVolume: stringAt(live, 'spec', 'volumeName') ?? '',
    oldPolicy,
  };
}
