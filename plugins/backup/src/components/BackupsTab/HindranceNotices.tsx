import type { Protection } from '@lifeboat/backstage-plugin-backup-common';
import { formatRelativeTime } from '../../format/formatRelativeTime';
import { useNow } from '../../hooks/useNow';
import { Translate, useTranslate } from '../../translations/useTranslate';
import { ProblemPanel, ProblemPanelProps } from '../ProblemPanel/ProblemPanel';

type Hindrance = ProblemPanelProps['problem'] & { key: string };

/** What keeps new runs from going on, although looking still works. */
export function hindrancesOf(
  protection: Protection,
  now: number,
  t: Translate,
): Hindrance[] {
  const found: Hindrance[] = [];
  const { problem, engine, storage, target } = protection;
  const inControlNamespace = target ? ` -n ${target.controlNamespace}` : '';
  if (problem) {
    found.push({ ...problem, key: problem.code });
  }
  if (
    (engine.state === 'stopped' || engine.state === 'paused') &&
    problem?.code !== 'engine-stopped'
  ) {
    found.push({
      key: 'engine',
      title:
        engine.state === 'stopped'
          ? t('problem.engineStopped')
          : t('problem.enginePaused'),
      message: engine.message ?? '',
      command: `kubectl get lease lifeboat-engine${inControlNamespace} -o yaml`,
    });
  }
  if (problem?.code !== 'storage-unavailable') {
    for (const location of storage) {
      if (location.state === 'unavailable') {
        const since = location.lastValidated
          ? t('problem.storageSince', {
              age: formatRelativeTime(
                Date.parse(location.lastValidated),
                now,
                t,
              ),
            })
          : '';
        found.push({
          key: `storage ${location.name}`,
          title: t('problem.storageUnavailable', { name: location.name }),
          message: [location.message, since].filter(Boolean).join(' '),
          command: `kubectl describe backupstoragelocations.velero.io ${location.name}${inControlNamespace}`,
        });
      }
    }
  }
  return found;
}

/** One panel per hindrance: engine stopped or paused, storage unavailable, cluster unreachable. */
export function HindranceNotices({ protection }: { protection: Protection }) {
  const t = useTranslate();
  const now = useNow();
  return (
    <>
      {hindrancesOf(protection, now, t).map(({ key, ...problem }) => (
        <ProblemPanel key={key} problem={problem}>
          <span>{t('problem.lookingWorks')}</span>
        </ProblemPanel>
      ))}
    </>
  );
}
