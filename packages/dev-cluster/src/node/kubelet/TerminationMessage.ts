import { chown, mkdir, open, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Container } from '../controllers/Workload';
import { ContainerLog } from './ContainerLog';
import { ProcessUser } from './processUser';

const MAX_BYTES = 4096;
const LOG_LINES = 80;
const LOG_BYTES = 2048;

/** The file into which a container writes its last words. */
export class TerminationMessage {
  constructor(readonly file: string) {}

  /** Makes the empty file. */
  async prepare(user?: ProcessUser): Promise<void> {
    await mkdir(dirname(this.file), { recursive: true });
    await writeFile(this.file, '', { mode: 0o666 });
    if (user) await chown(this.file, user.uid, user.gid);
  }

  /** What was written; Kubernetes: at most 4096 bytes, else the end of the log where the policy says so. */
  async read(
    container: Container,
    exitCode: number,
    log: ContainerLog,
  ): Promise<string> {
    const message = await this.beginning();
    const fallsBack =
      container.terminationMessagePolicy === 'FallbackToLogsOnError';
    if (message || !fallsBack || exitCode === 0) return message;
    const end = Buffer.from(await log.read({ tailLines: LOG_LINES }));
    return end.subarray(-LOG_BYTES).toString('utf8');
  }

  private async beginning(): Promise<string> {
    try {
      const file = await open(this.file);
      try {
        const { bytesRead, buffer } = await file.read(
          Buffer.alloc(MAX_BYTES),
          0,
          MAX_BYTES,
          0,
        );
        return buffer.toString('utf8', 0, bytesRead);
      } finally {
        await file.close();
      }
    } catch {
      // A program may have removed the file.
      return '';
    }
  }
}
