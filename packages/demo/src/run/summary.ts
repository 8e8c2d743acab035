import { objectsOnlyText } from '@lifeboat/backstage-plugin-backup-common';
import { Difference } from '../compare/compareApplications';
import { stringifyExactJson } from '../exactJson';
import { DatabaseVerdict } from './inspectDatabase';
import type { RunThroughResult, WayBack } from './runThrough';

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

/** Rows and pages of a restored database, in words. */
export function describeDatabase(database: DatabaseVerdict): string {
  const {
    confirmedBefore,
    laterInCopy,
    confirmedLater,
    rowsInCopy,
    tablesRead,
    pages,
    problems,
  } = database;
  return problems.length > 0
    ? problems.join('; ')
    : `${rowsInCopy} rows, among them all ${confirmedBefore} confirmed before the backup and ${laterInCopy} of ${confirmedLater} confirmed while it ran; the checksums of ${pages} pages in ${tablesRead} tables hold`;
}

function describeWayBack(way: WayBack, sourceNamespace: string): string[] {
  const { restore, comparison, database, seconds, targetNamespace } = way;
  const lines = [
    `Restore  ${restore.name}  ${
      restore.phase
    }  ${sourceNamespace} → ${targetNamespace}  ${seconds.toFixed(1)} s`,
    `Compare  ${comparison.objects} objects, ${comparison.fields} fields, ${comparison.differences.length} unexpected differences`,
  ];
  if (database) lines.push(`Rows     ${describeDatabase(database)}`);
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
  return lines;
}

/**
 * What the run-through has shown: names, counts, seconds and links. Secret values never appear.
 *
 * @param baseUrl - address of the portal; undefined when it is about to end, and links would lead nowhere
 */
export function summary(
  result: RunThroughResult,
  baseUrl: string | undefined,
): string[] {
  const { backup, backupSeconds, copy, inPlace, sourceNamespace } = result;
  const kinds = backup.resources.map(
    ({ kind, objects }) => `${objects.length} ${kind}`,
  );
  const missing = backup.volumesList.filter(volume => !volume.included).length;
  const lines = [
    '',
    `Backup   ${backup.name}  ${backup.phase}  ${
      backup.objects ?? 0
    } objects  ${backupSeconds.toFixed(1)} s`,
    `         ${kinds.join(', ')}`,
    ...describeWayBack(copy, sourceNamespace),
    ...copy.comparison.allowed.map(
      each => `         allowed ${each.count} × ${each.path}: ${each.reason}`,
    ),
    ...(inPlace ? ['', ...describeWayBack(inPlace, sourceNamespace)] : []),
  ];
  if (missing > 0) lines.push('', `${objectsOnlyText(missing)}.`);
  if (baseUrl === undefined) return [...lines, ''];
  return [
    ...lines,
    '',
    `The backup          ${baseUrl}/catalog/default/component/orders/backups`,
    `Original and clone  ${baseUrl}/demo/${sourceNamespace}/  ${baseUrl}/demo/${copy.targetNamespace}/`,
    'What to try next    npm run demo:break   removes a ConfigMap of the original: restore it from the Backups tab',
    '',
  ];
}
