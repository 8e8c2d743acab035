import { Scanner } from './Scanner';
import { SplitterParameters } from './splitterParameters';

/**
 * Finds the end of one chunk in memory that fills up step by step.
 *
 * The chunk's first byte is at `start`, with the 64 bytes before it in place. Call {@link ChunkFinder.end} after each
 * read with all bytes that are there; it remembers how far it has looked.
 */
export class ChunkFinder {
  private scanned = 0;

  constructor(
    private readonly parameters: SplitterParameters,
    private readonly scanner: Scanner | undefined,
    private readonly start: number,
  ) {}

  /**
   * @param have - bytes of this chunk (and perhaps of the next ones) in memory
   * @returns length of the chunk, or 0 when more bytes are needed to know
   */
  end(have: number): number {
    const { method, minimum, maximum, mask } = this.parameters;
    if (method === 'fixed' || !this.scanner)
      return have >= maximum ? maximum : 0;
    const to = Math.min(have, maximum);
    // The first byte that can be the last of a chunk is number `minimum`.
    if (to < minimum) return 0;
    this.scanned ||= minimum - 1;
    if (to > this.scanned) {
      // Objects are cut side by side with one scanner; the window of 64 bytes is all that a hash depends on.
      this.scanner.start(this.start + this.scanned);
      const found = this.scanner.find(
        this.start + this.scanned,
        this.start + to,
        mask,
      );
      this.scanned = to;
      if (found) return found - this.start;
    }
    return to === maximum ? maximum : 0;
  }
}
