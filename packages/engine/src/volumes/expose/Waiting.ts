/** Something outside has to happen first. */
export interface Waiting {
  /** What is missing, for people. */
  waitingFor: string;
  /** When to look again, in milliseconds; watches may bring it up sooner. */
  againMs: number;
}

/** Whether a step has to be tried again later. */
export function isWaiting(result: object): result is Waiting {
  return 'waitingFor' in result;
}

/** Looking again at what no watch of ours tells of. */
export const lookAgainMs = 300;

/** A reason for which a data path fails for good. Whatever else is thrown is tried again. */
export class DataPathError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'DataPathError';
  }
}
