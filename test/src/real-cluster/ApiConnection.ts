import { writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';

const timeoutMs = 30_000;

/** Single requests to an API server that do not read or write plain objects: logs of pods, tokens of accounts. */
export class ApiConnection {
  private readonly config = new KubeConfig();

  /** @throws Error when the file names no current cluster */
  constructor(kubeconfig: string) {
    this.config.loadFromFile(kubeconfig);
    if (!this.config.getCurrentCluster()) {
      throw new Error(`${kubeconfig} has no current context with a cluster`);
    }
  }

  /** Writes a kubeconfig for the same cluster and another identity. */
  writeKubeconfig(file: string, token: string): void {
    const other = new KubeConfig();
    const cluster = this.config.getCurrentCluster();
    if (cluster) other.loadFromClusterAndUser(cluster, { name: 'test', token });
    writeFileSync(file, other.exportConfig(), { mode: 0o600 });
  }

  /** The text of the answer. @throws Error with status and text when it is not 2xx */
  async request(
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
  ): Promise<string> {
    const options: https.RequestOptions = { headers: {} };
    await this.config.applyToHTTPSOptions(options);
    const server = this.config.getCurrentCluster()?.server ?? '';
    const url = new URL(`${server.replace(/\/$/, '')}${path}`);
    const open = url.protocol === 'https:' ? https.request : http.request;
    return new Promise((resolve, reject) => {
      const sent = open(
        url,
        {
          ...options,
          method,
          headers: { ...options.headers, 'content-type': 'application/json' },
          timeout: timeoutMs,
        },
        response => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', chunk => (text += chunk));
          response.on('error', reject);
          response.on('end', () => {
            const status = response.statusCode ?? 0;
            if (status >= 200 && status < 300) resolve(text);
            else reject(new Error(`${method} ${path}: ${status} ${text}`));
          });
        },
      );
      sent.on('timeout', () =>
        sent.destroy(new Error(`${path} took too long`)),
      );
      sent.on('error', reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}
