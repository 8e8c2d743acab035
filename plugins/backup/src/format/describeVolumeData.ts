import type { RecoveryPointDetail } from '@lifeboat/backstage-plugin-backup-common';
import { Translate } from '../translations/useTranslate';
import { formatByteSize } from './formatByteSize';

/**
 * "1.3 GiB, 96 MiB new": the data of all volumes in a recovery point; undefined when its size is not known. New is what the
 * storage had to take; where that is not recorded, what new and changed files hold.
 */
export function describeVolumeData(
  { volumesList }: Pick<RecoveryPointDetail, 'volumesList'>,
  t: Translate,
  locale: string,
): string | undefined {
  const sizes = volumesList.filter(({ sizeBytes }) => sizeBytes !== undefined);
  if (sizes.length === 0) {
    return undefined;
  }
  const sum = (key: 'sizeBytes' | 'newBytes' | 'storedBytes') =>
    formatByteSize(
      sizes.reduce((all, volume) => all + (volume[key] ?? 0), 0),
      locale,
    );
  const added = (['storedBytes', 'newBytes'] as const).find(key =>
    sizes.every(volume => volume[key] !== undefined),
  );
  return [
    sum('sizeBytes'),
    ...(added ? [t('volumes.new', { size: sum(added) })] : []),
  ].join(', ');
}
