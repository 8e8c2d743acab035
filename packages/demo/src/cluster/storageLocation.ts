import { Manifest } from '../application/Manifest';
import { DEMO_LABEL } from '../application/namespace';
import { S3Storage } from '../commandLine';
import { CONTROL_NAMESPACE } from './installApplication';

/** Where backups go: a folder, or a bucket with its credentials. */
export type StorageChoice =
  | { folder: string }
  | {
      s3: S3Storage;
      credentials: { accessKeyId: string; secretAccessKey: string };
    };

const BUCKET = 'lifeboat';

/** The control namespace, the default storage location and, for S3, its Secret. */
export function controlObjects(choice: StorageChoice): Manifest[] {
  const namespace: Manifest = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: CONTROL_NAMESPACE },
  };
  const location = (spec: object): Manifest => ({
    apiVersion: 'velero.io/v1',
    kind: 'BackupStorageLocation',
    metadata: {
      name: 'default',
      namespace: CONTROL_NAMESPACE,
      labels: DEMO_LABEL,
    },
    spec: { default: true, ...spec },
  });
  if ('folder' in choice) {
    return [
      namespace,
      location({
        provider: 'lifeboat.dev/filesystem',
        config: { path: choice.folder },
        objectStorage: { bucket: BUCKET },
      }),
    ];
  }
  const { s3, credentials } = choice;
  const ini = [
    '[default]',
    `aws_access_key_id=${credentials.accessKeyId}`,
    `aws_secret_access_key=${credentials.secretAccessKey}`,
    '',
  ].join('\n');
  return [
    namespace,
    {
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'Opaque',
      metadata: {
        name: 'cloud-credentials',
        namespace: CONTROL_NAMESPACE,
        labels: DEMO_LABEL,
      },
      data: { cloud: Buffer.from(ini).toString('base64') },
    },
    location({
      provider: 'aws',
      credential: { name: 'cloud-credentials', key: 'cloud' },
      config: {
        region: s3.region,
        ...(s3.endpoint
          ? { s3Url: s3.endpoint, s3ForcePathStyle: 'true' }
          : {}),
      },
      objectStorage: {
        bucket: s3.bucket,
        ...(s3.prefix ? { prefix: s3.prefix } : {}),
      },
    }),
  ];
}
