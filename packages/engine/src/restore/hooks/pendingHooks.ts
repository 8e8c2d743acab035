import { lifeboatAnnotations, type Restore } from '@lifeboat/velero-api';
import { isJsonObject } from '../../backup/jsonPath';
import type { RestoreExecHook } from './podRestoreHooks';

/** Commands to be run in one restored pod. */
export interface PendingHooks {
  namespace: string;
  pod: string;
  hooks: RestoreExecHook[];
}

/** What a Restore remembers of commands that are to be run. */
export interface HooksState {
  /** The engine began to run them: one that takes over does not know which it has run. */
  started: boolean;
  pods: PendingHooks[];
}

/** The annotation that remembers them; none when there are none. */
export function hooksAnnotation(state: HooksState): { [key: string]: string } {
  return state.pods.length > 0
    ? { [lifeboatAnnotations.restoreHooks]: JSON.stringify(state) }
    : {};
}

/** What a Restore remembers; undefined when there is nothing to run. */
export function readHooks(restore: Restore): HooksState | undefined {
  const text = restore.metadata.annotations?.[lifeboatAnnotations.restoreHooks];
  if (!text) {
    return undefined;
  }
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) && Array.isArray(value.pods)
      ? {
          started: value.started === true,
          pods: value.pods as PendingHooks[],
        }
      : undefined;
  } catch {
    return undefined;
  }
}
