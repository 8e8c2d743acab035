import type { Repository } from '../Repository';
import { toMilliseconds } from '../time/timestamps';
import { compareTimes } from '../time/compareTimes';
import { RetentionPolicy } from './policy';
import { SnapshotManifest, SnapshotSource } from './SnapshotManifest';
import { snapshotsOfSource } from './snapshots';

const hour = 3600 * 1000;

interface Rule {
  readonly name: string;
  readonly count: number | undefined;
  /** The oldest time that can be kept, from the newest complete snapshot's. */
  readonly cutoff: (newest: Date, count: number) => Date;
  readonly period: (time: Date, index: number) => string;
}

/** ISO year and week, in the zone of this process as Kopia does. */
function isoWeek(time: Date): string {
  const day = new Date(
    Date.UTC(time.getFullYear(), time.getMonth(), time.getDate()),
  );
  const weekday = day.getUTCDay() || 7;
  day.setUTCDate(day.getUTCDate() + 4 - weekday);
  const yearStart = Date.UTC(day.getUTCFullYear(), 0, 1);
  const week = Math.ceil(((day.getTime() - yearStart) / 86_400_000 + 1) / 7);
  return `${day.getUTCFullYear()}-${week}`;
}

function before(
  time: Date,
  part: { years?: number; months?: number; days?: number; hours?: number },
): Date {
  const moved = new Date(time);
  moved.setUTCFullYear(moved.getUTCFullYear() - (part.years ?? 0));
  moved.setUTCMonth(moved.getUTCMonth() - (part.months ?? 0));
  moved.setUTCDate(moved.getUTCDate() - (part.days ?? 0));
  return new Date(moved.getTime() - (part.hours ?? 0) * hour);
}

const rulesOf = (policy: RetentionPolicy): Rule[] => [
  {
    name: 'latest',
    count: policy.keepLatest,
    cutoff: () => new Date(0),
    period: (_, index) => String(index),
  },
  {
    name: 'annual',
    count: policy.keepAnnual,
    cutoff: (newest, count) => before(newest, { years: count }),
    period: time => time.toISOString().slice(0, 4),
  },
  {
    name: 'monthly',
    count: policy.keepMonthly,
    cutoff: (newest, count) => before(newest, { months: count }),
    period: time => time.toISOString().slice(0, 7),
  },
  {
    name: 'weekly',
    count: policy.keepWeekly,
    cutoff: (newest, count) => before(newest, { days: 7 * count }),
    period: isoWeek,
  },
  {
    name: 'daily',
    count: policy.keepDaily,
    cutoff: (newest, count) => before(newest, { days: count }),
    period: time => time.toISOString().slice(0, 10),
  },
  {
    name: 'hourly',
    count: policy.keepHourly,
    cutoff: (newest, count) => before(newest, { hours: count }),
    period: time => time.toISOString().slice(0, 13),
  },
];

// A policy that keeps "everything" has counts near 2^31: no date reaches that far back.
const largestCount = 100_000;

/**
 * Why each snapshot of one source is kept; those without a reason and without a pin may be deleted
 * (Kopia: retention policy).
 */
export function retentionReasons(
  snapshots: readonly SnapshotManifest[],
  policy: RetentionPolicy,
): Map<string, string[]> {
  const newestFirst = [...snapshots].sort(
    (a, b) =>
      compareTimes(b.startTime, a.startTime) ||
      compareTimes(b.endTime, a.endTime),
  );
  const reasons = new Map<string, string[]>(
    newestFirst.map(({ id }) => [id, []]),
  );
  const rules = rulesOf(policy);
  const keepAll = rules.every(({ count }) => !count);
  const complete = newestFirst.filter(({ incomplete }) => !incomplete);
  const newest = complete[0] && new Date(toMilliseconds(complete[0].startTime));
  const taken = new Set<string>();
  const used = new Map<string, number>();
  complete.forEach((snapshot, index) => {
    const kept = reasons.get(snapshot.id)!;
    if (keepAll) {
      kept.push('keep');
      return;
    }
    const time = new Date(toMilliseconds(snapshot.startTime));
    for (const { name, count, cutoff, period } of rules) {
      if (!count) continue;
      if (count < largestCount && time < cutoff(newest, count)) continue;
      const key = `${name} ${period(time, index)}`;
      const number = used.get(name) ?? 0;
      if (taken.has(key) || number >= count) continue;
      taken.add(key);
      used.set(name, number + 1);
      kept.push(`${name}-${number + 1}`);
    }
  });
  const incomplete = newestFirst.filter(snapshot => snapshot.incomplete);
  const newestTime = newestFirst[0]
    ? toMilliseconds(newestFirst[0].startTime)
    : 0;
  incomplete.forEach((snapshot, index) => {
    const started = toMilliseconds(snapshot.startTime);
    if (newest && started <= newest.getTime()) return;
    if (newestTime - started < 4 * hour || index < 3)
      reasons.get(snapshot.id)!.push('incomplete');
  });
  return reasons;
}

/** Deletes the manifests that a policy does not keep. @returns their IDs */
export function applyRetention(
  repository: Repository,
  source: SnapshotSource,
  policy: RetentionPolicy,
): string[] {
  const snapshots = snapshotsOfSource(repository, source);
  const reasons = retentionReasons(snapshots, policy);
  const deleted = snapshots
    .filter(({ id, pins }) => !pins?.length && reasons.get(id)!.length === 0)
    .map(({ id }) => id);
  for (const id of deleted) repository.manifests.delete(id);
  return deleted;
}
