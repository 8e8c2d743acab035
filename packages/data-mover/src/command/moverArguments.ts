import { parseArgs } from 'node:util';
import type { MoverCommand, MoverSettings, VolumeMode } from './MoverCommand';

/** Where the engine mounts things into a mover's pod. @public */
export const moverPaths = {
  passwordFile: '/repository/password',
  credentialsFile: '/credentials/cloud',
  certificateAuthorityFile: '/certificates/ca.crt',
  serviceAccountDirectory: '/var/run/secrets/kubernetes.io/serviceaccount',
  terminationLog: '/dev/termination-log',
  cacheDirectory: '/cache',
} as const;

const ownerFlags = {
  DataUpload: 'data-upload',
  PodVolumeBackup: 'pod-volume-backup',
  DataDownload: 'data-download',
  PodVolumeRestore: 'pod-volume-restore',
  BackupRepository: 'backup-repository',
} as const;

const ownersOf = {
  backup: ['DataUpload', 'PodVolumeBackup'],
  restore: ['DataDownload', 'PodVolumeRestore'],
  maintain: ['BackupRepository'],
} as const;

/** A command line that cannot be run. */
export class UsageError extends Error {}

/**
 * The arguments of a mover's container, for the image's entry point.
 *
 * @example
 * ```ts
 * moverArguments({
 *   command: 'backup',
 *   owner: { kind: 'DataUpload', name: 'nightly-1f2e3d4c5b' },
 *   volumePath: '/4fd2…',
 *   volumeMode: 'Filesystem',
 *   settings: { ...moverPaths, namespace: 'openshift-adp' },
 * });
 * ```
 *
 * @public
 */
export function moverArguments(command: MoverCommand): string[] {
  const { settings } = command;
  const parts: [string, string | number | undefined][] = [
    [ownerFlags[command.owner.kind], command.owner.name],
  ];
  if (command.command !== 'maintain') {
    parts.push(
      ['volume-path', command.volumePath],
      ['volume-mode', command.volumeMode],
    );
  }
  parts.push(
    ['namespace', settings.namespace],
    ['password-file', settings.passwordFile],
    ['credentials-file', settings.credentialsFile],
    ['ca-file', settings.certificateAuthorityFile],
    ['service-account-directory', settings.serviceAccountDirectory],
    ['termination-log', settings.terminationLog],
    ['cache-directory', settings.cacheDirectory],
    ['parallel-files', settings.parallelFiles],
    ['memory-limit', settings.memoryLimitMiB],
  );
  return [
    command.command,
    ...parts.flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}`, String(value)],
    ),
    ...(settings.requireReadable ? ['--require-readable'] : []),
  ];
}

/**
 * The arguments of the init container that waits until its pod's volumes are restored.
 *
 * @param restoreUid - the UID of the Restore
 * @param volumes - where the volumes are mounted
 *
 * @public
 */
export function waitArguments(
  restoreUid: string,
  volumes: readonly string[],
): string[] {
  return [
    'wait',
    '--restore',
    restoreUid,
    // One argument per path: whoever runs the container may have to rewrite each.
    ...volumes.flatMap(volume => ['--volume', volume]),
  ];
}

/**
 * Reads what {@link waitArguments} wrote, without the word `wait`.
 *
 * @throws UsageError
 */
export function readWaitArguments(args: readonly string[]): {
  restoreUid: string;
  volumes: string[];
} {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        restore: { type: 'string' },
        volume: { type: 'string', multiple: true },
      },
    });
    return {
      restoreUid: required(values.restore, 'restore'),
      volumes: values.volume ?? [],
    };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/**
 * Reads what {@link moverArguments} wrote, or a person.
 *
 * @throws UsageError
 */
export function readMoverArguments(args: readonly string[]): MoverCommand {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  const { values, positionals } = parsed;
  const [command, ...more] = positionals;
  if (more.length > 0)
    throw new UsageError(`"${more[0]}" is one argument too many`);
  if (command !== 'backup' && command !== 'restore' && command !== 'maintain')
    throw new UsageError(
      'The first argument must be backup, restore or maintain',
    );
  const settings = readSettings(values);
  const owners = ownersOf[command].flatMap(kind => {
    const name = values[ownerFlags[kind]];
    return name === undefined ? [] : [{ kind, name }];
  });
  if (owners.length !== 1)
    throw new UsageError(
      `${command} needs ${ownersOf[command]
        .map(kind => `--${ownerFlags[kind]}`)
        .join(' or ')}`,
    );
  // The table above gives each command its own kinds.
  const owner = owners[0] as never;
  if (command === 'maintain') return { command, owner, settings };
  return {
    command,
    owner,
    settings,
    volumePath: required(values['volume-path'], 'volume-path'),
    volumeMode: readVolumeMode(values['volume-mode']),
  };
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      'data-upload': { type: 'string' },
      'pod-volume-backup': { type: 'string' },
      'data-download': { type: 'string' },
      'pod-volume-restore': { type: 'string' },
      'backup-repository': { type: 'string' },
      'volume-path': { type: 'string' },
      'volume-mode': { type: 'string', default: 'Filesystem' },
      namespace: { type: 'string' },
      'password-file': { type: 'string' },
      'credentials-file': { type: 'string' },
      'ca-file': { type: 'string' },
      'service-account-directory': {
        type: 'string',
        default: moverPaths.serviceAccountDirectory,
      },
      'termination-log': {
        type: 'string',
        default: moverPaths.terminationLog,
      },
      'cache-directory': { type: 'string', default: moverPaths.cacheDirectory },
      'parallel-files': { type: 'string' },
      'memory-limit': { type: 'string' },
      'require-readable': { type: 'boolean', default: false },
    },
  });
}

type Values = ReturnType<typeof parse>['values'];

function readSettings(values: Values): MoverSettings {
  const credentialsFile = values['credentials-file'];
  const certificateAuthorityFile = values['ca-file'];
  const parallelFiles = readNumber(values, 'parallel-files', 1);
  const memoryLimitMiB = readNumber(values, 'memory-limit', 64);
  return {
    namespace: required(values.namespace, 'namespace'),
    passwordFile: required(values['password-file'], 'password-file'),
    serviceAccountDirectory: values['service-account-directory'],
    terminationLog: values['termination-log'],
    cacheDirectory: values['cache-directory'],
    requireReadable: values['require-readable'],
    ...(credentialsFile && { credentialsFile }),
    ...(certificateAuthorityFile && { certificateAuthorityFile }),
    ...(parallelFiles && { parallelFiles }),
    ...(memoryLimitMiB && { memoryLimitMiB }),
  };
}

function required(value: string | undefined, name: string): string {
  if (!value) throw new UsageError(`--${name} is missing`);
  return value;
}

function readVolumeMode(text: string): VolumeMode {
  if (text !== 'Filesystem' && text !== 'Block')
    throw new UsageError(
      `--volume-mode is "${text}"; allowed are Filesystem and Block`,
    );
  return text;
}

function readNumber(
  values: Values,
  name: 'parallel-files' | 'memory-limit',
  minimum: number,
): number | undefined {
  const text = values[name];
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < minimum)
    throw new UsageError(
      `--${name} is "${text}"; it must be a whole number of at least ${minimum}`,
    );
  return number;
}
