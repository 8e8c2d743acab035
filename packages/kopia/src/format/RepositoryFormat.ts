import { encryptionNames } from '../encryption/ContentCipher';
import { corrupt, KopiaError } from '../errors';
import { hashNames } from '../hashing/ContentHash';
import { splitterParameters } from '../splitter/splitterParameters';
import { RequiredFeature } from './requiredFeatures';
import { UpgradeLock } from './upgradeLock';

/** Rules of the epoch manager; durations are nanoseconds, names are those of the stored JSON. */
export interface EpochParameters {
  readonly Enabled: boolean;
  readonly EpochRefreshFrequency: number;
  readonly FullCheckpointFrequency: number;
  readonly CleanupSafetyMargin: number;
  readonly MinEpochDuration: number;
  readonly EpochAdvanceOnCountThreshold: number;
  readonly EpochAdvanceOnTotalSizeBytesThreshold: number;
  readonly DeleteParallelism: number;
}

/** The sealed part of `kopia.repository`: everything that is fixed for a repository. */
export interface RepositoryFormat {
  readonly version: number;
  readonly hash: string;
  readonly encryption: string;
  /** Key of the hash function. */
  readonly secret: Buffer;
  /** Root of all content keys. */
  readonly masterKey: Buffer;
  readonly maxPackSize: number;
  readonly indexVersion: number;
  readonly epochs: EpochParameters;
  readonly enablePasswordChange: boolean;
  readonly splitter: string;
  readonly upgradeLock?: UpgradeLock;
  readonly requiredFeatures: readonly RequiredFeature[];
}

const second = 1_000_000_000;
/** What new repositories use (Kopia: epoch defaults). */
export const defaultEpochParameters: EpochParameters = {
  Enabled: true,
  EpochRefreshFrequency: 20 * 60 * second,
  FullCheckpointFrequency: 7,
  CleanupSafetyMargin: 4 * 3600 * second,
  MinEpochDuration: 24 * 3600 * second,
  EpochAdvanceOnCountThreshold: 20,
  EpochAdvanceOnTotalSizeBytesThreshold: 10 * 1024 * 1024,
  DeleteParallelism: 4,
};
const noEpochs: EpochParameters = {
  Enabled: false,
  EpochRefreshFrequency: 0,
  FullCheckpointFrequency: 0,
  CleanupSafetyMargin: 0,
  MinEpochDuration: 0,
  EpochAdvanceOnCountThreshold: 0,
  EpochAdvanceOnTotalSizeBytesThreshold: 0,
  DeleteParallelism: 0,
};

const defaultPackSize = 20 * 1024 * 1024;
const largestPackSize = 1 << 29;

/**
 * Parses the opened format block. Refuses what this package would misread: unknown versions, hashes, ciphers, and
 * error correction.
 */
export function parseRepositoryFormat(plain: Buffer): RepositoryFormat {
  let parsed: Record<string, unknown> | undefined;
  try {
    parsed = (
      JSON.parse(plain.toString('utf8')) as { format?: Record<string, unknown> }
    ).format;
  } catch (cause) {
    throw corrupt('The format block is not JSON', {}, cause);
  }
  if (!parsed) throw corrupt('The format block has no "format"');
  const text = (key: string) =>
    typeof parsed[key] === 'string' ? (parsed[key] as string) : '';
  const number = (key: string) =>
    typeof parsed[key] === 'number' ? (parsed[key] as number) : 0;

  const version = number('version');
  if (![1, 2, 3].includes(version)) {
    throw new KopiaError(
      'unsupported',
      `Repository format version ${version} is unknown; 1, 2 and 3 are supported`,
    );
  }
  const ecc = text('ecc');
  if (ecc && number('eccOverheadPercent') > 0) {
    throw new KopiaError(
      'unsupported',
      `The repository uses error correction (${ecc}, ${number(
        'eccOverheadPercent',
      )} %), which this package does not support`,
    );
  }
  if (!hashNames.includes(text('hash'))) {
    throw new KopiaError(
      'unsupported',
      `The repository uses the unknown hash function "${text('hash')}"`,
    );
  }
  if (!encryptionNames.includes(text('encryption'))) {
    throw new KopiaError(
      'unsupported',
      `The repository uses the unknown encryption "${text('encryption')}"`,
    );
  }
  const indexVersion = number('indexVersion') || 1;
  if (indexVersion !== 1 && indexVersion !== 2) {
    throw new KopiaError(
      'unsupported',
      `The repository uses the unknown index version ${indexVersion}`,
    );
  }
  const maxPackSize = number('maxPackSize') || defaultPackSize;
  if (maxPackSize < 0 || maxPackSize > largestPackSize)
    throw corrupt(`A pack size of ${maxPackSize} is impossible`);
  const splitter = text('splitter') || 'FIXED';
  splitterParameters(splitter);
  const masterKey = Buffer.from(text('masterKey'), 'base64');
  if (masterKey.length === 0)
    throw corrupt('The format block has no master key');
  return {
    version,
    hash: text('hash'),
    encryption: text('encryption'),
    secret: Buffer.from(text('secret'), 'base64'),
    masterKey,
    maxPackSize,
    indexVersion,
    epochs: {
      ...noEpochs,
      ...(parsed.epochParameters as Partial<EpochParameters> | undefined),
    },
    enablePasswordChange: parsed.enablePasswordChange === true,
    splitter,
    upgradeLock:
      (parsed.upgradeLock as UpgradeLock | null | undefined) ?? undefined,
    requiredFeatures:
      (parsed.requiredFeatures as RequiredFeature[] | null | undefined) ?? [],
  };
}

/** The plaintext of a new repository's format block. */
export function writeRepositoryFormat(format: RepositoryFormat): Buffer {
  return Buffer.from(
    JSON.stringify({
      format: {
        hash: format.hash,
        encryption: format.encryption,
        secret: format.secret.toString('base64'),
        masterKey: format.masterKey.toString('base64'),
        version: format.version,
        maxPackSize: format.maxPackSize,
        indexVersion: format.indexVersion,
        epochParameters: format.epochs,
        enablePasswordChange: format.enablePasswordChange,
        splitter: format.splitter,
      },
    }),
  );
}
