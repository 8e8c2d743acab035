import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Backup,
  type BackupSpec,
  IncludesExcludes,
  NamespaceFilter,
  OldResourceFilter,
  type ResolvedResource,
  type ResolveResource,
  type Restore,
  type Schedule,
  ScopedResourceFilter,
  bracketProblem,
  groupResourceName,
  backupFromSchedule,
  blocksNextScheduledBackup,
  chooseSnapshotLocations,
  expandPatterns,
  expandNamespaceWildcards,
  expandRestoreNamespaces,
  hasBackupXorSchedule,
  isTerminalRestorePhase,
  lastSuccessBySchedule,
  mostRecentCompletedBackup,
  nameOrHash,
  nextRun,
  parseCron,
  parseDuration,
  prepareBackupSpec,
  reconcileSchedule,
  shouldExpandWildcards,
  usesOldResourceFilters,
  validLabelValue,
  validateBackupSpec,
  validateIncludesExcludes,
  validateInitContainer,
  validateNamespaceIncludesExcludes,
  validateRestoreSpec,
  validateScopedIncludesExcludes,
} from './index';

/*
 * Plays cases recorded from Velero's own tests: the folder named by VELERO_CASES has one JSON file per Go test, with
 * {name, input, output} each. Without the folder there is nothing to compare with, and the tests are skipped.
 */
const folder = process.env.VELERO_CASES;
const hasFolder = folder !== undefined && existsSync(folder);

type Json = any;
type Runner = (input: Json) => unknown;
type Apply = (input: Json, output: Json) => { ours: unknown; theirs: unknown };

/** The fake discovery of these Go tests knows exact names only: `deployments` without its group is unknown to it. */
const resolverOf = (input: Json): ResolveResource => {
  const known = new Map<string, ResolvedResource>(
    (input.apiResources ?? []).map((type: Json) => {
      const groupResource = groupResourceName({
        group: type.group,
        resource: type.name,
      });
      return [groupResource, { groupResource, namespaced: type.namespaced }];
    }),
  );
  return name => known.get(name);
};

const orError = (work: () => Record<string, unknown>, field = 'error') => {
  try {
    return { [field]: null, ...work() };
  } catch (error) {
    return { [field]: (error as Error).message };
  }
};

const scopedFilter = (input: Json) =>
  ScopedResourceFilter.create(
    {
      includedClusterScopedResources: input.clusterScopedIncludes,
      excludedClusterScopedResources: input.clusterScopedExcludes,
      includedNamespaceScopedResources: input.namespaceScopedIncludes,
      excludedNamespaceScopedResources: input.namespaceScopedExcludes,
    },
    new IncludesExcludes(input.nsIncludes, []),
    resolverOf(input),
  );

const scopedLists = (filter: ScopedResourceFilter) => ({
  clusterScopedIncludes: filter.clusterScoped.includes,
  clusterScopedExcludes: filter.clusterScoped.excludes,
  namespaceScopedIncludes: filter.namespaceScoped.includes,
  namespaceScopedExcludes: filter.namespaceScoped.excludes,
});

const namespaceFilter = (input: Json) =>
  NamespaceFilter.create(
    input.includes,
    input.excludes,
    input.activeNamespaces ?? [],
  );

const whole: Record<string, Runner> = {
  'pkg_util_collections.TestShouldInclude': input => ({
    include: new IncludesExcludes(input.includes, input.excludes).shouldInclude(
      input.item,
    ),
  }),
  'pkg_util_collections.TestClusterScopedShouldInclude': input => ({
    include: scopedFilter(input).shouldInclude(input.item),
  }),
  'pkg_util_collections.TestNamespaceScopedShouldInclude': input => ({
    include: scopedFilter(input).shouldInclude(input.item),
  }),
  'pkg_util_collections.TestGetScopedResourceIncludesExcludes': input =>
    scopedLists(scopedFilter(input)),
  'pkg_util_collections.TestScopeIncludesExcludes_CombineWithPolicy': input =>
    scopedLists(scopedFilter(input).combineWithPolicy(input.policy)),
  'pkg_util_collections.TestShouldExcluded': input => ({
    exclude:
      input.filterType === 'global'
        ? new OldResourceFilter(
            {
              includedResources: input.clusterIncludes,
              excludedResources: input.clusterExcludes,
              includeClusterResources: input.includeClusterResources,
            },
            new IncludesExcludes(),
            resolverOf(input),
          ).shouldExclude(input.resourceName)
        : ScopedResourceFilter.create(
            {
              includedClusterScopedResources: input.clusterIncludes,
              excludedClusterScopedResources: input.clusterExcludes,
            },
            new IncludesExcludes(),
            resolverOf(input),
          ).shouldExclude(input.resourceName),
  }),
  'pkg_util_collections.TestIncludeExcludeString': input => {
    const lists = new IncludesExcludes(input.includes, input.excludes);
    return {
      includesString: lists.includesText(),
      excludesString: lists.excludesText(),
    };
  },
  'pkg_util_collections.TestExpandIncludesExcludes': input =>
    orError(() => {
      const filter = namespaceFilter(input);
      return {
        includes: filter.lists.includes,
        excludes: filter.lists.excludes,
        wildcardExpanded: filter.wildcardExpanded,
      };
    }),
  'pkg_util_collections.TestNamespaceIncludesExcludesShouldIncludeAfterWildcardExpansion':
    input => ({
      include: namespaceFilter(input).shouldInclude(input.testNamespace),
    }),
  'pkg_util_collections.TestResolveNamespaceList': input =>
    orError(() => ({
      namespaces: namespaceFilter(input).namespaces().sort(),
    })),
  'pkg_util_collections.TestResolveNamespaceListError': input =>
    orError(() => ({ namespaces: namespaceFilter(input).namespaces() })),
  'pkg_util_collections.TestUseOldResourceFilters': input => ({
    useOldResourceFilters: usesOldResourceFilters(input.backup.spec),
  }),
  'pkg_util_collections.TestValidateIncludesExcludes': input => ({
    errors: validateIncludesExcludes(input.includes, input.excludes),
  }),
  'pkg_util_collections.TestValidateScopedIncludesExcludes': input => ({
    errors: validateScopedIncludesExcludes(input.includes, input.excludes),
  }),
  'pkg_util_collections.TestValidateNamespaceIncludesExcludes': input => ({
    errors: validateNamespaceIncludesExcludes(input.includes, input.excludes),
  }),
  'pkg_util_wildcard.TestShouldExpandWildcards': input => ({
    shouldExpand: shouldExpandWildcards(
      input.includes ?? [],
      input.excludes ?? [],
    ),
  }),
  'pkg_util_wildcard.TestExpandWildcards': input =>
    orError(() =>
      expandNamespaceWildcards(
        input.activeNamespaces ?? [],
        input.includes ?? [],
        input.excludes ?? [],
      ),
    ),
  'pkg_util_wildcard.TestExpandWildcardsPrivate': input =>
    orError(() => ({
      matches: expandPatterns(input.patterns ?? [], input.activeNamespaces),
    })),
  'pkg_util_wildcard.TestExpandWildcardsEdgeCases': input =>
    orError(() =>
      input.patterns
        ? {
            matches: expandPatterns(
              input.patterns,
              input.activeNamespaces ?? [],
            ),
          }
        : expandNamespaceWildcards(
            input.activeNamespaces ?? [],
            input.includes ?? [],
            input.excludes ?? [],
          ),
    ),
  'pkg_util_wildcard.TestValidateBracePatterns': input => ({
    error: bracketProblem(input.pattern) ?? null,
  }),
  'pkg_label.TestGetValidLabelName': input => ({
    label: validLabelValue(input.label),
  }),
  'pkg_label.TestReturnNameOrHash': input => ({
    label: nameOrHash(input.label),
  }),
  'pkg_controller.TestBackupXorScheduleProvided': input => ({
    result: hasBackupXorSchedule(input.restore.spec),
  }),
  'pkg_controller.TestParseCronSchedule': nextRunCase,
  'pkg_controller.TestGetNextRunTime': nextRunCase,
  'pkg_controller.TestGetBackup': input => ({
    backup: backupFromSchedule(
      input.schedule as Schedule,
      utc(input.testClockTime),
    ),
  }),
  'pkg_controller.TestDefaultVolumesToResticDeprecation': input => ({
    defaultVolumesToFsBackup: prepareBackupSpec(input.backup.spec, {
      defaultVolumesToFsBackup: input.globalVal,
    }).defaultVolumesToFsBackup,
  }),
  'pkg_controller.TestPrepareBackupRequest_EmptyIncludedNamespacesNormalizedToWildcard':
    input => ({
      includedNamespaces: prepareBackupSpec(input.backup.spec)
        .includedNamespaces,
    }),
  'pkg_controller.TestCheckIfBackupInNewOrProgress': input => ({
    result: (input.objects.Backup as Backup[]).some(
      backup =>
        backup.metadata.labels?.['velero.io/schedule-name'] ===
          input.schedule.metadata.name &&
        blocksNextScheduledBackup(backup.status?.phase),
    ),
  }),
  'pkg_controller.TestReconcileOfSchedule': input => {
    if (!input.schedule) {
      return { error: null, objects: {} };
    }
    const { schedule, backup } = reconcileSchedule(input.schedule, {
      now: utc(input.fakeClockTime || '0001-01-01 00:00:00'),
      backups: input.backup ? [input.backup] : [],
      skipImmediately: input.reconcilerSkipImmediately,
    });
    return {
      error: null,
      objects: {
        Schedule: [schedule],
        Backup: [input.backup, backup].filter(Boolean),
      },
    };
  },
  'pkg_controller.Test_getLastSuccessBySchedule': input => ({
    lastSuccess: Object.fromEntries(lastSuccessBySchedule(input.backups ?? [])),
  }),
  'internal_hook.TestValidateContainer': input => ({
    error: validateInitContainer(JSON.parse(input.container))[0] ?? null,
  }),
};

/** Cases of which only a part is a pure decision. */
const partial: Record<string, Apply> = {
  'pkg_restore.TestExpandNamespaceWildcards': (input, output) => ({
    ours: orError(() => {
      const resources: Record<string, Json> = input.backupResources ?? {};
      expandRestoreNamespaces(
        Object.keys(resources.namespaces?.itemsByNamespace ?? {}),
        input.includeNamespaces,
        input.excludeNamespaces,
      );
      return {};
    }),
    theirs: { error: output.error },
  }),
  'pkg_controller.TestMostRecentCompletedBackup': (input, output) => ({
    ours: mostRecentCompletedBackup(input.backups)?.metadata.name,
    theirs: output.backup?.metadata.name,
  }),
  'pkg_controller.TestValidateAndGetSnapshotLocations': (input, output) => {
    const { locations, problems } = chooseSnapshotLocations(
      input.backup.spec,
      input.locations ?? [],
      input.defaultLocations ?? {},
    );
    const nameOf = (location: Json) => location?.metadata.name;
    return {
      ours: {
        errors: problems,
        locations: Object.fromEntries(
          [...locations].map(([key, location]) => [key, nameOf(location)]),
        ),
      },
      theirs: {
        errors: output.errors,
        locations: Object.fromEntries(
          Object.entries(output.locations ?? {}).map(([key, location]) => [
            key,
            nameOf(location),
          ]),
        ),
      },
    };
  },
  'pkg_controller.TestDefaultBackupTTL': preparedSpec,
  'pkg_controller.TestPrepareBackupRequest_SetsVGSLabelKey': preparedSpec,
  'pkg_controller.TestProcessBackupValidationFailures': (input, output) => {
    const stored: Backup = output.objects.Backup[0];
    const aboutTheCluster =
      /^(an existing|a |backup can't|backup storage|the )/i;
    return {
      ours: validateBackupSpec(prepareBackupSpec(input.backup.spec)),
      theirs: (stored.status?.validationErrors ?? []).filter(
        text => !aboutTheCluster.test(text),
      ),
    };
  },
  'pkg_controller.TestProcessBackupCompletions': (input, output) => {
    const stored: Backup | undefined = output.objects?.Backup?.[0];
    const filters = (spec: BackupSpec | undefined) =>
      spec && {
        includedResources: spec.includedResources,
        excludedResources: spec.excludedResources,
        includedNamespaces: spec.includedNamespaces,
        excludedNamespaceScopedResources: spec.excludedNamespaceScopedResources,
        excludedClusterScopedResources: spec.excludedClusterScopedResources,
        snapshotMoveData: spec.snapshotMoveData,
        defaultVolumesToFsBackup: spec.defaultVolumesToFsBackup,
      };
    const ours = prepareBackupSpec(input.backup.spec, {
      snapshotMoveData: input.defaultSnapshotMoveData,
      defaultVolumesToFsBackup: input.defaultVolumesToFsBackup,
    });
    return {
      ours: { filters: filters(ours), problems: validateBackupSpec(ours) },
      theirs: { filters: filters(stored?.spec), problems: [] },
    };
  },
  'pkg_controller.TestRestoreReconcile': (input, output) => {
    const stored: Restore | undefined = output.objects.Restore?.[0];
    const aboutTheCluster = /^(Error retrieving|The BSL|No |Error |failed )/;
    const judged = !isTerminalRestorePhase(input.restore.status?.phase);
    return {
      ours: judged ? validateRestoreSpec(input.restore.spec) : [],
      theirs: (stored?.status?.validationErrors ?? []).filter(
        text => !aboutTheCluster.test(text),
      ),
    };
  },
};

function preparedSpec(input: Json, output: Json) {
  const expected: Backup = output.backup;
  const spec = prepareBackupSpec(input.backup.spec, {
    ttl: input.defaultBackupTTL ? parseDuration(input.defaultBackupTTL) : 0,
    csiSnapshotTimeout: 0,
    itemOperationTimeout: 0,
    volumeGroupSnapshotLabelKey: input.serverFlagKey,
  });
  return {
    ours: {
      ...spec,
      volumeGroupSnapshotLabelKey: input.serverFlagKey
        ? spec.volumeGroupSnapshotLabelKey
        : undefined,
    },
    theirs: expected.spec,
  };
}

function nextRunCase(input: Json) {
  const { due, next } = nextRun(
    input.schedule,
    parseCron(input.schedule.spec.schedule),
    new Date(input.now),
  );
  return { due, nextRunTime: `${next.toISOString().slice(0, 19)}Z` };
}

function utc(text: string): Date {
  return new Date(`${text.replace(' ', 'T')}Z`);
}

/** Drops what Go's typed round trips add: nulls, zeros, empty lists and maps; and apiVersion/kind of typed objects. */
function bare(value: Json, key = ''): Json {
  if (Array.isArray(value)) {
    const items = value
      .map(item => bare(item))
      .filter(item => item !== undefined);
    return items.length > 0 ? items : undefined;
  }
  if (value && typeof value === 'object') {
    const members = Object.entries(value)
      .filter(([name]) => name !== 'apiVersion' && name !== 'kind')
      .map(([name, member]) => [name, bare(member, name)] as const)
      .filter(([, member]) => member !== undefined);
    return members.length > 0 ? Object.fromEntries(members) : undefined;
  }
  if (value === null || value === undefined || value === '0s') {
    return undefined;
  }
  return key === 'skipImmediately' && value === false ? undefined : value;
}

function compare(file: string, input: Json, output: Json) {
  return (
    partial[file]?.(input, output) ?? {
      ours: whole[file]?.(input),
      theirs: output,
    }
  );
}

(hasFolder ? describe : describe.skip)('cases recorded from Velero', () => {
  const available = hasFolder
    ? readdirSync(folder).map(name => name.replace(/\.json$/, ''))
    : [];
  const known = [...Object.keys(whole), ...Object.keys(partial)];
  const files = hasFolder
    ? known.filter(name => available.includes(name))
    : ['none'];

  it('finds cases', () => {
    expect(files.length).toBeGreaterThan(0);
  });

  describe.each(files)('%s', file => {
    const { cases } = hasFolder
      ? JSON.parse(readFileSync(join(folder, `${file}.json`), 'utf8'))
      : { cases: [] };
    const table: [string, Json, Json][] = cases.map((entry: Json) => [
      entry.name,
      entry.input,
      entry.output,
    ]);
    it.each(table.length > 0 ? table : [['none', {}, {}]])(
      '%s',
      (_name, input, output) => {
        const { ours, theirs } = compare(file, input, output);
        expect(bare(ours)).toEqual(bare(theirs));
      },
    );
  });
});
