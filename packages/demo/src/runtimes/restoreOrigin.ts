import { readFileSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';

const ACCOUNT = 'var/run/secrets/kubernetes.io/serviceaccount';
const RESTORE_LABEL = 'velero.io/restore-name';
const TIMEOUT_MS = 3_000;

/**
 * The restore that made this application, read from the label of its own Deployment with the rights of its
 * ServiceAccount; undefined for an original, and when the API does not tell.
 */
export async function restoreOrigin(
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  try {
    const account = join(env.LIFEBOAT_POD_ROOT ?? '/', ACCOUNT);
    const token = readFileSync(join(account, 'token'), 'utf8');
    const ca = readFileSync(join(account, 'ca.crt'), 'utf8');
    const text = await new Promise<string>((resolve, reject) => {
      const request = https.get(
        {
          host: env.KUBERNETES_SERVICE_HOST,
          port: env.KUBERNETES_SERVICE_PORT,
          path: `/apis/apps/v1/namespaces/${env.NAMESPACE}/deployments/web`,
          headers: { authorization: `Bearer ${token}` },
          timeout: TIMEOUT_MS,
          agent: false,
          ca,
        },
        response => {
          let received = '';
          response.setEncoding('utf8');
          response.on('data', chunk => {
            received += chunk;
          });
          response.on('end', () => resolve(received));
          response.on('error', reject);
        },
      );
      request.on('timeout', () => request.destroy(new Error('time-out')));
      request.on('error', reject);
    });
    const deployment = JSON.parse(text) as {
      metadata?: { labels?: Record<string, string> };
    };
    return deployment.metadata?.labels?.[RESTORE_LABEL];
  } catch {
    return undefined;
  }
}
