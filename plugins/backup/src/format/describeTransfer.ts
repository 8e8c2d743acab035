import { Translate } from '../translations/useTranslate';
import { formatByteSize } from './formatByteSize';
import { formatDuration } from './formatDuration';

/** How far data is on its way; what is not known is absent. */
export interface Transfer {
  bytesDone?: number;
  bytesTotal?: number;
  bytesPerSecond?: number;
  secondsLeft?: number;
}

/** "412 MiB of 900 MiB, 38 MiB/s, 13 s left", with what is known; that data is being prepared when nothing is. */
export function describeTransfer(
  { bytesDone, bytesTotal, bytesPerSecond, secondsLeft }: Transfer,
  t: Translate,
  locale: string,
): string {
  if (!bytesDone && bytesTotal === undefined) {
    return t('volumes.preparing');
  }
  const size = (bytes: number) => formatByteSize(bytes, locale);
  const done = size(bytesDone ?? 0);
  return [
    bytesTotal === undefined
      ? done
      : t('volumes.doneOfTotal', {
          done,
          total: size(bytesTotal),
        }),
    bytesPerSecond !== undefined &&
      t('volumes.speed', { size: size(bytesPerSecond) }),
    secondsLeft !== undefined &&
      t('volumes.left', { time: formatDuration(secondsLeft * 1000, t) }),
  ]
    .filter(Boolean)
    .join(', ');
}
