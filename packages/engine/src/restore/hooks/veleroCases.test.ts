/* eslint-disable jest/no-standalone-expect, jest/expect-expect -- the cases are data */
import type {
  ExecRestoreHook,
  RestoreResourceHookSpec,
} from '@lifeboat/velero-api';
import { formatDuration } from '@lifeboat/velero-api';
import type { JsonObject } from '../../backup/jsonPath';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import {
  readCases,
  type VeleroCase,
  withoutNoise,
} from '../../testing/veleroCases';
import { initRestoreHook } from '../transform/initRestoreHook';
import type { TransformContext } from '../transform/RestoreItemAction';
import {
  combineHooks,
  hooksOfAnnotations,
  hooksOfSpec,
  type RestoreExecHook,
} from './podRestoreHooks';

/*
 * Hooks of restores as Velero's own code read them. TestGetRestoreHooksFromSpec records an inner structure of Velero; what it is
 * made of is played by the other cases.
 */

const podOf = (annotations: unknown): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { annotations: annotations as { [key: string]: string } },
});

/** A hook in the form of the records. */
function recorded(hook: RestoreExecHook, container?: string): ExecRestoreHook {
  return {
    ...(container !== '' && { container: hook.container }),
    command: hook.command,
    ...(hook.onError && { onError: hook.onError }),
    ...(hook.execTimeoutMs !== 30_000 && {
      execTimeout: formatDuration(hook.execTimeoutMs),
    }),
    ...(hook.waitTimeoutMs !== undefined && {
      waitTimeout: formatDuration(hook.waitTimeoutMs),
    }),
    waitForReady: hook.waitForReady,
  };
}

/** Hook specs from the selectors of the records. */
function specsOf(value: unknown): RestoreResourceHookSpec[] {
  return ((value ?? []) as JsonObject[]).map(entry => {
    const selector = (entry.selector ?? {}) as {
      namespaces?: { includes?: string[]; excludes?: string[] };
      labelSelector?: string;
    };
    return {
      name: String(entry.name),
      includedNamespaces: selector.namespaces?.includes,
      excludedNamespaces: selector.namespaces?.excludes,
      postHooks: entry.restoreHooks as RestoreResourceHookSpec['postHooks'],
    };
  });
}

/** Without a folder of records there is nothing to play. */
function play(
  title: string,
  cases: VeleroCase[],
  test: (each: VeleroCase) => void | Promise<void>,
): void {
  for (const each of cases) {
    it(`${title}: ${each.name}`, async () => test(each));
  }
}

describe('restore hooks as Velero reads them', () => {
  it('are recorded, or no folder of records is given', () => {
    expect(hooksOfAnnotations(podOf({}), '').exec).toEqual([]);
  });

  play(
    'exec annotations',
    readCases('internal_hook.TestGetPodExecRestoreHookFromAnnotations'),
    ({ input, output }) => {
      const [hook] = hooksOfAnnotations(podOf(input.inputAnnotations), '').exec;
      expect(withoutNoise(hook ? recorded(hook) : {})).toEqual(
        withoutNoise(output.hook ?? {}),
      );
    },
  );

  play(
    'init annotations',
    readCases('internal_hook.TestGetInitContainerFromAnnotations'),
    ({ input, output }) => {
      const [container] = hooksOfAnnotations(
        podOf(input.inputAnnotations),
        '$RAND',
      ).init;
      expect(withoutNoise(container ?? {})).toEqual(
        withoutNoise(output.initContainer ?? {}),
      );
    },
  );

  play(
    'exec hooks by container',
    readCases('internal_hook.TestGroupRestoreExecHooks'),
    ({ input, output }) => {
      const pod = input.pod as KubernetesObject;
      const { exec } = combineHooks(
        hooksOfAnnotations(pod, ''),
        hooksOfSpec(
          pod,
          pod.metadata.namespace ?? '',
          specsOf(input.resourceRestoreHooks),
        ),
      );
      const byContainer: { [container: string]: unknown[] } = {};
      for (const hook of exec) {
        (byContainer[hook.container] ??= []).push({
          hook: recorded(hook),
          hookName: hook.name,
          hookSource: hook.source,
        });
      }
      const expected = Object.fromEntries(
        Object.entries(
          output.hooksByContainer as { [container: string]: JsonObject[] },
        ).map(([container, hooks]) => [
          container,
          hooks.map(({ hook, hookName, hookSource }) => ({
            hook,
            hookName,
            hookSource,
          })),
        ]),
      );
      expect(withoutNoise(byContainer)).toEqual(withoutNoise(expected));
    },
  );

  play(
    'init hooks',
    readCases('internal_hook.TestHandleRestoreHooks'),
    async ({ input, output }) => {
      const pod = input.podInput as KubernetesObject;
      const { namespace = '' } = pod.metadata;
      const mapping = (input.namespaceMapping ?? {}) as {
        [name: string]: string;
      };
      const result = () => {
        const { init } = combineHooks(
          hooksOfAnnotations(pod, '$RAND'),
          hooksOfSpec(
            pod,
            mapping[namespace] ?? namespace,
            specsOf(input.restoreHooks),
          ),
        );
        return initRestoreHook.execute(structuredClone(pod), {
          initContainers: init,
        } as unknown as TransformContext);
      };
      // Whether it fails decides what is compared.
      /* eslint-disable jest/no-conditional-expect */
      if (output.error) {
        expect(result).toThrow();
      } else {
        expect(withoutNoise((await result()).item)).toEqual(
          withoutNoise(output.pod),
        );
      }
      /* eslint-enable jest/no-conditional-expect */
    },
  );
});
