/* eslint-disable jest/no-standalone-expect -- the cases are data */
import { mkdtempSync, rmSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import {
  BackupResourceHookSpec,
  parseDuration,
  type LabelSelector,
} from '@lifeboat/velero-api';
import type { JsonObject } from '../../backup/jsonPath';
import { RunLog } from '../../backup/RunLog';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import {
  readCases,
  describeCases,
  withoutNoise,
} from '../../testing/veleroCases';
import { podFacts } from '../decide/PodFacts';
import { annotationHook, appliesTo, HookPhase, specHooks } from './PodHook';
import { HookCounter, runPodHooks } from './runPodHooks';

function play(
  test: string,
  check: (input: JsonObject, output: JsonObject) => void | Promise<void>,
): void {
  const found = readCases(`internal_hook.${test}`);
  if (found.length > 0) {
    it.each(found.map(each => [each.name, each] as const))(
      `${test}: %s`,
      async (_name, { input, output }) => {
        expect.hasAssertions();
        await check(input, output);
      },
    );
  }
}

/** `a=b,c=d` as a selector. */
function selectorOf(text: unknown): { labelSelector?: LabelSelector } {
  const labels = Object.fromEntries(
    String(text ?? '')
      .split(',')
      .filter(Boolean)
      .map(term => term.split('=')),
  );
  return Object.keys(labels).length > 0
    ? { labelSelector: { matchLabels: labels } }
    : {};
}

/** The internal form of the cases as a Backup has it. */
function hookSpecs(hooks: unknown): BackupResourceHookSpec[] {
  return ((hooks ?? []) as JsonObject[]).map(hook => {
    const { namespaces, resources, labelSelector } = (hook.selector ?? {}) as {
      namespaces?: { includes?: string[]; excludes?: string[] };
      resources?: { includes?: string[]; excludes?: string[] };
      labelSelector?: string;
    };
    return {
      name: hook.name as string,
      includedNamespaces: namespaces?.includes,
      excludedNamespaces: namespaces?.excludes,
      includedResources: resources?.includes,
      excludedResources: resources?.excludes,
      ...selectorOf(labelSelector),
      pre: hook.pre as BackupResourceHookSpec['pre'],
      post: hook.post as BackupResourceHookSpec['post'],
    };
  });
}

async function handle(input: JsonObject, output: JsonObject): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'lifeboat-case-'));
  const log = new RunLog({
    file: join(folder, 'log.gz'),
    clock: () => new Date(0),
    fields: {},
  });
  const commands: unknown[] = [];
  const failures = (input.hookErrorsByContainer ?? {}) as {
    [container: string]: string;
  };
  let fatal: Error | undefined;
  if (input.groupResource === 'pods' && input.item) {
    const pod = podFacts(input.item as KubernetesObject);
    for (const phase of input.phase
      ? [input.phase as HookPhase]
      : (['pre', 'post'] as const)) {
      const { hook } = annotationHook(pod, phase);
      const hooks = hook
        ? [hook]
        : specHooks(pod, hookSpecs(input.hooks), phase, name => name);
      fatal = await runPodHooks(hooks, pod, phase, {
        exec: async ({ container, command }) => {
          commands.push({ container, command });
          const failure =
            failures[container] ?? (input.expectedPodHookError as string);
          if (failure) {
            throw new Error(failure);
          }
          return { exitCode: 0, stdout: '', stderr: '' };
        },
        log,
        counter: new HookCounter(),
        maxOutputBytes: 1000,
        signal: new AbortController().signal,
      });
    }
  }
  await log.close();
  rmSync(folder, { recursive: true });
  expect(fatal?.message ?? null).toBe(output.error);
  expect(withoutNoise(commands)).toEqual(
    withoutNoise(
      (output.podCommands as { hook: JsonObject }[]).map(({ hook }) => ({
        container: hook.container,
        command: hook.command,
      })),
    ),
  );
}

describeCases('recorded behaviour of Velero: hooks', () => {
  play('TestGetPodExecHookFromAnnotations', (input, output) => {
    // Without a phase: the keys of old pre hooks, which serve as pre hooks here.
    const phase = (input.phase || 'pre') as HookPhase;
    const { hook } = annotationHook(
      {
        annotations: (input.annotations ?? {}) as { [key: string]: string },
        containers: [],
      },
      phase,
    );
    const wanted = output.hook as (JsonObject & { timeout: string }) | null;
    expect(
      hook &&
        withoutNoise({
          container: hook.container,
          command: hook.command,
          onError: hook.onError,
        }),
    ).toEqual(
      wanted
        ? withoutNoise({
            container: wanted.container,
            command: wanted.command,
            onError: wanted.onError,
          })
        : undefined,
    );
    // Velero fills its default of 30 s in later.
    expect(hook?.timeoutMs).toBe(
      wanted ? parseDuration(wanted.timeout) || 30_000 : undefined,
    );
  });
  play('TestHandleHooks', handle);
  play('TestHandleHooksSkips', handle);
  play('TestResourceHookApplicableTo', (input, output) => {
    const { group, resource } = input.resource as {
      group: string;
      resource: string;
    };
    const name = group ? `${resource}.${group}` : resource;
    const isHere = (text: string) => (text === name ? 'pods' : text);
    const labels = Object.fromEntries(
      String(input.labels ?? '')
        .split(',')
        .filter(Boolean)
        .map(term => term.split('=')),
    );
    expect(
      appliesTo(
        {
          includedNamespaces: input.includedNamespaces as string[],
          excludedNamespaces: input.excludedNamespaces as string[],
          includedResources: input.includedResources as string[],
          excludedResources: input.excludedResources as string[],
          ...selectorOf(input.labelSelector),
        },
        { namespace: input.namespace as string, labels },
        isHere,
      ),
    ).toBe(output.applicable);
  });
});
