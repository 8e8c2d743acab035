import type { Lease } from '@lifeboat/engine';
import type { EngineState } from '@lifeboat/backstage-plugin-backup-common';
import { lifeboatAnnotations } from '@lifeboat/velero-api';
import type { EngineMode } from '../config/BackupConfig';

/** A lease may be this late before we say that its holder is gone. */
const graceMs = 5_000;
const defaultDurationSeconds = 15;

/**
 * What the engine of a cluster does, from its Lease: whoever looks at the
 * cluster knows it, wherever the engine runs.
 */
export function engineHealth(
  lease: Lease | undefined,
  facts: { mode: EngineMode; now: Date },
): EngineState {
  if (facts.mode === 'velero') {
    return {
      state: 'unknown',
      message: 'Backups are carried out by the installed Velero.',
    };
  }
  const renewed = Date.parse(lease?.spec?.renewTime ?? '');
  if (!lease || Number.isNaN(renewed)) {
    return {
      state: 'stopped',
      message: 'The backup engine has never run on this cluster.',
    };
  }
  const durationMs =
    (lease.spec?.leaseDurationSeconds ?? defaultDurationSeconds) * 1000;
  const lateMs = facts.now.getTime() - renewed - durationMs;
  if (!lease.spec?.holderIdentity || lateMs > graceMs) {
    return {
      state: 'stopped',
      message: `The backup engine gave its last sign of life at ${new Date(
        renewed,
      ).toISOString()}.`,
    };
  }
  const told = toldState(lease);
  if (told?.state === 'paused') {
    return {
      state: 'paused',
      message: told.reason || 'The backup engine is paused.',
    };
  }
  const warnings = warningsOf(told?.warnings);
  return { state: 'running', ...(warnings.length > 0 && { warnings }) };
}

/** Messages for administrators, such as a password that nobody has exported. */
function warningsOf(told: unknown): string[] {
  return Array.isArray(told)
    ? told.flatMap(warning => {
        const message: unknown = warning?.message;
        return typeof message === 'string' && message !== '' ? [message] : [];
      })
    : [];
}

function toldState(
  lease: Lease,
): { state?: string; reason?: string; warnings?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(
      lease.metadata.annotations?.[lifeboatAnnotations.engineState] ?? '',
    );
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
