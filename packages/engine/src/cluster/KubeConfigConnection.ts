import { createHash } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import type { ClusterConnection } from './ClusterConnection';

/** What a request to the API server needs besides its path. */
export interface ConnectionDetails {
  server: URL;
  headers: Record<string, string>;
  agent: http.Agent;
  /** Its sockets are held for long: kept apart from the pool of short requests. */
  watchAgent: http.Agent;
}

/**
 * Turns a connection into addresses, TLS settings and credentials, by way of
 * KubeConfig, which knows client certificates, tokens, token files and exec
 * plugins.
 */
export class KubeConfigConnection {
  private readonly connection: ClusterConnection;
  private readonly agents = new Map<string, http.Agent>();
  private kubeConfig: KubeConfig | undefined;

  constructor(connection: ClusterConnection) {
    this.connection = connection;
  }

  async details(): Promise<ConnectionDetails> {
    this.kubeConfig ??= loadKubeConfig(this.connection);
    const cluster = this.kubeConfig.getCurrentCluster();
    if (!cluster) {
      throw new Error(
        `Cluster ${this.connection.name}: the kubeconfig has no current cluster; set its context`,
      );
    }
    const options: https.RequestOptions = { headers: {} };
    await this.kubeConfig.applyToHTTPSOptions(options);
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(options.headers ?? {})) {
      // A token read from a file may end in a line break.
      if (typeof value === 'string') headers[name] = value.trim();
    }
    if (options.auth) {
      headers.Authorization = `Basic ${Buffer.from(options.auth).toString(
        'base64',
      )}`;
    }
    const server = new URL(cluster.server);
    if (cluster.proxyUrl) {
      const agent = options.agent as http.Agent;
      return { server, headers, agent, watchAgent: agent };
    }
    return {
      server,
      headers,
      agent: this.agent(server, options, 'requests'),
      watchAgent: this.agent(server, options, 'watches'),
    };
  }

  /** Reads files again at the next request: the credentials were refused. */
  reload(): void {
    this.kubeConfig = undefined;
  }

  close(): void {
    for (const agent of this.agents.values()) agent.destroy();
    this.agents.clear();
  }

  private agent(
    server: URL,
    options: https.RequestOptions,
    use: 'requests' | 'watches',
  ): http.Agent {
    const tls = {
      ca: options.ca,
      cert: options.cert,
      key: options.key,
      passphrase: options.passphrase,
      servername: options.servername,
      rejectUnauthorized: options.rejectUnauthorized,
    };
    const key = `${use} ${server.origin} ${fingerprint(tls)}`;
    let agent = this.agents.get(key);
    if (!agent) {
      const common = { keepAlive: true, keepAliveMsecs: 15_000 };
      // Idle sockets are closed by us before a server or a firewall does it.
      const pool = use === 'requests' ? { ...common, timeout: 30_000 } : common;
      agent =
        server.protocol === 'https:'
          ? new https.Agent({ ...pool, ...withoutUndefined(tls) })
          : new http.Agent(pool);
      this.agents.set(key, agent);
    }
    return agent;
  }
}

function loadKubeConfig(connection: ClusterConnection): KubeConfig {
  const kubeConfig = new KubeConfig();
  if ('kubeconfig' in connection) {
    kubeConfig.loadFromFile(connection.kubeconfig);
    if (connection.context) {
      if (!kubeConfig.getContextObject(connection.context)) {
        throw new Error(
          `Cluster ${connection.name}: ${connection.kubeconfig} has no context ${connection.context}`,
        );
      }
      kubeConfig.setCurrentContext(connection.context);
    }
  } else if ('url' in connection) {
    kubeConfig.loadFromClusterAndUser(
      {
        name: connection.name,
        server: connection.url,
        skipTLSVerify: connection.skipTlsVerify ?? false,
        ...(connection.caData ? { caData: connection.caData } : {}),
        ...(connection.caFile ? { caFile: connection.caFile } : {}),
      },
      {
        name: connection.name,
        ...(connection.token ? { token: connection.token } : {}),
        ...(connection.tokenFile
          ? {
              authProvider: {
                name: 'tokenFile',
                config: { tokenFile: connection.tokenFile },
              },
            }
          : {}),
      },
    );
  } else {
    kubeConfig.loadFromCluster();
  }
  kubeConfig.clusters = kubeConfig.clusters.map(cluster =>
    cluster.server.startsWith('http:')
      ? plainHttp(cluster, connection.name)
      : cluster,
  );
  return kubeConfig;
}

/**
 * Plain HTTP would show the token to the network, so it stays on this machine.
 * KubeConfig itself asks for verification to be off: without TLS there is
 * nothing to verify.
 */
function plainHttp<T extends { server: string }>(
  cluster: T,
  name: string,
): T & { skipTLSVerify: boolean } {
  const { hostname } = new URL(cluster.server);
  if (!/^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname)) {
    throw new Error(
      `Cluster ${name}: ${cluster.server} is not encrypted; http:// is accepted for addresses of this machine only`,
    );
  }
  return { ...cluster, skipTLSVerify: true };
}

function fingerprint(tls: Record<string, unknown>): string {
  const hash = createHash('sha256');
  for (const [name, value] of Object.entries(tls)) {
    hash.update(`${name}=${value === undefined ? '' : String(value)};`);
  }
  return hash.digest('hex');
}

function withoutUndefined<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(value).filter(([, member]) => member !== undefined),
  ) as Partial<T>;
}
