import { Alert } from '@backstage/ui';
import type { RestoreUndo } from '@lifeboat/backstage-plugin-backup-common';
import { asSentence } from '../../format/asSentence';
import { formatCalendarTime } from '../../format/formatDateTime';
import { useLanguage } from '../../hooks/useLanguage';
import { useNow } from '../../hooks/useNow';
import { useTranslate } from '../../translations/useTranslate';

const statusOf = {
  available: 'info',
  expired: 'info',
  requested: 'info',
  running: 'info',
  done: 'success',
  refused: 'warning',
  failed: 'danger',
} as const satisfies Record<RestoreUndo['state'], string>;

/** Until when a restore can be undone, or what became of asking for that; announced when it changes. */
export function UndoState({ undo }: { undo: RestoreUndo }) {
  const t = useTranslate();
  const locale = useLanguage();
  const now = useNow();
  const { state, claims, message } = undo;
  const count = claims.length;
  const time =
    undo.until &&
    formatCalendarTime(Date.parse(undo.until), now, { locale }, t);
  const texts = () => {
    switch (state) {
      case 'available':
        return {
          title: time
            ? t('undo.availableUntil', { time })
            : t('undo.available'),
          description: t('undo.availableText', { count }),
        };
      case 'expired':
        return {
          title: t('undo.expired'),
          description: time && t('undo.expiredText', { count, time }),
        };
      case 'requested':
      case 'running':
        return {
          title: t(`undo.${state}`),
          description: t(`undo.${state}Text`, { count }),
        };
      case 'done':
        return {
          title: t('undo.done', { count, claims: claims.join(', ') }),
          description: time && t('undo.doneText', { count, time }),
        };
      default:
        return {
          title: t(`undo.${state}`),
          description: message && asSentence(message),
        };
    }
  };
  return (
    <div role="status">
      <Alert
        status={statusOf[state]}
        icon
        isPending={state === 'requested' || state === 'running'}
        {...texts()}
      />
    </div>
  );
}
