/** Volumes and pods that belong together: their hooks run around all of their snapshots. */
export interface Block<C, P> {
  claims: C[];
  pods: P[];
}

/**
 * Groups claims and pods: those connected by a mount, or by an equal group name, are one block.
 *
 * @param claims - `key` is what pods name, `group` an optional further bond
 *
 * Source: Velero's item blocks (`velero.io/pvc`): a claim, the pods that mount it, claims of the same volume group.
 */
export function snapshotBlocks<
  C extends { key: string; group?: string },
  P extends { claims: string[] },
>(claims: C[], pods: P[], isOne = false): Block<C, P>[] {
  const parents = new Map<string, string>();
  const rootOf = (node: string): string => {
    let root = node;
    while (parents.has(root)) {
      root = parents.get(root)!;
    }
    return root;
  };
  const join = (left: string, right: string) => {
    const [from, to] = [rootOf(left), rootOf(right)];
    if (from !== to) {
      parents.set(from, to);
    }
  };
  const claimNode = (key: string) => `claim ${key}`;
  const podNode = (index: number) => `pod ${index}`;
  for (const { key, group } of claims) {
    if (group) {
      join(claimNode(key), `group ${group}`);
    }
    if (isOne) {
      join(claimNode(key), 'all');
    }
  }
  pods.forEach((pod, index) => {
    pod.claims.forEach(key => join(podNode(index), claimNode(key)));
    if (isOne) {
      join(podNode(index), 'all');
    }
  });
  const blocks = new Map<string, Block<C, P>>();
  const blockOf = (node: string) => {
    const root = rootOf(node);
    const block = blocks.get(root) ?? { claims: [], pods: [] };
    blocks.set(root, block);
    return block;
  };
  pods.forEach((pod, index) => blockOf(podNode(index)).pods.push(pod));
  claims.forEach(claim => blockOf(claimNode(claim.key)).claims.push(claim));
  return [...blocks.values()];
}
