import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { coreTypes } from '@lifeboat/engine';
import { eventually } from '../cluster/eventually';
import type { DataPathStage, Live } from './DataPathStage';
import { idleImage } from './startVolumeCluster';

/** A pod with two volumes and a scratch folder, whose hooks leave a mark in the first volume while it is frozen. */
export class HookedApplication {
  private constructor(readonly folders: { [claim: string]: string }) {}

  /** Makes it in a namespace that allows hooks, and waits until it runs. */
  static async start(
    stage: DataPathStage,
    namespace: string,
  ): Promise<HookedApplication> {
    for (const name of ['data', 'uploads']) {
      await stage.client.create<Live>(coreTypes.persistentVolumeClaims, {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { namespace, name, labels: { part: name } },
        spec: {
          accessModes: ['ReadWriteOnce'],
          resources: { requests: { storage: '1Gi' } },
          storageClassName: 'folders',
        },
      });
    }
    await eventually('the namespace has its account', async () =>
      stage.get(coreTypes.serviceAccounts, namespace, 'default'),
    );
    // On the embedded cluster a pod's folders begin at a folder of its own.
    const mark = '"${LIFEBOAT_POD_ROOT}/data/frozen"';
    const hook = (command: string) => JSON.stringify(['sh', '-c', command]);
    await stage.client.create<Live>(coreTypes.pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        namespace,
        name: 'db',
        annotations: {
          'pre.hook.backup.velero.io/command': hook(`echo frozen > ${mark}`),
          'post.hook.backup.velero.io/command': hook(`rm -f ${mark}`),
        },
      },
      spec: {
        containers: [
          {
            name: 'app',
            image: idleImage,
            volumeMounts: [
              { name: 'data', mountPath: '/data' },
              { name: 'uploads', mountPath: '/uploads' },
              { name: 'scratch', mountPath: '/scratch' },
            ],
          },
        ],
        volumes: [
          ...['data', 'uploads'].map(name => ({
            name,
            persistentVolumeClaim: { claimName: name },
          })),
          { name: 'scratch', emptyDir: {} },
        ],
      },
    });
    await eventually('the application runs', async () => {
      const pod = await stage.get(coreTypes.pods, namespace, 'db');
      return pod?.status?.phase === 'Running';
    });
    const folders = {
      data: await stage.folderOf(namespace, 'db', 'data'),
      uploads: await stage.folderOf(namespace, 'db', 'uploads'),
    };
    writeFileSync(path.join(folders.data, 'rows'), 'one, two, three\n');
    writeFileSync(path.join(folders.uploads, 'picture'), 'x'.repeat(5000));
    return new HookedApplication(folders);
  }

  /** Whether its pre hook ran and its post hook has not yet. */
  isFrozen(): boolean {
    return existsSync(path.join(this.folders.data, 'frozen'));
  }
}
