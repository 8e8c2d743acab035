import { ConflictError } from '@backstage/errors';

/** Runs of one component that may be waiting or running at a time: one team must not block the engine for all. */
export const mostUnfinishedRuns = 5;

/**
 * @param what - what is counted, in the plural, such as `backups`
 * @throws ConflictError when there is no room for another run
 */
export function checkUnfinished(unfinished: number, what: string): void {
  if (unfinished >= mostUnfinishedRuns) {
    throw new ConflictError(
      `${unfinished} ${what} of this component are waiting or running: wait until one has ended, or cancel one`,
    );
  }
}
