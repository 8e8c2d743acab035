import type {
  AuthService,
  BackstageCredentials,
} from '@backstage/backend-plugin-api';
import type {
  BackupApi,
  BackupRequestOptions,
} from '@lifeboat/backstage-plugin-backup-common';

/** What the actions need to call the backup plugin for a user. */
export interface BackupActionOptions {
  api: BackupApi;
  auth: AuthService;
}

/**
 * Options for one request in a user's name. Tokens are short-lived, so each
 * request gets its own.
 */
export async function asUser(
  auth: AuthService,
  credentials: BackstageCredentials,
  signal: AbortSignal | undefined,
): Promise<BackupRequestOptions> {
  const { token } = await auth.getPluginRequestToken({
    onBehalfOf: credentials,
    targetPluginId: 'backup',
  });
  return { token, ...(signal && { signal }) };
}
