import type { DeleteBackupRequestSpec } from '../resources/requests';
import { dnsSubdomainProblems } from './lists';

/**
 * What is wrong with a DeleteBackupRequestSpec by itself.
 *
 * @public
 */
export function validateDeleteBackupRequestSpec(
  spec: Partial<DeleteBackupRequestSpec> | undefined,
): string[] {
  if (!spec?.backupName) {
    return ['spec.backupName is required'];
  }
  return dnsSubdomainProblems(spec.backupName).map(
    problem => `spec.backupName: "${spec.backupName}" ${problem}`,
  );
}
