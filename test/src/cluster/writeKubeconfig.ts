import { readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'yaml';

/** Where an API server is, and who asks it. */
export interface KubeconfigFacts {
  /** `https://127.0.0.1:PORT` */
  server: string;
  /** PEM of the authority that signed its certificate. */
  certificateAuthority: string;
  token: string;
}

/** Writes a kubeconfig file for one user with a token; only its owner may read it. */
export function writeKubeconfig(file: string, facts: KubeconfigFacts): void {
  const { server, certificateAuthority, token } = facts;
  const cluster = {
    server,
    'certificate-authority-data':
      Buffer.from(certificateAuthority).toString('base64'),
  };
  // JSON is YAML.
  const content = JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster }],
    users: [{ name: 'test', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
  });
  writeFileSync(file, content, { mode: 0o600 });
}

/** Reads the first cluster and user of a kubeconfig with a token. */
export function readKubeconfig(file: string): KubeconfigFacts {
  const config = parse(readFileSync(file, 'utf8'));
  const { cluster } = config.clusters[0];
  return {
    server: cluster.server,
    certificateAuthority: Buffer.from(
      cluster['certificate-authority-data'] ?? '',
      'base64',
    ).toString('utf8'),
    token: config.users[0].user.token,
  };
}
