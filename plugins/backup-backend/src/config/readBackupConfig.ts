import type { Config } from '@backstage/config';
import { InputError } from '@backstage/errors';
import {
  backupPhases,
  defaults,
  formatDuration,
  parseDuration,
} from '@lifeboat/velero-api';
import {
  clusterRoleProblem,
  defaultAllowedClusterRoles,
  readDataPathConfig,
  type ConfigConsent,
  type DataPathConfig,
} from '@lifeboat/engine';
import type { BackupConfig, EngineMode } from './BackupConfig';
import { readClusterSettings } from './readClusterSettings';

const modes: readonly EngineMode[] = ['builtin', 'external', 'velero'];

/**
 * Reads the section `backup`. Without it there are no clusters, and every
 * entity is answered with "no cluster is set up".
 *
 * @throws InputError that names the key, what is wrong and what is allowed.
 */
export function readBackupConfig(config: Config): BackupConfig {
  return {
    engine: readMode(config),
    namespace:
      config.getOptionalString('backup.namespace') ?? defaults.namespace,
    clusters: readClusterSettings(config),
    requireOwnership:
      config.getOptionalBoolean('backup.access.requireOwnership') ?? true,
    consent: (config.getOptionalConfigArray('backup.consent') ?? []).map(
      readConsentEntry,
    ),
    restore: {
      targets: readTargets(config),
      createNamespaces:
        config.getOptionalBoolean('backup.restore.createNamespaces') ?? true,
      allowedClusterRoles: readClusterRoles(config),
      order: readOrder(config),
      targetUrl: config.getOptionalString('backup.restore.targetUrl'),
    },
    syncPhases: readSyncPhases(config),
    dataPath: readDataPath(config),
    defaultTtl: readTtl(config),
  };
}

function readMode(config: Config): EngineMode {
  const text = config.getOptionalString('backup.engine') ?? 'builtin';
  const mode = modes.find(candidate => candidate === text);
  if (!mode) {
    throw new InputError(
      `backup.engine is "${text}": it must be one of ${modes.join(', ')}`,
    );
  }
  return mode;
}

function readConsentEntry(entry: Config): ConfigConsent {
  const entities = entry.get('entities');
  if (!Array.isArray(entities) || entities.length === 0) {
    throw new InputError(
      `backup.consent for namespace "${entry.getString(
        'namespace',
      )}" names no entities`,
    );
  }
  return {
    cluster: entry.getOptionalString('cluster'),
    namespace: entry.getString('namespace'),
    entities: entities as ConfigConsent['entities'],
  };
}

function readTargets(config: Config): string[] {
  const targets = config.getOptionalStringArray('backup.restore.targets') ?? [
    '{{namespace}}-*',
  ];
  for (const target of targets) {
    if (!target.includes('{{namespace}}')) {
      throw new InputError(
        `backup.restore.targets has "${target}": a pattern must contain {{namespace}}, so that no team can take another's names`,
      );
    }
  }
  return targets;
}

/** Roles that would let a team give itself more than its namespace are refused as the engine refuses them. */
function readClusterRoles(config: Config): string[] {
  const roles = config.getOptionalStringArray(
    'backup.restore.allowedClusterRoles',
  ) ?? [...defaultAllowedClusterRoles];
  for (const role of roles) {
    const problem = clusterRoleProblem(role);
    if (problem) {
      throw new InputError(`backup.restore.allowedClusterRoles: ${problem}`);
    }
  }
  return roles;
}

function readOrder(config: Config): 'oadp' | 'velero' {
  const order = config.getOptionalString('backup.restore.order') ?? 'oadp';
  if (order !== 'oadp' && order !== 'velero') {
    throw new InputError(
      `backup.restore.order is "${order}": it must be one of oadp, velero`,
    );
  }
  return order;
}

function readSyncPhases(config: Config): string[] {
  const phases = config.getOptionalStringArray('backup.sync.phases') ?? [
    'Completed',
  ];
  const unknown = phases.filter(
    phase => !(backupPhases as readonly string[]).includes(phase),
  );
  if (unknown.length > 0) {
    throw new InputError(
      `backup.sync.phases has ${unknown.join(
        ', ',
      )}: phases are ${backupPhases.join(', ')}`,
    );
  }
  return phases;
}

function readDataPath(config: Config): DataPathConfig {
  const sections = [
    'dataMover',
    'fileSystemBackup',
    'repositories',
    'hooks',
    'volumes',
  ];
  try {
    return readDataPathConfig(
      Object.fromEntries(
        sections.flatMap(name => {
          const value = config.getOptional(`backup.${name}`);
          return value === undefined ? [] : [[name, value]];
        }),
      ),
    );
  } catch (error) {
    throw new InputError(`backup: ${(error as Error).message}`);
  }
}

function readTtl(config: Config): string {
  const text = config.getOptionalString('backup.defaultTtl');
  if (text === undefined) {
    return formatDuration(defaults.backupTtl);
  }
  try {
    if (parseDuration(text) > 0) {
      return text;
    }
  } catch (error) {
    throw new InputError(`backup.defaultTtl: ${(error as Error).message}`);
  }
  throw new InputError(`backup.defaultTtl is "${text}": it must be positive`);
}
