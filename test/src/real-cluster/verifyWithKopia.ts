import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { StorageSettings } from '../cluster/readClusterTestSettings';

const run = promisify(execFile);

/**
 * Reads every byte of every snapshot of a repository with the kopia program.
 *
 * @param kopia - path of the program
 * @param prefix - of the repository in the bucket, with a slash at its end
 * @returns what kopia said at the end
 * @throws Error with kopia's words when anything is wrong
 */
export async function verifyWithKopia(
  kopia: string,
  storage: StorageSettings,
  prefix: string,
  password: string,
): Promise<string> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'lifeboat-kopia-'));
  const env = {
    ...process.env,
    KOPIA_PASSWORD: password,
    KOPIA_CONFIG_PATH: path.join(folder, 'config'),
    KOPIA_CACHE_DIRECTORY: path.join(folder, 'cache'),
    KOPIA_LOG_DIR: path.join(folder, 'log'),
    KOPIA_CHECK_FOR_UPDATES: 'false',
    AWS_ACCESS_KEY_ID: storage.accessKey,
    AWS_SECRET_ACCESS_KEY: storage.secretKey,
  };
  const endpoint = new URL(storage.endpoint ?? 'https://s3.amazonaws.com');
  try {
    await run(
      kopia,
      [
        'repository',
        'connect',
        's3',
        `--bucket=${storage.bucket}`,
        `--prefix=${prefix}`,
        `--endpoint=${endpoint.host}`,
        `--region=${storage.region}`,
        ...(endpoint.protocol === 'http:' ? ['--disable-tls'] : []),
        ...(storage.caFile ? [`--root-ca-pem-path=${storage.caFile}`] : []),
        '--override-username=default',
        '--override-hostname=default',
        '--readonly',
      ],
      { env },
    );
    const { stdout, stderr } = await run(
      kopia,
      ['snapshot', 'verify', '--verify-files-percent=100'],
      { env },
    );
    return `${stdout}${stderr}`.trim().split('\n').at(-1) ?? '';
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
