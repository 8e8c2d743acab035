/** Why a backup's contents cannot be read. */
export type ContentsProblem =
  | 'missing'
  | 'truncated'
  | 'corrupt'
  | 'unsafe-path'
  | 'too-large';

/** A backup's tarball is unusable as a whole; the message is for people. */
export class ContentsError extends Error {
  constructor(readonly problem: ContentsProblem, message: string) {
    super(message);
    this.name = 'ContentsError';
  }
}
