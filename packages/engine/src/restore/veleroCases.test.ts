/* eslint-disable jest/no-conditional-expect, jest/no-standalone-expect, jest/expect-expect --
   the cases are data: which fields one has decides what is compared */
import { mkdtempSync, rmSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { Readable } from 'stream';
import { createGzip } from 'zlib';
import { pack } from 'tar-stream';
import type {
  BackupVolumeInfo,
  Restore,
  RestoreStatusSpec,
} from '@lifeboat/velero-api';
import type { ResourceSelector } from '../backup/actions/ResourceSelector';
import type { ItemIdentifier } from '../backup/ItemIdentifier';
import { RunLog } from '../backup/RunLog';
import { ApiError } from '../cluster/ApiError';
import { systemClock } from '../cluster/Clock';
import { stringifyJson } from '../cluster/json';
import type { KubernetesObject } from '../cluster/KubernetesObject';
import { MemoryClusterClient } from '../testing/MemoryClusterClient';
import {
  readCases,
  servedTypes,
  VeleroCase,
  describeCases,
  withoutNoise,
} from '../testing/veleroCases';
import { ApplySink, meansAlreadyExists } from './apply/ApplySink';
import { whyCompleted } from './completed';
import {
  applyResourceModifiers,
  modifiersProblem,
  ModifierPatch,
  parseResourceModifiers,
  patchProblem,
  patchValue,
  ResourceModifiers,
} from './modifiers/ResourceModifiers';
import { mergePatchBetween } from './modifiers/mergePatch';
import { filtersOf } from './openRestore';
import { orderedTypes } from './order/resourcePriorities';
import { mergeServiceAccounts } from './plan/compare';
import { BackupContents } from './read/BackupContents';
import { RestoreRun } from './RestoreRun';
import { wantsStatus } from './restoreStatus';
import { admissionWebhook } from './transform/admissionWebhook';
import { clusterRoleBinding, roleBinding } from './transform/bindings';
import { changeImageName } from './transform/changeImageName';
import { changeStorageClass } from './transform/changeStorageClass';
import { claim, removeAnnotations, resetBinding } from './transform/claim';
import { definition } from './transform/definition';
import { apiService } from './transform/generated';
import { job } from './transform/job';
import { claimsOfPod, pod } from './transform/pod';
import type {
  RestoreItemAction,
  TransformContext,
} from './transform/RestoreItemAction';
import { secret } from './transform/secret';
import { service } from './transform/service';
import { serviceAccount } from './transform/serviceAccount';
import { stripMetadata, stripStatus } from './transform/stripMetadata';

/*
 * What Velero's own code did, replayed. Not applicable to an engine without volume data, hooks and plugins, and left out:
 *
 * | recorded test | reason |
 * |---|---|
 * | TestExecutePVAction_*, TestHasCSIVolumeSnapshot, TestHasSnapshotDataUpload, TestShouldRestore | volume data |
 * | TestRestoreWithPodVolume | file-system restore of volumes |
 * | cases of TestRestorePersistentVolumes and TestRestorePVWithVolumeInfo with native snapshots | plugins |
 * | TestFindAPIGroup, TestFindSupportedUserVersion, TestK8sPrioritySort, TestUserResourceGroupVersionPriorities, TestVersionsContain | feature EnableAPIGroupVersions |
 * | TestMergeMaps, TestMerge*Slices | inner steps of TestMergeServiceAccountBasic |
 * | TestExpandNamespaceWildcards, TestExtractNamespacesFromBackup | tested in velero-api |
 * | pkg_restore_actions: hooks, pod volumes, data uploads, *AppliesTo | hooks, volume data, Velero's Go structures |
 */
const engineTests = [
  'TestInvalidTarballContents',
  'TestRestoreActionAdditionalItems',
  'TestRestoreActionModifications',
  'TestRestoreActionsRunForCorrectItems',
  'TestRestoreItems',
  'TestRestoreNamespaceMapping',
  'TestRestorePVWithVolumeInfo',
  'TestRestorePersistentVolumes',
  'TestRestoreResourceFiltering',
  'TestRestoreResourcePriorities',
];

/** Cases whose volumes come from snapshots of a plugin. */
function needsPlugins({ input }: VeleroCase): boolean {
  const infos = (input.volumeInfoMap ?? {}) as {
    [name: string]: BackupVolumeInfo;
  };
  return (
    ((input.volumeSnapshots ?? []) as unknown[]).length > 0 ||
    ((input.csiVolumeSnapshots ?? []) as unknown[]).length > 0 ||
    Boolean(input.dataUploadResult) ||
    Object.values(infos).some(info => info.backupMethod === 'NativeSnapshot')
  );
}

async function contentsOf(
  files: { [path: string]: unknown },
  folder: string,
): Promise<BackupContents> {
  const tar = pack();
  for (const [path, content] of Object.entries(files)) {
    const text = (content as { $text?: string } | null)?.$text;
    tar.entry({ name: path }, text ?? stringifyJson(content));
  }
  tar.finalize();
  return BackupContents.unpack(
    (tar as unknown as Readable).pipe(createGzip()),
    join(folder, 'contents'),
  );
}

interface FakeResponse {
  selector: unknown;
  item: { kind: string; namespace?: string; name: string };
  returns: {
    additionalItems?: ItemIdentifier[];
    updatedItem?: KubernetesObject;
    skipRestore?: boolean;
  };
}

function fakeActions(
  input: VeleroCase['input'],
  calls: Map<string, string[]>,
): RestoreItemAction[] {
  const responses = (input.fakeActionResponses ?? []) as FakeResponse[];
  return ((input.actions ?? []) as { selector: ResourceSelector }[]).map(
    ({ selector }, index) => ({
      name: `fake-${index}`,
      appliesTo: selector,
      execute(item) {
        const key = JSON.stringify(selector);
        const { namespace, name } = item.metadata;
        calls.set(key, [
          ...(calls.get(key) ?? []),
          [namespace, name].filter(Boolean).join('/'),
        ]);
        const answer = responses.find(
          response =>
            JSON.stringify(response.selector) === key &&
            response.item.kind === item.kind &&
            response.item.name === name,
        )?.returns;
        return {
          item: answer?.updatedItem ?? item,
          additionalItems: answer?.additionalItems,
          ...(answer?.skipRestore && { skip: 'the fake says so' }),
        };
      },
    }),
  );
}

async function runCase({ input }: VeleroCase) {
  const folder = mkdtempSync(join(tmpdir(), 'lifeboat-case-'));
  const client = new MemoryClusterClient(servedTypes(input.apiResources));
  const restore = input.restore as Restore;
  const log = new RunLog({
    file: join(folder, 'log.gz'),
    clock: () => new Date(0),
    fields: {},
  });
  const calls = new Map<string, string[]>();
  const { signal } = new AbortController();
  const contents = await contentsOf(
    input.tarball as { [path: string]: unknown },
    folder,
  );
  const priorities = input.resourcePriorities as
    | { highPriorities?: string[]; lowPriorities?: string[] }
    | undefined;
  const infos = input.volumeInfoMap as
    | { [name: string]: BackupVolumeInfo }
    | undefined;
  try {
    const discovery = await client.discover();
    const outcome = await new RestoreRun({
      restore,
      backupName: restore.spec.backupName ?? '',
      contents,
      volumeInfo:
        infos &&
        Object.entries(infos).map(([pvName, info]) => ({ ...info, pvName })),
      discovery,
      discover: async () => discovery,
      filters: filtersOf(restore, contents, discovery),
      priorities: {
        first: priorities?.highPriorities ?? [],
        last: priorities?.lowPriorities ?? [],
      },
      actions: fakeActions(input, calls),
      shared: new Set(),
      sink: new ApplySink({
        client,
        clock: systemClock,
        signal,
        mayCreateNamespaces: true,
        controlNamespace: 'velero',
      }),
      log,
      signal,
      onProgress: () => {},
    }).run();
    return { client, outcome, calls };
  } finally {
    await contents.close();
    await log.close();
    rmSync(folder, { recursive: true });
  }
}

function context(input: VeleroCase['input']): TransformContext {
  const item = input.item as KubernetesObject;
  const original =
    input.itemFromBackup && input.itemFromBackup !== '$item'
      ? (input.itemFromBackup as KubernetesObject)
      : item;
  const account = input.serviceAccount as KubernetesObject | undefined;
  return {
    restore: (input.restore ?? { metadata: {}, spec: {} }) as Restore,
    original,
    namespace: item.metadata?.namespace,
    targetNamespace: item.metadata?.namespace,
    isRestored: () => false,
    podVolumes: () => [],
    initContainers: [],
    hasHooks: false,
    serviceAccounts: () => (account ? [account.metadata.name ?? ''] : []),
    hasSelector: async () => false,
  };
}

async function replayAction(
  action: RestoreItemAction,
  { input, output }: VeleroCase,
): Promise<void> {
  const item = { metadata: {}, ...(input.item as object) } as KubernetesObject;
  const execute = async () =>
    action.execute(structuredClone(item), context(input));
  if (output.error) {
    await expect(execute()).rejects.toThrow(output.error as string);
    return;
  }
  const result = await execute();
  expect(result.skip !== undefined).toBe(output.skipRestore ?? false);
  if (!result.skip) {
    expect(withoutNoise(result.item)).toEqual(withoutNoise(output.updatedItem));
  }
  expect(withoutNoise(result.additionalItems ?? [])).toEqual(
    withoutNoise(output.additionalItems ?? []),
  );
}

describeCases('recorded behaviour of Velero: restore', () => {
  const cases = engineTests
    .flatMap(test =>
      readCases(`pkg_restore.${test}`).map(
        each => [`${test}: ${each.name}`, each] as const,
      ),
    )
    .filter(([, each]) => !needsPlugins(each));

  it('finds cases', () => {
    expect(cases.length).toBeGreaterThan(0);
  });

  if (cases.length > 0) {
    it.each(cases)('%s', async (_name, each) => {
      const { client, outcome, calls } = await runCase(each);
      const { input, output } = each;
      const cluster = client.contents();
      const sorted = (list: unknown) =>
        ((list ?? []) as KubernetesObject[])
          .map(withoutNoise)
          .map(item => stringifyJson(item, { sortKeys: true }))
          .sort();
      for (const [type, objects] of Object.entries(
        (output.cluster ?? {}) as { [type: string]: KubernetesObject[] },
      )) {
        expect(sorted(cluster[type])).toEqual(sorted(objects));
      }
      const served = servedTypes(input.apiResources).map(t => t.resource);
      if (!served.includes('namespaces')) {
        expect(
          (cluster.namespaces ?? []).map(ns => ns.metadata.name).sort(),
        ).toEqual(output.namespaces);
      }
      const results = JSON.parse(JSON.stringify(outcome.findings.results));
      const own = /^Objects only: /;
      const velero = ((results.warnings.velero ?? []) as string[]).filter(
        text => !own.test(text),
      );
      const warnings = { ...results.warnings, velero };
      expect(withoutNoise(warnings)).toEqual(withoutNoise(output.warnings));
      // Go and JavaScript describe invalid JSON in other words. Types that the cluster does not serve are an error here; Velero
      // skips them in silence.
      const shape = (value: unknown) =>
        withoutNoise(
          JSON.parse(JSON.stringify(value), (_key, member) => {
            if (typeof member === 'string') {
              return member.replace(/(error decoding "[^"]+": ).*/, '$1');
            }
            return Array.isArray(member)
              ? member.filter(text => !/are not served by/.test(text))
              : member;
          }),
        );
      expect(shape(results.errors)).toEqual(shape(output.errors));
      for (const { selector, ids } of (output.actionItems ?? []) as {
        selector: unknown;
        ids: string[];
      }[]) {
        const called = calls.get(JSON.stringify(selector)) ?? [];
        expect([...called].sort()).toEqual([...(ids ?? [])].sort());
      }
      for (const { key, value } of (output.restoredItems ?? []) as {
        key: { resource: string; namespace: string; name: string };
        value: { action: string };
      }[]) {
        const name = key.namespace ? `${key.namespace}/${key.name}` : key.name;
        expect(outcome.resources.toJSON()[key.resource]).toContain(
          `${name}(${value.action})`,
        );
      }
      if (output.createOrder) {
        // Claims are created in the record although the recorded cluster does not serve them.
        const prioritised = (
          (input.resourcePriorities as { highPriorities?: string[] })
            .highPriorities ?? []
        ).filter(type => served.includes(type));
        const ordered = (list: string[]) =>
          list
            .map(entry => entry.replace(':/', ':'))
            .filter(entry => prioritised.includes(entry.split(':')[0]));
        expect(ordered(client.created)).toEqual(
          ordered(output.createOrder as string[]),
        );
      }
    });
  }

  const plain: [string, (each: VeleroCase) => void | Promise<void>][] = [
    [
      'pkg_restore.Test_getOrderedResources',
      ({ input, output }) => {
        const priorities = (input.resourcePriorities ?? {}) as {
          highPriorities?: string[];
          lowPriorities?: string[];
        };
        expect(
          orderedTypes(
            {
              first: priorities.highPriorities ?? [],
              last: priorities.lowPriorities ?? [],
            },
            Object.keys((input.backupResources ?? {}) as object),
          ),
        ).toEqual(output.order);
      },
    ],
    [
      'pkg_restore.TestResetMetadata',
      ({ input, output }) => {
        const object = input.obj as KubernetesObject | undefined;
        if (object?.metadata) {
          expect(withoutNoise(stripMetadata(object))).toEqual(
            withoutNoise(output.obj),
          );
        } else {
          expect(output.error).toBeTruthy();
        }
      },
    ],
    [
      'pkg_restore.TestResetStatus',
      ({ input, output }) => {
        if (input.obj) {
          expect(stripStatus(input.obj as KubernetesObject)).toEqual(
            output.obj,
          );
        }
      },
    ],
    [
      'pkg_restore.Test_resetVolumeBindingInfo',
      ({ input, output }) => {
        const object = input.obj as KubernetesObject;
        resetBinding(object);
        expect(withoutNoise(object)).toEqual(withoutNoise(output.obj));
      },
    ],
    [
      'pkg_restore.TestIsCompleted',
      ({ input, output }) => {
        const { group, resource } = input.groupResource as {
          group: string;
          resource: string;
        };
        expect(
          whyCompleted(
            JSON.parse(input.content as string),
            group ? `${resource}.${group}` : resource,
          ) !== undefined,
        ).toBe(output.completed);
      },
    ],
    [
      'pkg_restore.TestDetermineRestoreStatus',
      ({ input, output }) => {
        const includes = input.restoreSpecIncludes as boolean | undefined;
        const spec: RestoreStatusSpec | undefined =
          includes === undefined
            ? undefined
            : {
                [includes ? 'includedResources' : 'excludedResources']: [
                  'pods',
                ],
              };
        expect(
          wantsStatus(
            {
              apiVersion: 'v1',
              kind: 'Pod',
              metadata: {
                annotations: input.annotations as { [key: string]: string },
              },
            },
            'pods',
            spec,
          ),
        ).toBe(output.restoreStatus);
      },
    ],
    [
      'pkg_restore.TestGeneratePatch',
      ({ input, output }) => {
        const patch = mergePatchBetween(
          input.fromCluster as { [key: string]: unknown },
          input.desired as { [key: string]: unknown },
        );
        expect(patch).toEqual(
          output.patch ? JSON.parse(output.patch as string) : undefined,
        );
      },
    ],
    [
      'pkg_restore.TestMergeServiceAccountBasic',
      ({ input, output }) => {
        expect(
          withoutNoise(
            mergeServiceAccounts(
              input.fromCluster as KubernetesObject,
              input.fromBackup as KubernetesObject,
            ),
          ),
        ).toEqual(withoutNoise(output.result));
      },
    ],
    [
      'pkg_restore.TestIsAlreadyExistsError',
      async ({ input, output }) => {
        const status = input.apiStatus as {
          code?: number;
          reason?: string;
          details?: { causes?: { message?: string }[] };
        };
        const error = new ApiError((input.err as string) ?? '', {
          code:
            status?.code ?? (status?.reason === 'AlreadyExists' ? 409 : 422),
          reason: status?.reason,
          details: status?.details,
        });
        const items = servedTypes(input.apiResource ? [input.apiResource] : []);
        const result = await meansAlreadyExists(
          error,
          (input.obj ?? { kind: '' }) as { kind: string },
          async () => items.some(type => (type.items ?? []).length > 0),
        );
        expect(result).toBe(output.alreadyExists);
      },
    ],
    [
      'pkg_restore_actions.TestRemovePVCAnnotations',
      ({ input, output }) => {
        const object = input.pvc as KubernetesObject;
        removeAnnotations(object, input.removeAnnotations as string[]);
        expect(object.metadata.annotations).toEqual(output.annotations);
      },
    ],
    ['pkg_restore_actions.TestJobActionExecute', e => replayAction(job, e)],
    ['pkg_restore_actions.TestPodActionExecute', e => replayAction(pod, e)],
    [
      'pkg_restore_actions.TestAddPVCFromPodActionExecute',
      e => replayAction(claimsOfPod, e),
    ],
    [
      'pkg_restore_actions.TestServiceActionExecute',
      e => replayAction(service, e),
    ],
    [
      'pkg_restore_actions.TestServiceAccountActionExecute',
      e => replayAction(serviceAccount, e),
    ],
    [
      'pkg_restore_actions.TestSecretActionExecute',
      e => replayAction(secret, e),
    ],
    ['pkg_restore_actions.TestPVCActionExecute', e => replayAction(claim, e)],
    [
      'pkg_restore_actions.TestAddPVFromPVCActionExecute',
      e => replayAction(claim, e),
    ],
    [
      'pkg_restore_actions.TestRoleBindingActionExecute',
      e => replayAction(roleBinding, e),
    ],
    [
      'pkg_restore_actions.TestClusterRoleBindingActionExecute',
      e => replayAction(clusterRoleBinding, e),
    ],
    [
      'pkg_restore_actions.TestNewAdmissionWebhookConfigurationActionExecute',
      e => replayAction(admissionWebhook, e),
    ],
    [
      'pkg_restore_actions.TestAPIServiceActionExecuteSkipsRestore',
      e => replayAction(apiService, e),
    ],
    [
      'pkg_restore_actions.TestExecuteForACRDWithAnIntOnAFloat64FieldShouldWork',
      e => replayAction(definition, e),
    ],
    [
      'pkg_restore_actions.TestChangeStorageClassActionExecute',
      e => {
        const data = (e.input.configMap as { data?: { [k: string]: string } })
          ?.data;
        const existing = [
          e.input.storageClass,
          ...((e.input.storageClassSlice ?? []) as unknown[]),
        ].filter(Boolean) as KubernetesObject[];
        return replayAction(
          changeStorageClass(data ?? {}, name =>
            existing.some(each => each.metadata.name === name),
          ),
          e,
        );
      },
    ],
    [
      'pkg_restore_actions.TestChangeImageRepositoryActionExecute',
      e => {
        const data = (e.input.configMap as { data?: { [k: string]: string } })
          ?.data;
        return replayAction(changeImageName(Object.values(data ?? {})), e);
      },
    ],
    [
      'internal_resourcemodifiers.TestGetResourceModifiersFromConfig',
      ({ input, output }) => {
        const { cm } = input.args as {
          cm?: { data?: { [key: string]: string } };
        };
        if (output.error) {
          expect(() => parseResourceModifiers(cm?.data)).toThrow();
        } else {
          const trimmed = JSON.parse(
            JSON.stringify(parseResourceModifiers(cm?.data)).replace(
              /(?:\\n)+"/g,
              '"',
            ),
          );
          expect(withoutNoise(trimmed)).toEqual(withoutNoise(output.rules));
        }
      },
    ],
    [
      'internal_resourcemodifiers.TestJSONPatch_ToString',
      ({ input, output }) => {
        const fields = input.fields as ModifierPatch;
        expect(patchValue(fields.value)).toEqual(
          JSON.parse(output.string as string).value,
        );
      },
    ],
    [
      'internal_resourcemodifiers.TestJsonPatch_Validate',
      ({ input, output }) => {
        expect(patchProblem(input.fields as ModifierPatch) ?? null).toBe(
          output.error,
        );
      },
    ],
    [
      'internal_resourcemodifiers.TestResourceModifiers_Validate',
      ({ input, output }) => {
        const problem = modifiersProblem(input.fields as ResourceModifiers);
        expect(problem ?? null).toBe(output.error);
      },
    ],
    ...(
      [
        'ApplyResourceModifierRules',
        'ApplyResourceModifierRules_JSONMergePatch',
        'ApplyResourceModifierRules_StrategicMergePatch',
        'conditional_patches',
      ] as const
    ).map(
      test =>
        [
          `internal_resourcemodifiers.TestResourceModifiers_${test}`,
          ({ input, output }: VeleroCase) => {
            const args = (input.args ?? input) as {
              obj: KubernetesObject;
              groupResource: string;
            };
            const applied = applyResourceModifiers(
              (input.fields ?? input.rm) as ResourceModifiers,
              args.obj,
              args.groupResource,
            );
            expect(applied.errors.length > 0).toBe(
              ((output.errors ?? []) as unknown[]).length > 0,
            );
            expect(withoutNoise(applied.object)).toEqual(
              withoutNoise(output.obj),
            );
          },
        ] as [string, (each: VeleroCase) => void],
    ),
  ];
  for (const [test, replay] of plain) {
    const recorded = readCases(test);
    if (recorded.length > 0) {
      it.each(recorded.map(each => [each.name, each] as const))(
        `${test}: %s`,
        (_name, each) => replay(each),
      );
    }
  }
});
