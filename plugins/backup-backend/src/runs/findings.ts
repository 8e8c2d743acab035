import type { Finding } from '@lifeboat/backstage-plugin-backup-common';
import type { ResultMessages, RunResults } from '@lifeboat/velero-api';
import { maskSecrets } from './maskSecrets';

/** More findings than this are not sent. */
export const maximumFindings = 500;

/** The warnings or errors of a run that a user may see. */
export interface VisibleFindings {
  warnings: Finding[];
  errors: Finding[];
}

/**
 * Findings of a results file: those about the run, the cluster and the given
 * namespaces. Other namespaces' findings are left out without a trace.
 */
export function visibleFindings(
  results: RunResults | undefined,
  namespaces: string[],
): VisibleFindings {
  return {
    warnings: oneSide(results?.warnings, namespaces),
    errors: oneSide(results?.errors, namespaces),
  };
}

function oneSide(
  messages: ResultMessages | undefined,
  namespaces: string[],
): Finding[] {
  const findings: Finding[] = [
    ...texts(messages?.velero).map(
      (message): Finding => ({ scope: 'backup', message }),
    ),
    ...texts(messages?.cluster).map(
      (message): Finding => ({ scope: 'cluster', message }),
    ),
    ...namespaces.flatMap(namespace =>
      texts(messages?.namespaces?.[namespace]).map(
        (message): Finding => ({ scope: 'namespace', namespace, message }),
      ),
    ),
  ];
  return findings.slice(0, maximumFindings);
}

function texts(list: string[] | undefined): string[] {
  return Array.isArray(list)
    ? list
        .filter(text => typeof text === 'string')
        .slice(0, maximumFindings)
        .map(maskSecrets)
    : [];
}
