/* eslint-disable jest/no-conditional-expect, jest/no-standalone-expect, jest/expect-expect --
   the cases are data: which fields one has decides what is compared */
import { mkdtempSync, rmSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import type { Backup } from '@lifeboat/velero-api';
import { systemClock } from '../cluster/Clock';
import type { KubernetesObject } from '../cluster/KubernetesObject';
import { stringifyJson } from '../cluster/json';
import { coreTypes } from '../cluster/knownTypes';
import { MemoryClusterClient } from '../testing/MemoryClusterClient';
import {
  readCases,
  recordedTests,
  servedTypes,
  VeleroCase,
  describeCases,
  withoutNoise,
} from '../testing/veleroCases';
import type { PodCommand } from '../volumes/hooks/execInPod';
import type { BackupItemAction } from './actions/BackupItemAction';
import { claimAction, removeStaleLabels } from './actions/claimAction';
import { podAction } from './actions/podAction';
import type { ResourceSelector } from './actions/ResourceSelector';
import { serviceAccountAction } from './actions/serviceAccountAction';
import { backupFilters } from './BackupFilters';
import { BackupRun } from './BackupRun';
import { sortCoreGroup } from './collect/collectionOrder';
import { sortByOrder } from './collect/orderedResources';
import { groupOf, itemPath, preferredVersionFolder } from './itemPath';
import type { ItemIdentifier } from './ItemIdentifier';
import { RunLog } from './RunLog';
import { VolumeInfoCollector } from './volumeInfo';
import { VolumeStage } from './volumes/VolumeStage';

/*
 * What Velero's own code did, replayed; hooks, volumes and policies have their own files of cases. Left out:
 *
 * | recorded test | reason |
 * |---|---|
 * | TestBackupWithSnapshots, TestBackupItemActionsForSkippedPV, Test_zoneFromPVNodeAffinity | native snapshots by plugins |
 * | TestBackupWithPodVolume | a fake of Velero's decides; stories back up files of pods |
 * | TestGetMatchAction_PendingLostPVC, TestGetPVName | recorded in Go structures; TestGetMatchAction plays the same rules |
 * | TestFilterNamespaces | Velero's internal list; the same rule is in TestBackupNamespaces |
 * | pkg_backup_actions TestRemapCRDVersionAction, TestServiceAccountActionExecuteOnBeta1 | APIs removed from Kubernetes 1.22 |
 * | pkg_backup_actions TestPodActionAppliesTo | Velero's Go structure |
 */
const engineTests = [
  'TestBackupActionAdditionalItems',
  'TestBackupActionModifications',
  'TestBackupActionsRunForCorrectItems',
  'TestBackupNamespaces',
  'TestBackupNewResourceFiltering',
  'TestBackupOldResourceFiltering',
  'TestBackupResourceCohabitation',
  'TestBackupResourceOrdering',
  'TestCRDInclusion',
  'TestItemBlockActionRelatedItems',
  'TestItemBlockActionsRunForCorrectItems',
  'TestBackupResourceExclusion',
  'TestBackupTerminatingItems',
  'TestBackupWithHooks',
];

interface FakeResponse {
  selector: unknown;
  item: { kind: string; namespace?: string; name: string };
  returns: {
    additionalItems?: ItemIdentifier[];
    relatedItems?: ItemIdentifier[];
    item?: KubernetesObject;
    error?: string;
  };
}

function fakeActions(
  input: VeleroCase['input'],
  calls: Map<string, string[]>,
): BackupItemAction[] {
  const actions = (input.actions ?? []) as { selector: ResourceSelector }[];
  const responses = (input.fakeActionResponses ?? []) as FakeResponse[];
  return actions.map(({ selector }, index) => ({
    name: `fake-${index}`,
    appliesTo: selector,
    execute(item) {
      const { kind, metadata } = item;
      const key = JSON.stringify(selector);
      calls.set(key, [
        ...(calls.get(key) ?? []),
        [metadata.namespace, metadata.name].filter(Boolean).join('/'),
      ]);
      const answer = responses.find(
        response =>
          JSON.stringify(response.selector) === key &&
          response.item.kind === kind &&
          response.item.name === metadata.name &&
          (response.item.namespace ?? '') === (metadata.namespace ?? ''),
      )?.returns;
      if (answer?.error) {
        throw new Error(answer.error);
      }
      return {
        item: answer?.item ?? item,
        additionalItems: [
          ...(answer?.additionalItems ?? []),
          ...(answer?.relatedItems ?? []),
        ],
      };
    },
  }));
}

const withoutVolumes = {
  claim: async (item: KubernetesObject) => ({
    item,
    withVolume: true,
    additionalItems: [],
  }),
  pod: async () => {},
};

async function runCase({ input }: VeleroCase) {
  const folder = mkdtempSync(join(tmpdir(), 'lifeboat-case-'));
  const client = new MemoryClusterClient(servedTypes(input.apiResources));
  const discovery = await client.discover();
  const backup = input.backup as Backup;
  const existing: string[] = [];
  for await (const namespace of client.list(coreTypes.namespaces)) {
    existing.push(namespace.metadata.name ?? '');
  }
  const log = new RunLog({
    file: join(folder, 'log.gz'),
    clock: () => new Date(0),
    fields: {},
  });
  const files = new Map<string, KubernetesObject | string>([
    ['metadata/version', '1.1.0'],
  ]);
  const calls = new Map<string, string[]>();
  const infos = new VolumeInfoCollector();
  const { signal } = new AbortController();
  const commands: PodCommand[] = [];
  const hooked =
    input.podCommandResults === undefined
      ? undefined
      : new VolumeStage(
          {
            backup,
            isComponent: false,
            client,
            discovery,
            clock: systemClock,
            log,
            config: {
              hooks: { enabled: true, maxOutputBytes: 1000 },
              fileSystemBackup: { enabled: false, hostPodsPath: '' },
            },
            controlNamespace: 'velero',
            claimsExcluded: false,
            exec: async command => {
              const failure = (input.podCommandResults as { err?: string }[])[
                commands.length
              ]?.err;
              commands.push(command);
              if (failure) {
                throw new Error(failure);
              }
              return { exitCode: 0, stdout: '', stderr: '' };
            },
            signal,
            wakeSignal: () => signal,
            onDataWanted: () => {},
            onFrozen: async () => {},
          },
          infos,
        );
  try {
    await new BackupRun({
      backup,
      client,
      discovery,
      filters: backupFilters(backup.spec, discovery, existing, undefined),
      controlNamespace: 'velero',
      actions: fakeActions(input, calls),
      withRelatedItems: false,
      log,
      tarball: {
        add: async (location, version, object) => {
          files.set(itemPath(location), object);
          files.set(
            itemPath(location, preferredVersionFolder(version)),
            object,
          );
        },
      },
      volumes: infos,
      stage: hooked ?? withoutVolumes,
      onProgress: () => {},
      signal,
    }).run();
    // The finished tarball is without what failed.
    for (const key of (await hooked?.take())?.dropped ?? []) {
      const [, namespace, name] = key.split('/');
      for (const path of files.keys()) {
        if (path.endsWith(`/namespaces/${namespace}/${name}.json`)) {
          files.delete(path);
        }
      }
    }
  } finally {
    await log.close();
    rmSync(folder, { recursive: true });
  }
  return { files, calls, commands, results: log.findings.results };
}

describeCases('recorded behaviour of Velero: backup', () => {
  const cases = engineTests.flatMap(test =>
    readCases(`pkg_backup.${test}`).map(
      each => [`${test}: ${each.name}`, each] as const,
    ),
  );

  it('finds cases', () => {
    expect(recordedTests('pkg_backup.').length).toBeGreaterThan(0);
  });

  if (cases.length > 0) {
    it.each(cases)('%s', async (_name, each) => {
      const { files, calls, commands, results } = await runCase(each);
      const { output } = each;
      expect(
        commands.map(({ namespace, pod, command }) => [
          namespace,
          pod,
          command,
        ]),
      ).toEqual(
        (
          (output.podCommands ?? []) as {
            namespace: string;
            name: string;
            hook: { command: string[] };
          }[]
        ).map(({ namespace, name, hook }) => [namespace, name, hook.command]),
      );
      expect([...files.keys()].sort()).toEqual(output.files);
      if (output.contents) {
        for (const [path, content] of Object.entries(output.contents)) {
          if (path !== 'metadata/version') {
            expect(withoutNoise(files.get(path))).toEqual(
              withoutNoise(content),
            );
          }
        }
      }
      for (const { selector, ids } of (output.actionItems ?? []) as {
        selector: unknown;
        ids: string[];
      }[]) {
        const called = [...(calls.get(JSON.stringify(selector)) ?? [])];
        expect(called.sort()).toEqual([...(ids ?? [])].sort());
      }
      const errors = ((output.loggedErrors ?? []) as string[]).filter(
        message => !message.includes('no matches for'),
      );
      expect(Object.keys(results.errors).length > 0).toBe(errors.length > 0);
      const warned = JSON.stringify(results.warnings);
      for (const warning of (output.loggedWarnings ?? []) as string[]) {
        expect(warned).toContain(JSON.stringify(warning).slice(1, -1));
      }
      if (output.fileOrder) {
        const rank = (path: string) =>
          [
            '/pods/',
            '/persistentvolumeclaims/',
            '/persistentvolumes/',
          ].findIndex(type => path.includes(type));
        const ranks = [...files.keys()]
          .slice(1)
          .map(path => (rank(path) < 0 ? 3 : rank(path)));
        expect(ranks).toEqual([...ranks].sort());
      }
    });
  }

  const plain: [string, (each: VeleroCase) => void | Promise<void>][] = [
    [
      'pkg_backup.TestSortCoreGroup',
      ({ input, output }) => {
        const named = (list: unknown) =>
          (list as { name: string }[]).map(({ name }) => ({ resource: name }));
        expect(sortCoreGroup(named(input.resources))).toEqual(
          named(output.resources),
        );
      },
    ],
    [
      'pkg_backup.TestSortOrderedResource',
      ({ input, output }) => {
        type Item = { namespace: string; name: string };
        const names = (list: Item[]) =>
          list.map(item => `${item.namespace}/${item.name}`);
        const { sorted } = sortByOrder(
          input.resources as Item[],
          input.order as string[],
        );
        expect(names(sorted)).toEqual(names(output.sorted as Item[]));
      },
    ],
    [
      'pkg_archive.TestGetItemFilePath',
      ({ input, output }) => {
        const version = input.versionPath as string | undefined;
        const path = itemPath(
          {
            groupResource: input.groupResource as string,
            namespace: (input.namespace as string) || undefined,
            name: input.name as string,
          },
          version || undefined,
        );
        const root = input.rootDir ? `${input.rootDir}/` : '';
        expect(`${root}${path}`).toBe(output.path);
      },
    ],
    [
      'pkg_archive.TestExtractGroupName',
      ({ input, output }) => {
        expect(groupOf(input.rgDir as string)).toBe(output.group);
      },
    ],
    [
      'pkg_backup_actions.TestCleanupStaleVeleroLabels',
      ({ input, output }) => {
        const claim = input.inputPVC as KubernetesObject;
        removeStaleLabels(claim, input.backup as Backup);
        expect(withoutNoise(claim)).toEqual(withoutNoise(output.pvc));
      },
    ],
    [
      'pkg_backup_actions.TestBackupPVAction',
      each => replayAction(claimAction, each),
    ],
    [
      'pkg_backup_actions.TestPodActionExecute',
      each => replayAction(podAction, each),
    ],
    [
      'pkg_backup_actions.TestServiceAccountActionExecute',
      each => replayAction(serviceAccountAction, each),
    ],
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

async function replayAction(action: BackupItemAction, each: VeleroCase) {
  const { input, output } = each;
  const result = await action.execute(
    { metadata: {}, ...(input.item as object) } as KubernetesObject,
    {
      backup: (input.backup ?? { metadata: {}, spec: {} }) as Backup,
      log: undefined as unknown as RunLog,
      list: async () => (input.crbs ?? []) as KubernetesObject[],
    },
  );
  expect(withoutNoise(result.item)).toEqual(withoutNoise(output.updatedItem));
  const key = (id: unknown) =>
    stringifyJson(withoutNoise(id), { sortKeys: true });
  const wanted = ((output.additionalItems ?? []) as unknown[]).map(key);
  expect([...new Set((result.additionalItems ?? []).map(key))].sort()).toEqual(
    [...new Set(wanted)].sort(),
  );
}
