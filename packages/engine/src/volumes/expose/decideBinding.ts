/** Without any pod that uses the claim, nobody will choose a node. */
export const noConsumerMs = 15_000;

/** A pod that gets no node for so long is held up by something else. */
export const unscheduledConsumerMs = 60_000;

/**
 * Whether a volume can be made now, and on which node, for a claim whose class may wait for its first consumer.
 *
 * @param waitedMs - since the restore was accepted
 */
export function decideBinding(claim: {
  bindingMode: 'Immediate' | 'WaitForFirstConsumer' | undefined;
  ignoreDelayBinding: boolean;
  /** The scheduler's choice. */
  selectedNode: string | undefined;
  hasConsumer: boolean;
  waitedMs: number;
}): { go: true; node?: string } | { go: false; leftMs: number } {
  if (claim.selectedNode) return { go: true, node: claim.selectedNode };
  if (
    claim.bindingMode !== 'WaitForFirstConsumer' ||
    claim.ignoreDelayBinding
  ) {
    return { go: true };
  }
  // The volume is then made where the mover gets a node, and its consumer follows it there.
  const leftMs =
    (claim.hasConsumer ? unscheduledConsumerMs : noConsumerMs) - claim.waitedMs;
  return leftMs <= 0 ? { go: true } : { go: false, leftMs };
}
