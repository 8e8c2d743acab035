import { IncomingMessage, ServerResponse } from 'node:http';
import { ApiContext, User } from '../ApiContext';
import { RoleBasedAccess } from '../auth/rbac';
import { Tokens } from '../auth/Tokens';
import {
  aggregatedDiscovery,
  coreVersions,
  groupDocument,
  groupList,
  resourceList,
} from '../discovery';
import { noSuchPath, unauthorized } from '../StatusError';
import { JsonObject } from '../json';
import { kubernetesDefinitions } from '../kubernetes/definitions';
import { openapiIndex, openapiDocument } from '../openapi';
import { serveProxy } from '../proxy/serveProxy';
import { serveReview } from '../auth/serveReview';
import { attributesOf, authorize } from './authorize';
import { negotiate } from './negotiation';
import { parseResourcePath } from './requestInfo';
import { sendError, sendJson, sendText } from './respond';
import { serveResource } from './serveResource';

const anonymous: User = {
  name: 'system:anonymous',
  groups: ['system:unauthenticated'],
};
const discoveryList = 'APIGroupDiscoveryList';

/** Answers every HTTP request: who asks, may he, what is it. */
export class ApiHandler {
  constructor(
    private readonly context: ApiContext,
    private readonly access: RoleBasedAccess,
    private readonly tokens: Tokens,
  ) {}

  handle(request: IncomingMessage, response: ServerResponse) {
    this.route(request, response).catch(error => sendError(response, error));
  }

  /** Whose request it is. Throws 401 for credentials that are not valid. */
  authenticate(request: IncomingMessage): User {
    const token = bearerToken(request);
    if (token === undefined) return anonymous;
    const user = this.tokens.authenticate(token);
    if (!user) throw unauthorized();
    return this.impersonated(request, user);
  }

  private impersonated(request: IncomingMessage, user: User): User {
    const name = request.headers['impersonate-user'];
    if (typeof name !== 'string') return user;
    const groups = [request.headers['impersonate-group'] ?? []].flat();
    const account = /^system:serviceaccount:([^:]+):(.+)$/.exec(name);
    authorize(this.access, user, {
      verb: 'impersonate',
      group: '',
      resource: account ? 'serviceaccounts' : 'users',
      namespace: account?.[1],
      name: account?.[2] ?? name,
    });
    for (const group of groups) {
      authorize(this.access, user, {
        verb: 'impersonate',
        group: '',
        resource: 'groups',
        name: group,
      });
    }
    const implied = account
      ? ['system:serviceaccounts', `system:serviceaccounts:${account[1]}`]
      : [];
    return { name, groups: [...groups, ...implied, 'system:authenticated'] };
  }

  private async route(request: IncomingMessage, response: ServerResponse) {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const path = url.pathname.replace(/(.)\/+$/, '$1');
    const query = url.searchParams;
    const method = request.method ?? 'GET';
    const user = this.authenticate(request);
    const info = parseResourcePath(url.pathname);
    authorize(this.access, user, attributesOf(method, path, info, query));
    if (!info) {
      this.serveDocument(request, response, path);
      return;
    }
    const type = this.context.registry.find(
      info.group,
      info.version,
      info.plural,
    );
    if (!type) throw noSuchPath();
    const call = { request, response, query, info, type, user };
    if (
      (await serveProxy(this.context, this.tokens, call)) ||
      (await serveReview(this.context, this.access, this.tokens, call))
    ) {
      return;
    }
    await serveResource(this.context, call);
  }

  private serveDocument(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
  ) {
    const { registry } = this.context;
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      throw noSuchPath();
    }
    if (/^\/(healthz|livez|readyz)(\/.*)?$/.test(path)) {
      sendText(response, 200, 'ok');
      return;
    }
    const parts = path.split('/').slice(1);
    let found: JsonObject | undefined;
    if (path === '/version') {
      found = versionInfo();
    } else if (path === '/api' || path === '/apis') {
      this.serveDiscovery(request, response, path === '/api');
      return;
    } else if (path === '/api/v1') {
      found = resourceList(registry, '', 'v1');
    } else if (parts[0] === 'apis' && parts.length === 2) {
      found = groupDocument(registry, parts[1]);
    } else if (parts[0] === 'apis' && parts.length === 3) {
      found = resourceList(registry, parts[1], parts[2]);
    } else if (path === '/openapi/v3') {
      found = openapiIndex(registry);
    } else if (path.startsWith('/openapi/v3/')) {
      found = openapiDocument(registry, path.slice('/openapi/v3/'.length));
    } else if (path === '/openapi/v2') {
      this.serveOldOpenapi(request, response);
      return;
    } else if (path === '') {
      found = { paths: ['/api', '/apis', '/openapi/v3', '/version'] };
    }
    if (!found) throw noSuchPath();
    sendJson(response, 200, found);
  }

  /**
   * OpenAPI v2 declares nothing here; kubectl asks for it only about kinds that v3 does not know, and then says itself that
   * there is no such kind. In protobuf, an empty document is no bytes at all.
   */
  private serveOldOpenapi(request: IncomingMessage, response: ServerResponse) {
    if (/protobuf/.test(request.headers.accept ?? '')) {
      response.writeHead(200, {
        'Content-Type':
          'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
        'Content-Length': 0,
      });
      response.end();
      return;
    }
    sendJson(response, 200, {
      swagger: '2.0',
      info: {
        title: 'Kubernetes',
        version: `v${kubernetesDefinitions.version}`,
      },
      paths: {},
      definitions: {},
    });
  }

  private serveDiscovery(
    request: IncomingMessage,
    response: ServerResponse,
    core: boolean,
  ) {
    const { registry } = this.context;
    const form = negotiate(request.headers.accept, [discoveryList]);
    if (form.as !== discoveryList) {
      const address = request.headers.host ?? '';
      sendJson(
        response,
        200,
        core ? coreVersions(address) : groupList(registry),
      );
      return;
    }
    const apiVersion = `apidiscovery.k8s.io/${form.version}`;
    const body = JSON.stringify(
      aggregatedDiscovery(registry, apiVersion, core),
    );
    response.writeHead(200, {
      'Content-Type': `application/json;g=apidiscovery.k8s.io;v=${form.version};as=${discoveryList}`,
      Vary: 'Accept',
    });
    response.end(body);
  }
}

const bearerProtocol = 'base64url.bearer.authorization.k8s.io.';

/** From the header, or from the subprotocol that browsers use for WebSockets. */
function bearerToken(request: IncomingMessage): string | undefined {
  const { authorization } = request.headers;
  if (authorization?.toLowerCase().startsWith('bearer ')) {
    return authorization.slice('bearer '.length).trim();
  }
  if (authorization) return '';
  const protocol = (request.headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map(p => p.trim())
    .find(p => p.startsWith(bearerProtocol));
  return (
    protocol &&
    Buffer.from(protocol.slice(bearerProtocol.length), 'base64url').toString()
  );
}

function versionInfo(): JsonObject {
  const [major, minor] = kubernetesDefinitions.version.split('.');
  return {
    major,
    minor,
    gitVersion: `v${kubernetesDefinitions.version}+lifeboat-dev-cluster`,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: 'none',
    compiler: 'none',
    platform: `${process.platform}/${process.arch}`,
  };
}
