import { randomUUID } from 'node:crypto';
import { WrittenObject } from '../../object/ObjectWriter';
import { DirectoryEntry } from '../DirectoryEntry';
import { DirectoryBuilder } from './DirectoryBuilder';

/** A directory that is being stored, as far as it is. */
export class DirectoryInProgress {
  readonly directories = new Set<DirectoryInProgress>();
  readonly files = new Map<
    DirectoryEntry,
    () => Promise<WrittenObject | undefined>
  >();

  constructor(
    /** The directory without its object. */
    private readonly entry: Omit<DirectoryEntry, 'obj' | 'summ'>,
    private readonly builder: DirectoryBuilder,
    private readonly write: (data: Buffer) => Promise<string>,
  ) {}

  /**
   * Stores what is there so far, with the directories below (Kopia: checkpoint). Partly read files get names of their
   * own, and the size of the whole file.
   */
  async checkpoint(): Promise<DirectoryEntry> {
    const builder = this.builder.clone();
    for (const child of [...this.directories])
      builder.add(await child.checkpoint());
    for (const [file, partial] of [...this.files]) {
      const object = await partial();
      if (object)
        builder.add({
          ...file,
          name: `.checkpointed.${file.name}.${randomUUID()}`,
          obj: object.id,
        });
    }
    const { data, summary } = builder.build(
      this.entry.mtime ?? '1970-01-01T00:00:00Z',
      'checkpoint',
    );
    const obj = await this.write(data);
    return { ...this.entry, obj, summ: summary };
  }
}
