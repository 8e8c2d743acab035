import type { RestoreUndo } from '@lifeboat/backstage-plugin-backup-common';
import type { Translate } from '../translations/useTranslate';

/** What became of undoing a restore, in a few words; undefined where nobody asked for it. */
export function describeUndo(
  undo: RestoreUndo | undefined,
  t: Translate,
): string | undefined {
  return undo && undo.state !== 'available' && undo.state !== 'expired'
    ? t(`undo.short.${undo.state}`)
    : undefined;
}
