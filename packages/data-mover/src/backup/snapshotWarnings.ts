import type { UploadResult } from '@lifeboat/kopia';

const named = 5;

/** What the snapshot cannot hold as it was in the volume, for people. */
export function snapshotWarnings(report: UploadResult['report']): string[] {
  const { lost, invalidNames, collidingNames, changedFiles } = report;
  const list = (names: readonly string[]) =>
    names.slice(0, named).join(', ') + (names.length > named ? ', …' : '');
  return [
    ...(lost.hardLinks > 0
      ? [`${lost.hardLinks} hard links are stored as files of their own`]
      : []),
    ...(lost.specialFiles > 0
      ? [`${lost.specialFiles} sockets, FIFOs or devices are left out`]
      : []),
    ...(lost.attributes.accessControlLists > 0
      ? [
          `The access control lists of ${lost.attributes.accessControlLists} files and folders are not stored`,
        ]
      : []),
    ...(lost.attributes.extendedAttributes > 0
      ? [
          `The extended attributes of ${lost.attributes.extendedAttributes} files and folders are not stored`,
        ]
      : []),
    ...(invalidNames.length > 0
      ? [
          `${invalidNames.length} names are not UTF-8 and were changed: ${list(
            invalidNames,
          )}`,
        ]
      : []),
    ...(collidingNames.length > 0
      ? [`Names became the same by that: ${list(collidingNames)}`]
      : []),
    ...(changedFiles.length > 0
      ? [
          `${changedFiles.length} files changed while they were read: ${list(
            changedFiles,
          )}`,
        ]
      : []),
  ];
}
