import { notExported } from './exportRecord';
import { keySecrets, type KeyOptions } from './keySecrets';

/** Something that administrators should know of the engine. @public */
export interface EngineWarning {
  reason: 'KeysNotExported';
  message: string;
}

/**
 * The warning that stays until the passwords of repositories have been exported: whoever loses them loses all volume data.
 *
 * @returns undefined when nothing is at stake or all is exported
 */
export async function keyExportWarning(
  options: KeyOptions,
): Promise<EngineWarning | undefined> {
  const keys = await keySecrets(options);
  if (!keys.some(({ isPassword }) => isPassword)) return undefined;
  const missing = await notExported(options, keys);
  if (missing.length === 0) return undefined;
  const names = missing.map(({ secret }) => secret.metadata.name).join(', ');
  return {
    reason: 'KeysNotExported',
    message: `No export is known of Secret ${names} in namespace ${options.namespace}. Without the repository password the data of all volumes in the backup storage is lost, and without the signing key only administrators can restore. Export them and keep the file elsewhere: engine keys export --output FILE`,
  };
}
