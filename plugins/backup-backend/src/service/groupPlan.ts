import type { RestorePreview } from '@lifeboat/backstage-plugin-backup-common';
import type { PlannedObject } from './RestorePlanner';

type PreviewGroup = RestorePreview['resources'][number];

/** A plan as the preview shows it: counts per kind, and each skipped object with its reason. */
export function groupPlan(
  objects: PlannedObject[],
): Pick<RestorePreview, 'resources' | 'totals'> {
  const groups = new Map<string, PreviewGroup>();
  const totals = { create: 0, update: 0, exists: 0, skipped: 0 };
  for (const { apiVersion, kind, name, action, reason } of objects) {
    const key = `${kind} ${apiVersion}`;
    const group = groups.get(key) ?? {
      kind,
      apiVersion,
      create: 0,
      update: 0,
      exists: 0,
      skipped: [],
    };
    groups.set(key, group);
    if (action === 'skip') {
      group.skipped.push({ name, reason: reason ?? 'It is not restored' });
      totals.skipped += 1;
    } else {
      group[action] += 1;
      totals[action] += 1;
    }
  }
  return {
    resources: [...groups.keys()].sort().map(key => groups.get(key)!),
    totals,
  };
}
