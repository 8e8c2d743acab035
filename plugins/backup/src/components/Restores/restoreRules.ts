import type { RestoreRun } from '@lifeboat/backstage-plugin-backup-common';
import { RefinementRules } from '../../hooks/refineList';

/** How restores are searched, filtered and sorted. */
export const restoreRules: RefinementRules<RestoreRun> = {
  text: run =>
    [
      run.name,
      run.backup,
      run.targetNamespace,
      run.reason,
      run.requestedBy,
      run.phase,
    ]
      .filter(Boolean)
      .join(' '),
  state: run => run.state,
  columns: {
    created: run => Date.parse(run.createdAt),
    state: run => run.state,
    from: run => run.backup,
    into: run => run.targetNamespace,
  },
};
