import { Container, Pod } from '../controllers/Workload';
import { ProcessUser, unprivilegedUser } from './processUser';
import { Runtime } from './RuntimeImages';

/**
 * The user of a container's processes: nobody for runtimes that must not be root, else `runAsUser` where it is set.
 * Undefined: the node's own user, as always when the node is not root.
 */
export function containerUser(
  pod: Pod,
  container: Container,
  runtime: Runtime | undefined,
): ProcessUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  if (runtime?.user === 'unprivileged') return unprivilegedUser();
  const ofPod = pod.spec?.securityContext;
  const uid = container.securityContext?.runAsUser ?? ofPod?.runAsUser;
  if (!uid) return undefined;
  const gid =
    ofPod?.fsGroup ??
    container.securityContext?.runAsGroup ??
    ofPod?.runAsGroup ??
    0;
  return { uid, gid };
}
