import { createHash } from 'node:crypto';
import type { Restore } from '@lifeboat/velero-api';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import {
  combineHooks,
  hasRestoreAnnotations,
  hooksOfAnnotations,
  hooksOfSpec,
  type PodRestoreHooks,
} from './podRestoreHooks';
import type { PendingHooks } from './pendingHooks';

const none: PodRestoreHooks = { init: [], exec: [] };

/** Collects what is to be run in restored pods; what pods ask for themselves only where the platform team agrees to it. */
export class RestoreHooks {
  /** Commands to be run once the pods are up. */
  readonly pending: PendingHooks[] = [];

  /**
   * @param whyRefused - why commands that pods ask for may not run in a namespace, or undefined when they may
   */
  constructor(
    private readonly restore: Restore,
    private readonly whyRefused: (
      namespace: string,
    ) => Promise<string | undefined>,
  ) {}

  /**
   * @param pod - as it is in the backup
   * @param target - where it goes
   * @throws Error when a hook of the Restore is not complete
   */
  async of(
    pod: KubernetesObject,
    target: string,
  ): Promise<{ hooks: PodRestoreHooks; warning?: string }> {
    const spec = hooksOfSpec(
      pod,
      target,
      this.restore.spec.hooks?.resources ?? [],
    );
    if (!hasRestoreAnnotations(pod)) {
      return { hooks: combineHooks(none, spec) };
    }
    const refused = await this.whyRefused(target);
    if (refused) {
      return {
        hooks: combineHooks(none, spec),
        warning: `the restore hooks that pod ${pod.metadata.name} asks for by annotation were not run: ${refused}`,
      };
    }
    const suffix = createHash('sha256')
      .update(`${this.restore.metadata.uid}/${target}/${pod.metadata.name}`)
      .digest('hex')
      .slice(0, 8);
    return { hooks: combineHooks(hooksOfAnnotations(pod, suffix), spec) };
  }

  /** A pod was restored: its commands are to be run. */
  placed(target: string, pod: string, hooks: PodRestoreHooks): void {
    if (hooks.exec.length > 0) {
      this.pending.push({ namespace: target, pod, hooks: hooks.exec });
    }
  }
}
