import { stringAt } from './jsonPath';

/** Annotations by which a pod asks for commands to be run in it, by the kind of run. Source: Velero, hooks. */
const commands = {
  backup: [
    'pre.hook.backup.velero.io/command',
    'hook.backup.velero.io/command',
    'post.hook.backup.velero.io/command',
  ],
  restore: [
    'init.hook.restore.velero.io/command',
    'init.hook.restore.velero.io/container-image',
    'post.hook.restore.velero.io/command',
  ],
} as const;

/**
 * What a pod's annotations ask for and this engine does not do, as a finding for people, or undefined. Pods that have ended are
 * left out, as Velero does.
 */
export function ignoredHooks(
  pod: { metadata: { annotations?: { [key: string]: string } } },
  run: keyof typeof commands,
): string | undefined {
  const phase = stringAt(pod, 'status', 'phase');
  const asked = commands[run].filter(
    key => pod.metadata.annotations?.[key] !== undefined,
  );
  if (asked.length === 0 || phase === 'Succeeded' || phase === 'Failed') {
    return undefined;
  }
  const consequence =
    run === 'backup'
      ? 'the pod was not prepared for the backup'
      : 'nothing was run in the restored pod';
  return `hooks are not run in this version: the pod asks for some by ${asked.join(
    ', ',
  )}, and ${consequence}`;
}
