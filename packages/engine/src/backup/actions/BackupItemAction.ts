import type { Backup } from '@lifeboat/velero-api';
import type { KubernetesObject } from '../../cluster/KubernetesObject';
import type { ItemIdentifier } from '../ItemIdentifier';
import type { RunLog } from '../RunLog';
import type { ResourceSelector } from './ResourceSelector';

/** What an action may use. */
export interface ActionContext {
  backup: Backup;
  log: RunLog;
  /** All objects of a type, or undefined when they may not be read or the type is not served. */
  list(groupResource: string): Promise<KubernetesObject[] | undefined>;
}

/** What an action made of an object. */
export interface ActionResult {
  /** The object to store; the action may have changed its content, name or namespace. */
  item: KubernetesObject;
  /** Objects to be backed up too; they pass the filters again. */
  additionalItems?: ItemIdentifier[];
}

/** A step applied to each object of some types on its way into the backup. Source: Velero's BackupItemAction. */
export interface BackupItemAction {
  name: string;
  appliesTo: ResourceSelector;
  /** @param item - a copy that the action may change */
  execute(
    item: KubernetesObject,
    context: ActionContext,
  ): Promise<ActionResult> | ActionResult;
}
