import {
  coreTypes,
  type ClusterClient,
  type KubernetesObject,
} from '@lifeboat/engine';
import type { ClusterTestSettings } from '../cluster/readClusterTestSettings';
import { eventually } from '../cluster/eventually';
import type { ApiConnection } from './ApiConnection';

const timeoutMs = 180_000;

/** What a kubelet says when an image will not come. The first failed pull alone may be a moment's. */
const hopeless = new Set([
  'ImagePullBackOff',
  'ErrImageNeverPull',
  'InvalidImageName',
  'CreateContainerConfigError',
  'CreateContainerError',
]);

interface ProbePod extends KubernetesObject {
  status?: {
    phase?: string;
    conditions?: { type: string; status: string; message?: string }[];
    containerStatuses?: {
      state?: {
        waiting?: { reason?: string; message?: string };
        terminated?: { exitCode: number; reason?: string; message?: string };
      };
    }[];
  };
}

/**
 * Runs the mover's image once in the control namespace, as its maintenance would be.
 *
 * @returns why it cannot be used; undefined when it can
 */
export async function imageProblem(options: {
  client: ClusterClient;
  connection: ApiConnection;
  settings: ClusterTestSettings;
  name: string;
}): Promise<string | undefined> {
  const { client, connection, settings, name } = options;
  const { moverImage, controlNamespace: namespace } = settings;
  const says = (what: string) => `--mover-image ${moverImage}: ${what}`;
  try {
    await client.create<KubernetesObject>(
      coreTypes.pods,
      probePod(moverImage, { namespace, name }),
    );
  } catch (error) {
    return says(`no pod can be made of it: ${error}`);
  }
  try {
    let last: ProbePod | undefined;
    const state = await eventually(
      `a pod of ${moverImage} runs`,
      async () => {
        last = await client.get<ProbePod>(coreTypes.pods, { namespace, name });
        const { terminated, waiting } =
          last?.status?.containerStatuses?.[0]?.state ?? {};
        return (
          (terminated || hopeless.has(waiting?.reason ?? '')) && {
            terminated,
            waiting,
          }
        );
      },
      timeoutMs,
    ).catch(error => ({
      terminated: undefined,
      waiting: {
        reason: String(error),
        message: last?.status?.conditions?.find(
          ({ status, message }) => status === 'False' && message,
        )?.message,
      },
    }));
    const { terminated, waiting } = state;
    if (!terminated) {
      return says(
        [waiting?.reason, waiting?.message].filter(Boolean).join(': '),
      );
    }
    const { exitCode, reason } = terminated;
    const log = await connection.request(
      'GET',
      `/api/v1/namespaces/${namespace}/pods/${name}/log`,
    );
    return exitCode === 0 && log.includes('data-mover backup')
      ? undefined
      : says(
          `its program is not the data mover: it ended with ${exitCode} (${reason}) and said ${JSON.stringify(
            log.slice(0, 300),
          )}`,
        );
  } finally {
    await client.delete(coreTypes.pods, { namespace, name });
  }
}

function probePod(
  image: string,
  { namespace, name }: { namespace: string; name: string },
): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace,
      name,
      labels: { 'app.kubernetes.io/managed-by': 'lifeboat' },
    },
    spec: {
      restartPolicy: 'Never',
      serviceAccountName: 'lifeboat-mover',
      automountServiceAccountToken: false,
      securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'probe',
          image,
          imagePullPolicy: 'IfNotPresent',
          args: ['--help'],
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 65_532,
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
        },
      ],
    },
  };
}
