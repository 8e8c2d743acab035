import type { ResourceTypeRef } from '../../cluster/ResourceType';
import { veleroTypes } from '../../cluster/knownTypes';
import type { ControllerContext } from '../../controllers/Controller';
import type { DataPathObject } from '../movers/DataPathObject';

const types: { readonly [kind in DataPathObject['kind']]: ResourceTypeRef } = {
  DataUpload: veleroTypes.dataUploads,
  DataDownload: veleroTypes.dataDownloads,
  PodVolumeBackup: veleroTypes.podVolumeBackups,
  PodVolumeRestore: veleroTypes.podVolumeRestores,
};

/** The resource type of an object that moves data. */
export function dataPathType(kind: DataPathObject['kind']): ResourceTypeRef {
  return types[kind];
}

/** Notes on the resource what an engine that starts again must know. Other annotations stay. */
export async function annotateOwner<T extends DataPathObject>(
  owner: T,
  annotations: { [key: string]: string },
  context: ControllerContext,
): Promise<T> {
  const { namespace, name = '' } = owner.metadata;
  return context.client.patch<T>(
    dataPathType(owner.kind),
    { namespace, name },
    { contentType: 'merge', body: { metadata: { annotations } } },
    { signal: context.signal },
  );
}
