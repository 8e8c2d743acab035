import http from 'node:http';
import https from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { Manifest } from '../application/Manifest';
import { parseExactJson, stringifyExactJson } from '../exactJson';

const TIMEOUT_MS = 30_000;

/** A type that the cluster serves. */
export interface ServedType {
  apiVersion: string;
  kind: string;
  resource: string;
  namespaced: boolean;
  verbs: string[];
}

/** An answer of the cluster's API that is not a success. */
export class ClusterError extends Error {
  constructor(message: string, readonly code: number, readonly reason: string) {
    super(message);
    this.name = 'ClusterError';
  }
}

/** The cluster's API for the demo: JSON in and out without loss of precision. */
export class ClusterApi {
  private constructor(
    private readonly server: URL,
    private readonly options: https.RequestOptions,
  ) {}

  /** @throws when the kubeconfig cannot be read. */
  static async fromKubeconfig(file: string): Promise<ClusterApi> {
    const config = new KubeConfig();
    config.loadFromFile(file);
    const cluster = config.getCurrentCluster();
    if (!cluster) throw new Error(`${file} names no current cluster`);
    const options: https.RequestOptions = {};
    await config.applyToHTTPSOptions(options);
    return new ClusterApi(new URL(cluster.server), options);
  }

  /** @throws ClusterError for every status of 300 and above. */
  async request<T>(
    method: string,
    path: string,
    body?: unknown,
    contentType = 'application/json',
  ): Promise<T> {
    const url = new URL(path, this.server);
    const text = body === undefined ? undefined : stringifyExactJson(body);
    const send = url.protocol === 'https:' ? https.request : http.request;
    const answer = await new Promise<{ code: number; text: string }>(
      (resolve, reject) => {
        const request = send(
          url,
          {
            ...this.options,
            method,
            signal: AbortSignal.timeout(TIMEOUT_MS),
            headers: {
              ...this.options.headers,
              accept: 'application/json',
              ...(text === undefined
                ? {}
                : {
                    'content-type': contentType,
                    'content-length': String(Buffer.byteLength(text)),
                  }),
            },
          },
          response => {
            let received = '';
            response.setEncoding('utf8');
            response.on('data', chunk => {
              received += chunk;
            });
            response.on('error', reject);
            response.on('end', () =>
              resolve({ code: response.statusCode ?? 0, text: received }),
            );
          },
        );
        request.on('error', reject);
        request.end(text);
      },
    );
    if (answer.code >= 300) throw errorOf(answer.code, answer.text);
    return (answer.text === '' ? undefined : parseExactJson(answer.text)) as T;
  }

  /** Everything the cluster serves, each type once, in its preferred version. */
  async types(): Promise<ServedType[]> {
    const groups = await this.request<{
      groups: { preferredVersion: { groupVersion: string } }[];
    }>('GET', '/apis');
    const versions = [
      'v1',
      ...groups.groups.map(group => group.preferredVersion.groupVersion),
    ];
    const lists = await Promise.all(
      versions.map(async apiVersion => {
        const list = await this.request<{
          resources: {
            name: string;
            kind: string;
            namespaced: boolean;
            verbs: string[];
          }[];
        }>('GET', rootOf(apiVersion));
        return list.resources
          .filter(each => !each.name.includes('/'))
          .map(each => ({
            apiVersion,
            kind: each.kind,
            resource: each.name,
            namespaced: each.namespaced,
            verbs: each.verbs,
          }));
      }),
    );
    return lists.flat();
  }

  private async typeOf(
    manifest: Pick<Manifest, 'apiVersion' | 'kind'>,
  ): Promise<ServedType> {
    const { apiVersion, kind } = manifest;
    const list = await this.request<{
      resources: {
        name: string;
        kind: string;
        namespaced: boolean;
        verbs: string[];
      }[];
    }>('GET', rootOf(apiVersion));
    const found = list.resources.find(
      each => each.kind === kind && !each.name.includes('/'),
    );
    if (!found) throw new Error(`the cluster has no ${kind} of ${apiVersion}`);
    return { apiVersion, resource: found.name, ...found };
  }

  /** Creates the object, or merges it into the one that is there. */
  async apply(manifest: Manifest): Promise<Manifest> {
    const type = await this.typeOf(manifest);
    const { namespace, name } = manifest.metadata;
    try {
      return await this.request<Manifest>(
        'POST',
        pathOf(type, namespace),
        manifest,
      );
    } catch (error) {
      const there =
        error instanceof ClusterError && error.reason === 'AlreadyExists';
      if (!there) throw error;
      return this.request<Manifest>(
        'PATCH',
        pathOf(type, namespace, name),
        manifest,
        'application/merge-patch+json',
      );
    }
  }

  async find(
    apiVersion: string,
    resource: string,
    namespace: string | undefined,
    name: string,
  ): Promise<Manifest | undefined> {
    try {
      return await this.request<Manifest>(
        'GET',
        pathOf({ apiVersion, resource }, namespace, name),
      );
    } catch (error) {
      if (error instanceof ClusterError && error.code === 404) return undefined;
      throw error;
    }
  }

  async list(
    type: Pick<ServedType, 'apiVersion' | 'resource' | 'kind'>,
    namespace?: string,
  ): Promise<Manifest[]> {
    const list = await this.request<{ items: Manifest[] | null }>(
      'GET',
      pathOf(type, namespace),
    );
    return (list.items ?? []).map(item => ({
      ...item,
      apiVersion: item.apiVersion ?? type.apiVersion,
      kind: item.kind ?? type.kind,
    }));
  }

  /** All objects of a namespace, of every type that can be listed. */
  async everythingIn(namespace: string): Promise<Manifest[]> {
    const types = (await this.types()).filter(
      type =>
        type.namespaced &&
        type.verbs.includes('list') &&
        type.verbs.includes('create') &&
        type.kind !== 'Event',
    );
    const lists = await Promise.all(
      types.map(type => this.list(type, namespace)),
    );
    return lists.flat();
  }
}

function rootOf(apiVersion: string): string {
  return apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`;
}

function pathOf(
  type: Pick<ServedType, 'apiVersion' | 'resource'>,
  namespace?: string,
  name?: string,
): string {
  return [
    rootOf(type.apiVersion),
    ...(namespace ? ['namespaces', namespace] : []),
    type.resource,
    ...(name ? [name] : []),
  ].join('/');
}

function errorOf(code: number, text: string): ClusterError {
  try {
    const { message, reason } = JSON.parse(text) as {
      message?: string;
      reason?: string;
    };
    return new ClusterError(message ?? `HTTP ${code}`, code, reason ?? '');
  } catch {
    return new ClusterError(text.slice(0, 300) || `HTTP ${code}`, code, '');
  }
}
