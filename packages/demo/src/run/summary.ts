import { objectsOnlyText } from '@lifeboat/backstage-plugin-backup-common';
import { Difference } from '../compare/compareApplications';
import { stringifyExactJson } from '../exactJson';
import { RunThroughResult } from './runThrough';

const MOST_DIFFERENCES = 40;

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = typeof value === 'string' ? value : stringifyExactJson(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

export function describeDifference(difference: Difference): string {
  const { object, path, original, copy } = difference;
  return `  ${object}${path ? ` ${path}` : ''}: original ${show(
    original,
  )}, copy ${show(copy)}`;
}

/** What the run-through has shown: names, counts, seconds and links. Secret values never appear. */
export function summary(result: RunThroughResult, baseUrl: string): string[] {
  const { backup, restore, comparison, seconds } = result;
  const kinds = backup.resources.map(
    ({ kind, objects }) => `${objects.length} ${kind}`,
  );
  const missing = backup.volumesList.filter(volume => !volume.included).length;
  const lines = [
    '',
    `Backup   ${backup.name}  ${backup.phase}  ${
      backup.objects ?? 0
    } objects  ${seconds.backup.toFixed(1)} s`,
    `         ${kinds.join(', ')}`,
    `Restore  ${restore.name}  ${restore.phase}  ${result.sourceNamespace} → ${
      result.targetNamespace
    }  ${seconds.restore.toFixed(1)} s`,
    `Compare  ${comparison.objects} objects, ${comparison.fields} fields, ${comparison.differences.length} unexpected differences`,
    ...comparison.allowed.map(
      each => `         allowed ${each.count} × ${each.path}: ${each.reason}`,
    ),
  ];
  if (missing > 0) lines.push('', `${objectsOnlyText(missing)}.`);
  if (comparison.differences.length > 0) {
    lines.push('', 'Original and copy differ:');
    for (const difference of comparison.differences.slice(
      0,
      MOST_DIFFERENCES,
    )) {
      const secret = difference.object.startsWith('Secret ');
      lines.push(
        describeDifference(
          secret && difference.path
            ? { ...difference, original: '(hidden)', copy: '(hidden)' }
            : difference,
        ),
      );
    }
  }
  return [
    ...lines,
    '',
    `The backup          ${baseUrl}/catalog/default/component/orders/backups`,
    `Original and clone  ${baseUrl}/demo/${result.sourceNamespace}/  ${baseUrl}/demo/${result.targetNamespace}/`,
    'What to try next    npm run demo:break   removes a ConfigMap of the original: restore it from the Backups tab',
    '',
  ];
}
