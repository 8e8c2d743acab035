import { ApiConnection } from './ApiConnection';

/** The ServiceAccount of the engine that deploy/ makes. */
const engineAccount = 'lifeboat-engine';

/** Who a kubeconfig signs in as: the engine's ServiceAccount itself, or somebody with more rights. */
export type Identity = 'engine' | 'administrator';

/** @throws Error when the cluster cannot be reached or does not know the user */
export async function whoIs(
  connection: ApiConnection,
  controlNamespace: string,
): Promise<Identity> {
  const answer = await connection.request(
    'POST',
    '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
  );
  const { username } = JSON.parse(answer).status.userInfo;
  return username ===
    `system:serviceaccount:${controlNamespace}:${engineAccount}`
    ? 'engine'
    : 'administrator';
}

/** A token of the engine's ServiceAccount for two hours. */
export async function engineToken(
  connection: ApiConnection,
  controlNamespace: string,
): Promise<string> {
  const answer = await connection.request(
    'POST',
    `/api/v1/namespaces/${controlNamespace}/serviceaccounts/${engineAccount}/token`,
    {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: 7200 },
    },
  );
  return JSON.parse(answer).status.token;
}
