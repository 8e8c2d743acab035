import { randomUUID } from 'node:crypto';
import {
  type IncomingMessage,
  type Server,
  type ServerResponse,
  createServer,
} from 'node:http';
import type { AddressInfo } from 'node:net';

interface StoredObject {
  apiVersion?: string;
  kind?: string;
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    resourceVersion?: string;
    creationTimestamp?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  [field: string]: unknown;
}

const path =
  /^\/(?:api\/v1|apis\/([^/]+)\/([^/]+))(?:\/namespaces\/([^/]+)(?=\/))?\/([a-z]+)(?:\/([^/]+))?$/;

const verbs = ['get', 'list', 'create', 'patch', 'delete'];
const resources = (list: [string, string, boolean][]) =>
  list.map(([name, kind, namespaced]) => ({
    name,
    kind,
    namespaced,
    verbs,
    singularName: '',
  }));

const discovery: Record<string, object> = {
  '/version': { gitVersion: 'v1.36.0', major: '1', minor: '36' },
  '/api': { kind: 'APIVersions', versions: ['v1'] },
  '/api/v1': {
    kind: 'APIResourceList',
    groupVersion: 'v1',
    resources: resources([
      ['namespaces', 'Namespace', false],
      ['configmaps', 'ConfigMap', true],
      ['persistentvolumeclaims', 'PersistentVolumeClaim', true],
      ['pods', 'Pod', true],
    ]),
  },
  '/apis': {
    kind: 'APIGroupList',
    groups: [
      {
        name: 'apps',
        versions: [{ groupVersion: 'apps/v1', version: 'v1' }],
        preferredVersion: { groupVersion: 'apps/v1', version: 'v1' },
      },
    ],
  },
  '/apis/apps/v1': {
    kind: 'APIResourceList',
    groupVersion: 'apps/v1',
    resources: resources([['deployments', 'Deployment', true]]),
  },
};

/**
 * The few verbs of the Kubernetes API that the portal's requests use, over HTTP
 * and in memory: get, list with equality selectors, create, merge patch, delete.
 * It validates nothing; stories with the real thing live in the test workspace.
 */
export class KubernetesStandIn {
  readonly token = randomUUID();
  /** Method and path of every request, in order. */
  readonly requests: string[] = [];
  readonly #objects = new Map<string, StoredObject>();
  readonly #server: Server;
  #version = 1;
  #created = 0;
  // Half an hour: all that is made lies in the past, and no schedule has missed a run since.
  readonly #began = Date.now() - 30 * 60_000;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch(error => {
        response.statusCode = 500;
        response.end(String(error));
      });
    });
  }

  static async start(): Promise<KubernetesStandIn> {
    const standIn = new KubernetesStandIn();
    await new Promise<void>(resolve => {
      standIn.#server.listen(0, '127.0.0.1', resolve);
    });
    return standIn;
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise(resolve => {
      this.#server.close(resolve);
    });
  }

  /** Puts an object there, as a platform team or the engine would. */
  put(resource: string, object: StoredObject): StoredObject {
    const { namespace, name } = object.metadata;
    const stored = this.#stamped(object);
    this.#objects.set(key(resource, namespace, name), stored);
    return stored;
  }

  read(resource: string, namespace: string, name: string) {
    return this.#objects.get(key(resource, namespace, name));
  }

  all(resource: string): StoredObject[] {
    return [...this.#objects]
      .filter(([id]) => id.startsWith(`${resource}/`))
      .map(([, object]) => object);
  }

  remove(resource: string, namespace: string | undefined, name: string): void {
    this.#objects.delete(key(resource, namespace, name));
  }

  /** A time in this cluster's life, as the API writes it. */
  at(seconds: number): string {
    return new Date(this.#began + seconds * 1000)
      .toISOString()
      .replace(/\.\d+Z$/, 'Z');
  }

  #stamped(object: StoredObject): StoredObject {
    this.#version += 1;
    this.#created += 1;
    return {
      ...object,
      metadata: {
        uid: randomUUID(),
        creationTimestamp: this.at(this.#created),
        ...object.metadata,
        resourceVersion: String(this.#version),
      },
    };
  }

  async #handle(request: IncomingMessage, response: ServerResponse) {
    const url = new URL(request.url ?? '', this.url);
    const method = request.method ?? 'GET';
    this.requests.push(`${method} ${url.pathname}`);
    const send = (code: number, body: object) => {
      response.statusCode = code;
      response.setHeader('Content-Type', 'application/json');
      response.end(JSON.stringify(body));
    };
    const status = (code: number, reason: string, details?: object) =>
      send(code, {
        kind: 'Status',
        apiVersion: 'v1',
        status: 'Failure',
        message: reason,
        reason,
        code,
        details,
      });
    if (request.headers.authorization !== `Bearer ${this.token}`) {
      status(401, 'Unauthorized');
      return;
    }
    if (discovery[url.pathname]) {
      send(200, discovery[url.pathname]);
      return;
    }
    const [, , , namespace, resource, name] = path.exec(url.pathname) ?? [];
    if (!resource) {
      status(404, 'NotFound');
      return;
    }
    const id = name && key(resource, namespace, name);
    const present = id ? this.#objects.get(id) : undefined;
    if (id && !present) {
      status(404, 'NotFound', { name, kind: resource });
      return;
    }
    if (method === 'GET' && present) {
      send(200, present);
    } else if (method === 'GET') {
      send(200, {
        kind: 'List',
        apiVersion: 'v1',
        metadata: { resourceVersion: String(this.#version) },
        items: this.all(resource).filter(
          ({ metadata }) =>
            (!namespace || metadata.namespace === namespace) &&
            matches(metadata.labels, url.searchParams.get('labelSelector')),
        ),
      });
    } else if (method === 'POST') {
      const object = await readBody(request);
      const newId = key(resource, namespace, object.metadata.name);
      if (this.#objects.has(newId)) {
        status(409, 'AlreadyExists');
        return;
      }
      const stored = this.#stamped(object);
      this.#objects.set(newId, stored);
      send(201, stored);
    } else if (method === 'PATCH' && id && present) {
      const patch = await readBody(request);
      const current = this.#objects.get(id) ?? present;
      const expected = patch.metadata?.resourceVersion;
      if (expected && expected !== current.metadata.resourceVersion) {
        status(409, 'Conflict');
        return;
      }
      const merged = mergePatch(current, patch) as StoredObject;
      this.#version += 1;
      merged.metadata.resourceVersion = String(this.#version);
      this.#objects.set(id, merged);
      send(200, merged);
    } else if (method === 'DELETE' && id) {
      this.#objects.delete(id);
      send(200, { kind: 'Status', apiVersion: 'v1', status: 'Success' });
    } else {
      status(405, 'MethodNotAllowed');
    }
  }
}

function key(resource: string, namespace: string | undefined, name: string) {
  return `${resource}/${namespace ?? ''}/${name}`;
}

function matches(
  labels: Record<string, string> | undefined,
  selector: string | null,
): boolean {
  return (selector ?? '')
    .split(',')
    .filter(Boolean)
    .every(requirement => {
      const [label, value] = requirement.split('=');
      return labels?.[label] === value;
    });
}

async function readBody(request: IncomingMessage): Promise<StoredObject> {
  let text = '';
  for await (const chunk of request) {
    text += chunk;
  }
  return JSON.parse(text) as StoredObject;
}

function mergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) {
    return patch;
  }
  const result: Record<string, unknown> = {
    ...(typeof target === 'object' ? target : {}),
  };
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) {
      delete result[name];
    } else {
      result[name] = mergePatch(result[name], value);
    }
  }
  return result;
}
