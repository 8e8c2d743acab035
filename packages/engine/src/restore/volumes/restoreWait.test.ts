import type { KubernetesObject } from '../../cluster/KubernetesObject';
import { addRestoreWait, restoreWaitSettings } from './restoreWait';

/** The security context of the container that waits in a pod like this. */
function contextIn(spec: { [field: string]: unknown }): object {
  const pod: KubernetesObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'n' },
    spec,
  };
  addRestoreWait(
    pod,
    ['data'],
    'uid',
    restoreWaitSettings({ image: 'mover' }, undefined),
  );
  const [wait] = (pod.spec as { initContainers: { securityContext: object }[] })
    .initContainers;
  return wait.securityContext;
}

describe('the user of the container that waits for files', () => {
  const restricted = { runAsNonRoot: true, capabilities: { drop: ['ALL'] } };

  it.each([
    ['its own', { containers: [{ securityContext: restricted }] }],
    [
      "the pod's",
      {
        securityContext: { runAsNonRoot: true },
        containers: [{ securityContext: { capabilities: { drop: ['ALL'] } } }],
      },
    ],
  ])(
    'is a number where %s context demands one that is not root',
    (_whose, spec) => {
      expect(contextIn(spec)).toMatchObject({ runAsUser: 65_532 });
    },
  );

  it.each([
    [{ containers: [{ securityContext: { ...restricted, runAsUser: 7 } }] }, 7],
    [
      {
        securityContext: { runAsUser: 7 },
        containers: [{ securityContext: restricted }],
      },
      undefined,
    ],
    [{ containers: [{ securityContext: { privileged: true } }] }, undefined],
  ])("is the application's where that has one, case %#", (spec, user) => {
    expect((contextIn(spec) as { runAsUser?: number }).runAsUser).toBe(user);
  });
});
