import { Select } from '@backstage/ui';
import type { ClusterChoice } from '@lifeboat/backstage-plugin-backup-common';
import { useTranslate } from '../../translations/useTranslate';

export interface ClusterChooserProps {
  clusters: ClusterChoice[];
  chosen?: string;
  onChoose: (name: string) => void;
}

/** Which of several clusters is meant. */
export function ClusterChooser(props: ClusterChooserProps) {
  const t = useTranslate();
  const { clusters, chosen, onChoose } = props;
  return (
    <Select
      label={t('problem.chooseCluster')}
      options={clusters.map(({ name, title }) => ({
        id: name,
        label: title ?? name,
      }))}
      value={chosen ?? null}
      onChange={name => {
        if (typeof name === 'string') {
          onChoose(name);
        }
      }}
      style={{ maxWidth: '20rem' }}
    />
  );
}
