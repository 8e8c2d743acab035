import { Alert } from '@backstage/ui';
import type { RestorePreview } from '@lifeboat/backstage-plugin-backup-common';
import { useTranslate } from '../../translations/useTranslate';
import { DetailSkeleton } from '../RunDetail/DetailStates';
import { ErrorPanel } from '../ProblemPanel/ErrorPanel';
import { ProblemPanel } from '../ProblemPanel/ProblemPanel';
import {
  changesRunningService,
  RestoreChoice,
  touchedObjects,
} from './restoreChoice';
import { PlannedVolumes } from './PlannedVolumes';
import { SafetyPointChoice } from './SafetyPoint';
import styles from './RestoreFlow.module.css';
import { PreviewState } from './useRestorePreview';

function KindTable(props: { choice: RestoreChoice; preview: RestorePreview }) {
  const t = useTranslate();
  const { choice, preview } = props;
  const { resources, totals } = preview;
  const changes = choice.way === 'in-place' && choice.existing === 'update';
  return (
    // Narrow screens scroll the table; the region must be reachable by keyboard.
    <div
      className={styles.scroll}
      role="region"
      aria-label={t('flow.check.tableLabel')}
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
    >
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">{t('flow.check.kind')}</th>
            <th scope="col">{t('flow.check.create')}</th>
            {changes && <th scope="col">{t('flow.check.changed')}</th>}
            <th scope="col">{t('flow.check.leftAlone')}</th>
            <th scope="col">{t('flow.check.skipped')}</th>
          </tr>
        </thead>
        <tbody>
          {resources.map(group => (
            <tr key={`${group.apiVersion}/${group.kind}`}>
              <th scope="row" title={group.apiVersion}>
                {group.kind}
              </th>
              <td>{group.create}</td>
              {changes && <td>{group.update}</td>}
              <td>{group.exists}</td>
              <td>{group.skipped.length}</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">{t('flow.check.total')}</th>
            <td>{totals.create}</td>
            {changes && <td>{totals.update}</td>}
            <td>{totals.exists}</td>
            <td>{totals.skipped}</td>
          </tr>
        </tfoot>
      </table>
    </div>
  );
}

export interface CheckStepProps {
  choice: RestoreChoice;
  cluster: string;
  state: PreviewState;
  onChange: (change: Partial<RestoreChoice>) => void;
}

/** Fourth step: what will be created, what is left alone, what is refused and why. */
export function CheckStep(props: CheckStepProps) {
  const t = useTranslate();
  const { choice, cluster, state, onChange } = props;
  const { preview, error, retry } = state;
  if (error) {
    return (
      <ErrorPanel
        title={t('flow.check.failed')}
        error={error}
        onRetry={retry}
      />
    );
  }
  if (!preview) {
    return (
      <>
        <span>{t('flow.check.loading')}</span>
        <DetailSkeleton />
      </>
    );
  }
  const namespace = preview.targetNamespace;
  let lead: string = t('flow.check.intoNew', { namespace, cluster });
  if (choice.way === 'in-place') {
    lead = t('flow.check.intoPlace', { namespace, cluster });
  } else if (preview.namespaceState === 'existing') {
    lead = t('flow.check.intoExisting', { namespace, cluster });
  }
  const nothing = preview.allowed && touchedObjects(preview) === 0;
  const mayStart = preview.allowed && !nothing;
  const skipped = preview.resources.flatMap(group =>
    group.skipped.map(item => ({ ...item, kind: group.kind })),
  );
  return (
    <>
      {preview.allowed && <p className={styles.lead}>{lead}</p>}
      {!preview.allowed && preview.problems.length === 0 && (
        <Alert status="danger" icon title={t('flow.check.refused')} />
      )}
      {preview.problems.map(problem => (
        <ProblemPanel
          key={`${problem.code} ${problem.message}`}
          problem={problem}
        />
      ))}
      {nothing && (
        <Alert
          status="info"
          icon
          title={t('flow.check.nothing')}
          description={
            choice.way === 'in-place' && choice.existing === 'none'
              ? t('flow.check.nothingText')
              : undefined
          }
        />
      )}
      {mayStart && changesRunningService(choice, preview) && (
        <SafetyPointChoice
          namespace={namespace}
          taken={choice.safetyPoint}
          onChange={safetyPoint => onChange({ safetyPoint })}
        />
      )}
      {preview.notes.map(note => (
        <Alert key={note} status="info" icon title={note} />
      ))}
      {preview.resources.length > 0 && (
        <KindTable choice={choice} preview={preview} />
      )}
      <PlannedVolumes volumes={preview.volumes ?? []} />
      {skipped.length > 0 && (
        <div>
          <p className={styles.lead}>
            {t('flow.check.skippedTitle', { count: skipped.length })}
          </p>
          <ul className={styles.list}>
            {skipped.map(({ kind, name, reason }) => (
              <li key={`${kind}/${name}`}>
                {t('flow.check.skippedItem', { kind, name, reason })}
              </li>
            ))}
          </ul>
        </div>
      )}
    </>
  );
}
