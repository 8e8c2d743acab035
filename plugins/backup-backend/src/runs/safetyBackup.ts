/** On a Restore in place: name of the backup that was made before it. A hint for display. */
export const safetyBackupAnnotation = 'lifeboat.dev/safety-backup';
