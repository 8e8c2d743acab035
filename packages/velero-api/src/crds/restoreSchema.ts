import { restorePhases } from '../phases';
import { execHook, hookSelection, hookStatus } from './backupSchema';
import type { StructuralSchema } from './CustomResourceDefinition';
import {
  choice,
  count,
  duration,
  flag,
  labelSelector,
  list,
  localReference,
  moment,
  object,
  orNull,
  text,
  textMap,
  texts,
} from './schemaParts';

const initContainers: StructuralSchema = {
  ...list({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true }),
  'x-kubernetes-preserve-unknown-fields': true,
};

/** `spec` of a Restore. */
export const restoreSpecSchema: StructuralSchema = object(
  {
    backupName: text('The backup to restore. Not together with scheduleName.'),
    scheduleName: text('Restore the newest completed backup of this Schedule.'),
    includedNamespaces: orNull(
      texts('Namespaces to restore, by their names at the time of the backup.'),
    ),
    excludedNamespaces: orNull(texts('Namespaces to leave out.')),
    includedResources: orNull(texts('Types to restore. Absent: all.')),
    excludedResources: orNull(texts('Types to leave out.')),
    namespaceMapping: textMap(
      'Namespace in the backup to namespace to restore into.',
    ),
    labelSelector: orNull(labelSelector('Which objects to restore.')),
    orLabelSelectors: orNull(
      list(
        labelSelector(),
        'Objects that match any of these. Not together with labelSelector.',
      ),
    ),
    restorePVs: orNull(flag('Whether to restore volumes. Absent: yes.')),
    restoreStatus: orNull(
      object(
        {
          includedResources: orNull(texts()),
          excludedResources: orNull(texts()),
        },
        [],
        'Types whose status is restored too. Absent: none.',
      ),
    ),
    preserveNodePorts: orNull(flag('Whether Services keep their node ports.')),
    includeClusterResources: orNull(
      flag('Whether to restore cluster-scoped objects.'),
    ),
    hooks: object(
      {
        resources: list(
          object(
            {
              ...hookSelection(),
              postHooks: list(
                object({
                  exec: execHook({
                    execTimeout: duration('How long the command may take.'),
                    waitTimeout: duration(
                      'How long to wait for the container.',
                    ),
                    waitForReady: orNull(flag()),
                  }),
                  init: object({ initContainers, timeout: duration() }),
                }),
              ),
            },
            ['name'],
          ),
        ),
      },
      [],
      'Commands to run in restored pods.',
    ),
    existingResourcePolicy: orNull(
      text('What to do with objects that exist already: none or update.'),
    ),
    itemOperationTimeout: duration(
      'How long to wait for asynchronous operations.',
    ),
    resourceModifier: orNull(
      localReference('ConfigMap with changes to make to restored objects.'),
    ),
    uploaderConfig: orNull(
      object({
        writeSparseFiles: orNull(flag()),
        parallelFilesDownload: count(),
      }),
    ),
  },
  [],
  'What to restore, and how.',
);

/** `status` of a Restore. */
export const restoreStatusSchema: StructuralSchema = object(
  {
    phase: choice(restorePhases),
    validationErrors: orNull(texts()),
    warnings: count(),
    errors: count(),
    failureReason: text(),
    startTimestamp: moment(),
    completionTimestamp: moment(),
    progress: orNull(object({ totalItems: count(), itemsRestored: count() })),
    restoreItemOperationsAttempted: count(),
    restoreItemOperationsCompleted: count(),
    restoreItemOperationsFailed: count(),
    hookStatus,
  },
  [],
  'What has become of the restore.',
);
