import type { ResultMessages, RunResults } from '@lifeboat/velero-api';

/** How many findings of one side a results file may hold; the counts in status go on beyond it. */
const limitPerSide = 5000;

/** How long one finding may be: some API servers answer with whole objects. */
const longestMessage = 8 * 1024;

/** Where a finding belongs: to the run itself, to the cluster, or to a namespace (for a restore: the target namespace). */
export type FindingScope =
  | { velero: true }
  | { cluster: true }
  | { namespace: string };

/** Collects findings of a run, bounded, and counts all of them. Source: Velero `pkg/util/results`. */
export class ResultsCollector {
  results: RunResults = { errors: {}, warnings: {} };
  private counts = { errors: 0, warnings: 0 };

  /** Goes on from the findings of an earlier part of the run. */
  resume(earlier: {
    results: RunResults;
    errors: number;
    warnings: number;
  }): void {
    this.results = earlier.results;
    this.counts = { errors: earlier.errors, warnings: earlier.warnings };
  }

  get errorCount(): number {
    return this.counts.errors;
  }

  get warningCount(): number {
    return this.counts.warnings;
  }

  add(side: 'errors' | 'warnings', scope: FindingScope, message: string): void {
    this.counts[side] += 1;
    if (this.counts[side] > limitPerSide) {
      return;
    }
    const text =
      message.length > longestMessage
        ? `${message.slice(0, longestMessage)}…`
        : message;
    const list: ResultMessages = this.results[side];
    if ('velero' in scope) {
      (list.velero ??= []).push(text);
    } else if ('cluster' in scope) {
      (list.cluster ??= []).push(text);
    } else {
      const namespaces = (list.namespaces ??= {});
      (namespaces[scope.namespace] ??= []).push(text);
    }
  }
}
