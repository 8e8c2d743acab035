import { ButtonLink } from '@backstage/ui';
import { RiExternalLinkLine } from '@remixicon/react';
import type { RestoreRun } from '@lifeboat/backstage-plugin-backup-common';
import { useTranslate } from '../../translations/useTranslate';

/** Link to the restored application, once it is there and if its address is known. */
export function OpenResult({ run }: { run: RestoreRun }) {
  const t = useTranslate();
  const there = run.state === 'done' || run.state === 'needs-attention';
  if (!there || !run.targetUrl || !/^(https?:\/\/|\/)/.test(run.targetUrl)) {
    return null;
  }
  return (
    <ButtonLink
      href={run.targetUrl}
      target="_blank"
      rel="noopener noreferrer"
      variant="secondary"
      size="small"
      iconEnd={<RiExternalLinkLine />}
    >
      {run.inPlace ? t('restores.openService') : t('restores.openCopy')}
    </ButtonLink>
  );
}
