import { isAlreadyExists } from '../../cluster/ApiError';
import type { Clock } from '../../cluster/Clock';
import type { ClusterClient } from '../../cluster/ClusterClient';
import { createOnce } from '../../cluster/createOnce';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import type { ResourceTypeRef } from '../../cluster/ResourceType';
import { stringAt, valueAt } from '../../backup/jsonPath';
import { engineAccount, engineClusterRole } from '../../consent/accessCommand';

const accessReviews: ResourceTypeRef = {
  group: 'authorization.k8s.io',
  version: 'v1',
  resource: 'selfsubjectaccessreviews',
  namespaced: false,
};

const roleBindings: ResourceTypeRef = {
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  resource: 'rolebindings',
  namespaced: true,
};

const selfReviews: ResourceTypeRef = {
  group: 'authentication.k8s.io',
  version: 'v1',
  resource: 'selfsubjectreviews',
  namespaced: false,
};

/** How long the API server may take to follow a new RoleBinding. */
const settleMs = 15_000;

async function mayCreate(
  client: ClusterClient,
  namespace: string,
  signal: AbortSignal,
): Promise<boolean> {
  const review: KubernetesObject = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    metadata: {},
    spec: {
      resourceAttributes: { namespace, verb: 'create', resource: 'configmaps' },
    },
  };
  try {
    const answer = await client.create(accessReviews, review, { signal });
    return valueAt(answer, 'status', 'allowed') !== false;
  } catch {
    signal.throwIfAborted();
    // A cluster that does not answer the question tells by the first object.
    return true;
  }
}

/** The ServiceAccount that the engine is, or the one that `deploy/` makes when the cluster does not tell. */
async function ownAccount(
  client: ClusterClient,
  controlNamespace: string,
  signal: AbortSignal,
): Promise<{ namespace: string; name: string }> {
  try {
    const review = await client.create<KubernetesObject>(
      selfReviews,
      {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'SelfSubjectReview',
        metadata: {},
      },
      { signal },
    );
    const user = stringAt(review, 'status', 'userInfo', 'username') ?? '';
    const match = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(user);
    if (match) {
      return { namespace: match[1], name: match[2] };
    }
  } catch {
    signal.throwIfAborted();
  }
  return { namespace: controlNamespace, name: engineAccount };
}

/**
 * Gives the engine access to a namespace that it has just created, where it has none by itself: a RoleBinding to the one
 * ClusterRole that it may bind, for itself.
 *
 * @param controlNamespace - namespace of the engine's ServiceAccount
 * @throws Error when access cannot be had
 */
export async function grantEngineAccess(
  namespace: string,
  controlNamespace: string,
  options: { client: ClusterClient; clock: Clock; signal: AbortSignal },
): Promise<void> {
  const { client, clock, signal } = options;
  if (await mayCreate(client, namespace, signal)) {
    return;
  }
  try {
    await createOnce<KubernetesObject>(
      client,
      roleBindings,
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata: { namespace, name: engineAccount },
        roleRef: {
          apiGroup: 'rbac.authorization.k8s.io',
          kind: 'ClusterRole',
          name: engineClusterRole,
        },
        subjects: [
          {
            kind: 'ServiceAccount',
            ...(await ownAccount(client, controlNamespace, signal)),
          },
        ],
      },
      { clock, signal, isOurs: () => true },
    );
  } catch (error) {
    signal.throwIfAborted();
    if (!isAlreadyExists(error)) {
      throw new Error(
        `namespace ${namespace} was created, but the engine could not give itself access to it; is the ClusterRole lifeboat-clone of deploy/ applied? ${
          (error as Error).message
        }`,
      );
    }
  }
  const until = clock.monotonic() + settleMs;
  while (!(await mayCreate(client, namespace, signal))) {
    if (clock.monotonic() > until) {
      throw new Error(
        `namespace ${namespace} was created, but its RoleBinding ${engineAccount} gives the engine no access`,
      );
    }
    await clock.sleep(100, signal);
  }
}
