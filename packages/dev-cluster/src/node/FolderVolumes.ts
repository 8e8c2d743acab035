import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** The volumes of the folder driver: one folder per handle. */
export class FolderVolumes {
  constructor(private readonly directory: string) {}

  /** @throws when the handle could leave the folder. */
  pathOf(handle: string): string {
    if (!/^[a-z0-9][a-z0-9.-]*$/.test(handle)) {
      throw new Error(`volume handle ${JSON.stringify(handle)} is not a name`);
    }
    return join(this.directory, handle);
  }

  async create(handle: string): Promise<string> {
    const path = this.pathOf(handle);
    await mkdir(path, { recursive: true });
    return path;
  }

  async remove(handle: string): Promise<void> {
    await rm(this.pathOf(handle), { recursive: true, force: true });
  }
}
