import { readScope, type Restore } from '@lifeboat/velero-api';
import { matchesSelector } from '../backup/labelSelector';
import { coreTypes } from '../cluster/knownTypes';
import { parseSelector } from '../consent/labelSelector';
import { readInPlaceState } from '../restore/inPlace/InPlaceState';
import {
  UndoneRestore,
  type UndoOptions,
} from '../restore/inPlace/UndoneRestore';
import { targetOf, targetProblem } from '../restore/limits/restoreTarget';
import type { ControllerContext } from './Controller';
import { inPlaceOptions } from './RestoreExecution';
import { targetRules } from './RestoreValidation';

/** Whether the claims of a Restore are getting their old volumes back. */
export function isUndoing(restore: Restore): boolean {
  return readInPlaceState(restore)?.stage === 'undoing';
}

/**
 * Gives the claims of a Restore their old volumes back, as its annotation asks for, or goes on with that after a crash. What
 * becomes of it is on the Restore.
 */
export async function undoRestore(
  restore: Restore,
  context: ControllerContext,
): Promise<void> {
  const { client, signal, logger } = context;
  const scope = readScope(restore);
  const selector = scope?.selector ? parseSelector(scope.selector) : undefined;
  const options: UndoOptions = {
    ...inPlaceOptions(context, await client.discover(signal), signal, message =>
      logger.info({ restore: restore.metadata.name }, message),
    ),
    mayNot: scope
      ? async () => {
          const target = targetOf(restore.spec, scope);
          return targetProblem({
            ...targetRules(context),
            scope,
            target,
            namespace: await client.get(
              coreTypes.namespaces,
              { name: target },
              { signal },
            ),
          });
        }
      : async () => undefined,
    mayStop: ({ kind, metadata: { name, labels } }) =>
      selector && !matchesSelector(labels, selector)
        ? `${kind} ${name} uses the claim and is not part of ${scope?.entityRef}`
        : undefined,
  };
  const state = readInPlaceState(restore);
  await (state?.stage === 'undoing'
    ? UndoneRestore.resume(restore, options, state)
    : UndoneRestore.begin(restore, options));
}
