import type { DataMoverConfig } from '../../config/EngineConfig';
import type { ApiObject } from '../../cluster/KubernetesObject';
import { matchesSelector } from '../../backup/labelSelector';
import {
  isMoving,
  isUnderway,
  nodeOf,
  type DataPathObject,
} from './DataPathObject';

/** How many volumes may be in transfer on a node (Velero: the smallest number of those that match it). */
export function nodeLimit(
  config: DataMoverConfig['loadConcurrency'],
  node: ApiObject | undefined,
): number {
  const numbers = (config.perNodeConfig ?? [])
    .filter(
      entry =>
        node &&
        matchesSelector(node.metadata.labels, {
          matchLabels: entry.nodeSelector.matchLabels,
          matchExpressions: entry.nodeSelector.matchExpressions?.flatMap(
            expression =>
              expression.operator === 'Gt' || expression.operator === 'Lt'
                ? []
                : [{ ...expression, operator: expression.operator }],
          ),
        }),
    )
    .map(entry => entry.number);
  return numbers.length > 0 ? Math.min(...numbers) : config.globalConfig;
}

/**
 * The transfers that run, of all four kinds together. What was taken in this process counts from that moment, although the caches
 * learn of it later.
 */
export class TransferSlots {
  private readonly accepted = new Set<string>();
  private readonly moving = new Map<string, string>();

  /**
   * Takes one of the places in the cluster.
   *
   * @param all - resources of all four kinds, as far as known
   */
  accept(
    owner: DataPathObject,
    all: readonly DataPathObject[],
    limit: number,
  ): boolean {
    this.forgetEnded(all);
    const uid = uidOf(owner);
    const taken = new Set([
      ...this.accepted,
      ...all.filter(isUnderway).map(uidOf),
    ]);
    if (!taken.has(uid) && taken.size >= limit) return false;
    this.accepted.add(uid);
    return true;
  }

  /** Takes one of the places on a node. */
  start(
    owner: DataPathObject,
    node: string,
    all: readonly DataPathObject[],
    limit: number,
  ): boolean {
    this.forgetEnded(all);
    const uid = uidOf(owner);
    const taken = new Set([
      ...[...this.moving].flatMap(([key, on]) => (on === node ? [key] : [])),
      ...all
        .filter(object => isMoving(object) && nodeOf(object) === node)
        .map(uidOf),
    ]);
    if (!taken.has(uid) && taken.size >= limit) return false;
    this.moving.set(uid, node);
    return true;
  }

  /** Gives back what it has. */
  release(owner: DataPathObject): void {
    this.accepted.delete(uidOf(owner));
    this.moving.delete(uidOf(owner));
  }

  /** Resources that were deleted give back nothing themselves. */
  private forgetEnded(all: readonly DataPathObject[]): void {
    const present = new Set(all.map(uidOf));
    for (const uid of [...this.accepted, ...this.moving.keys()]) {
      if (!present.has(uid)) {
        this.accepted.delete(uid);
        this.moving.delete(uid);
      }
    }
  }
}

function uidOf(object: ApiObject): string {
  return object.metadata.uid ?? '';
}
