import { KubeObject } from '../KubeObject';
import { forbidden } from '../StatusError';
import { isObject, JsonObject, listAt, objectAt, stringAt } from '../json';
import { ObjectStorage } from '../storage/ObjectStorage';
import { quantityValue } from '../schema/quantity';
import { ensure, objects } from './podDefaults';
import { randomSuffix } from './generateName';

const pods = { group: '', plural: 'pods' };
const tokenPath = '/var/run/secrets/kubernetes.io/serviceaccount';

/** What the admission plugins ServiceAccount, Priority and DefaultTolerationSeconds do to a new pod. */
export function admitPod(pod: KubeObject, storage: ObjectStorage) {
  const spec = ensure(pod, 'spec');
  mountServiceAccount(pod, spec, storage);
  setPriority(pod, spec, storage);
  addTolerations(spec);
}

function mountServiceAccount(
  pod: KubeObject,
  spec: JsonObject,
  storage: ObjectStorage,
) {
  const name = stringAt(spec, 'serviceAccountName') || 'default';
  spec.serviceAccountName = name;
  spec.serviceAccount = name;
  const { namespace } = pod.metadata;
  const account = storage.get('serviceaccounts', namespace, name);
  if (!account) {
    throw forbidden(
      pods,
      pod.metadata.name,
      `error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`,
    );
  }
  const wanted =
    spec.automountServiceAccountToken ??
    account.automountServiceAccountToken ??
    true;
  const secrets = listAt(account, 'imagePullSecrets');
  if (listAt(spec, 'imagePullSecrets').length === 0 && secrets.length > 0) {
    spec.imagePullSecrets = secrets;
  }
  if (wanted !== true) return;
  const containers = [
    ...objects(spec.initContainers),
    ...objects(spec.containers),
  ].filter(c => !objects(c.volumeMounts).some(m => m.mountPath === tokenPath));
  if (containers.length === 0) return;
  const present = objects(spec.volumes).find(v =>
    stringAt(v, 'name').startsWith('kube-api-access-'),
  );
  const volume = present
    ? stringAt(present, 'name')
    : `kube-api-access-${randomSuffix()}`;
  for (const container of containers) {
    container.volumeMounts = [
      ...listAt(container, 'volumeMounts'),
      { name: volume, readOnly: true, mountPath: tokenPath },
    ];
  }
  if (!present) {
    spec.volumes = [...listAt(spec, 'volumes'), tokenVolume(volume)];
  }
}

function tokenVolume(name: string): JsonObject {
  return {
    name,
    projected: {
      defaultMode: 420,
      sources: [
        { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
        {
          configMap: {
            name: 'kube-root-ca.crt',
            items: [{ key: 'ca.crt', path: 'ca.crt' }],
          },
        },
        {
          downwardAPI: {
            items: [
              {
                path: 'namespace',
                fieldRef: {
                  apiVersion: 'v1',
                  fieldPath: 'metadata.namespace',
                },
              },
            ],
          },
        },
      ],
    },
  };
}

function setPriority(
  pod: KubeObject,
  spec: JsonObject,
  storage: ObjectStorage,
) {
  const classes = 'priorityclasses.scheduling.k8s.io';
  let name = stringAt(spec, 'priorityClassName');
  let found: KubeObject | undefined;
  if (name) {
    found = storage.get(classes, undefined, name);
    if (!found) {
      throw forbidden(
        pods,
        pod.metadata.name,
        `no PriorityClass with name ${name} was found`,
      );
    }
  } else {
    found = storage.list(classes).find(c => c.globalDefault === true);
    name = found?.metadata.name ?? '';
  }
  if (name) spec.priorityClassName = name;
  spec.priority = found?.value ?? 0;
  spec.preemptionPolicy ??= found?.preemptionPolicy ?? 'PreemptLowerPriority';
}

function addTolerations(spec: JsonObject) {
  const tolerations = listAt(spec, 'tolerations').filter(isObject);
  for (const key of [
    'node.kubernetes.io/not-ready',
    'node.kubernetes.io/unreachable',
  ]) {
    const tolerated = tolerations.some(
      t => (t.key === key || !t.key) && (t.effect === 'NoExecute' || !t.effect),
    );
    if (!tolerated) {
      tolerations.push({
        key,
        operator: 'Exists',
        effect: 'NoExecute',
        tolerationSeconds: 300,
      });
    }
  }
  spec.tolerations = tolerations;
}

/** Guaranteed, Burstable or BestEffort by the pod's requests and limits (pkg/apis/core/v1/helper/qos). */
export function qualityOfService(spec: JsonObject): string {
  const containers = [
    ...objects(spec.initContainers),
    ...objects(spec.containers),
  ];
  const amounts = (from: 'requests' | 'limits') =>
    containers.map(c => objectAt(c, 'resources', from));
  const names = ['cpu', 'memory'];
  const any = [...amounts('requests'), ...amounts('limits')].some(list =>
    names.some(n => (quantityValue(String(list[n] ?? '0')) ?? 0) > 0),
  );
  if (!any) return 'BestEffort';
  const guaranteed = containers.every(c =>
    names.every(n => {
      const limit = objectAt(c, 'resources', 'limits')[n];
      const request = objectAt(c, 'resources', 'requests')[n] ?? limit;
      return limit !== undefined && request === limit;
    }),
  );
  return guaranteed ? 'Guaranteed' : 'Burstable';
}
