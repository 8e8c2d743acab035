import { KubeError } from '../api/KubeClient';
import { Resource, types } from '../api/Resource';
import { Controller, ControllerContext, queueFor } from './ControllerContext';

const ROOT_CERTIFICATE = 'kube-root-ca.crt';

type ConfigMap = Resource & { data?: Record<string, string> };

/** Keeps the ServiceAccount `default` and the ConfigMap with the cluster's certificate authority in every namespace. */
export function serviceAccounts(context: ControllerContext): Controller {
  const { client, informers } = context;
  const namespaces = informers.of<Resource<unknown, { phase?: string }>>(
    types.namespaces,
  );
  const accounts = informers.of(types.serviceAccounts);
  const configMaps = informers.of<ConfigMap>(types.configMaps);

  const queue = queueFor(context, 'service accounts', async key => {
    const namespace = namespaces.get(key);
    if (!namespace || namespace.metadata.deletionTimestamp) return;
    if (!accounts.get(`${key}/default`)) {
      await createUnlessThere(() =>
        client.create(types.serviceAccounts, key, {
          apiVersion: 'v1',
          kind: 'ServiceAccount',
          metadata: { name: 'default', namespace: key },
        }),
      );
    }
    const certificate = { 'ca.crt': client.certificateAuthority };
    const present = configMaps.get(`${key}/${ROOT_CERTIFICATE}`);
    if (!present) {
      await createUnlessThere(() =>
        client.create(types.configMaps, key, {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: {
            name: ROOT_CERTIFICATE,
            namespace: key,
            annotations: {
              'kubernetes.io/description':
                'Contains a CA bundle that can be used to verify the kube-apiserver.',
            },
          },
          data: certificate,
        }),
      );
    } else if (present.data?.['ca.crt'] !== client.certificateAuthority) {
      await client.patch(types.configMaps, key, ROOT_CERTIFICATE, {
        data: certificate,
      });
    }
  });

  namespaces.onChange(object => queue.add(object.metadata.name));
  accounts.onChange(object => {
    if (object.metadata.name === 'default') {
      queue.add(object.metadata.namespace ?? '');
    }
  });
  configMaps.onChange(object => {
    if (object.metadata.name === ROOT_CERTIFICATE) {
      queue.add(object.metadata.namespace ?? '');
    }
  });
  return queue;
}

async function createUnlessThere(create: () => Promise<unknown>) {
  try {
    await create();
  } catch (error) {
    const fine =
      error instanceof KubeError &&
      (error.code === 409 || error.code === 404 || error.code === 403);
    if (!fine) throw error;
  }
}
