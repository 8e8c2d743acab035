import { request as httpRequest } from 'node:http';
import { ApiContext, timestamp } from '../ApiContext';
import { Tokens } from '../auth/Tokens';
import { KubeObject } from '../KubeObject';
import { labelSelectorObject } from '../selectors/labelSelector';
import {
  badRequest,
  conflict,
  methodNotAllowed,
  notFound,
  StatusError,
} from '../StatusError';
import { at, isObject, listAt, objectAt, stringAt } from '../json';
import type { ResourceCall } from '../http/serveResource';
import { readBody, sendJson } from '../http/respond';
import { objects } from '../strategies/podDefaults';
import { deleteObject, parseDeleteOptions } from '../verbs/deleteObjects';
import { parseBody } from '../verbs/decodeObject';
import { podTarget, serviceTarget, Target } from './targets';
import { kubeletTarget } from './kubelet';

const notAllowed = () =>
  methodNotAllowed(
    'the server does not allow this method on the requested resource',
  );

const success = (code: number) => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Success',
  code,
});

/** The subresources of pods and services that lead elsewhere: log, proxy, binding, eviction. Says whether it answered. */
export async function serveProxy(
  context: ApiContext,
  tokens: Tokens,
  call: ResourceCall,
): Promise<boolean> {
  const { info, type, request } = call;
  if (type.group !== '') return false;
  const what = `${type.plural}/${info.subresource ?? ''}`;
  switch (what) {
    case 'pods/proxy':
      forward(call, podTarget(context, call), proxyPath(call));
      return true;
    case 'services/proxy':
      forward(call, serviceTarget(context, call), proxyPath(call));
      return true;
    case 'pods/log':
      if (request.method !== 'GET') throw notAllowed();
      podLog(context, tokens, call);
      return true;
    case 'pods/exec':
      throw badRequest('Upgrade request required');
    case 'pods/binding':
      if (request.method !== 'POST') throw notAllowed();
      await bind(context, call);
      return true;
    case 'pods/eviction':
      if (request.method !== 'POST') throw notAllowed();
      await evict(context, call);
      return true;
    default:
      return false;
  }
}

function proxyPath({ info, query }: ResourceCall): string {
  const search = query.toString();
  return `${info.rest || '/'}${search ? `?${search}` : ''}`;
}

function podLog(context: ApiContext, tokens: Tokens, call: ResourceCall) {
  const { info, query, type } = call;
  const name = info.name ?? '';
  const pod = context.storage.get(type.collection, info.namespace, name);
  if (!pod) throw notFound(type, name);
  const containers = [
    ...objects(listAt(pod, 'spec', 'initContainers')),
    ...objects(listAt(pod, 'spec', 'containers')),
  ].map(c => stringAt(c, 'name'));
  const asked = query.get('container') ?? '';
  if (asked && !containers.includes(asked)) {
    throw badRequest(`container ${asked} is not valid for pod ${name}`);
  }
  const own = objects(listAt(pod, 'spec', 'containers'));
  if (!asked && own.length > 1) {
    throw badRequest(
      `a container name must be specified for pod ${name}, choose one of: [${own
        .map(c => c.name)
        .join(' ')}]`,
    );
  }
  const container = asked || stringAt(own[0], 'name');
  const target = kubeletTarget(context, tokens, pod);
  if (!target) {
    throw badRequest(
      `container "${container}" in pod "${name}" is waiting to start: the pod is not on a node yet`,
    );
  }
  const search = new URLSearchParams(query);
  search.delete('container');
  const path = ['containerLogs', info.namespace ?? '', name, container]
    .map(encodeURIComponent)
    .join('/');
  forward(call, target, `/${path}?${search}`);
}

/** Sends the request on and the answer back; without the credentials of the client. */
function forward(call: ResourceCall, target: Target, path: string) {
  const { request, response } = call;
  const {
    authorization,
    connection,
    host,
    'impersonate-user': _user,
    'impersonate-group': _groups,
    ...headers
  } = request.headers;
  const outgoing = httpRequest(
    {
      host: target.host,
      port: target.port,
      path,
      method: request.method,
      headers: {
        ...headers,
        ...target.headers,
        host: `${target.host}:${target.port}`,
      },
    },
    incoming => {
      const { connection: _c, 'keep-alive': _k, ...back } = incoming.headers;
      response.writeHead(incoming.statusCode ?? 502, back);
      response.flushHeaders();
      incoming.pipe(response);
    },
  );
  outgoing.on('error', error => {
    if (response.headersSent) response.destroy();
    else {
      const status = new StatusError(
        503,
        'ServiceUnavailable',
        `error trying to reach service: ${error.message}`,
      );
      sendJson(response, status.code, status.toStatus());
    }
  });
  response.on('close', () => outgoing.destroy());
  request.pipe(outgoing);
}

/** POST pods/name/binding: what a scheduler does. */
async function bind(context: ApiContext, call: ResourceCall) {
  const { info, type, request, response } = call;
  const name = info.name ?? '';
  const pod = context.storage.get(type.collection, info.namespace, name);
  if (!pod) throw notFound(type, name);
  const body = parseBody(
    await readBody(request),
    request.headers['content-type'] ?? '',
  );
  const node = stringAt(body, 'target', 'name');
  if (!node) throw badRequest('target.name is required');
  if (stringAt(pod, 'spec', 'nodeName')) {
    throw conflict(
      { group: '', plural: 'pods/binding' },
      name,
      `pod ${name} is already assigned to node "${stringAt(
        pod,
        'spec',
        'nodeName',
      )}"`,
    );
  }
  const now = timestamp(context.clock());
  const status = objectAt(pod, 'status');
  context.storage.put(type.collection, {
    ...pod,
    spec: { ...objectAt(pod, 'spec'), nodeName: node },
    status: {
      ...status,
      conditions: [
        ...objects(status.conditions).filter(c => c.type !== 'PodScheduled'),
        {
          type: 'PodScheduled',
          status: 'True',
          lastProbeTime: null,
          lastTransitionTime: now,
        },
      ],
    },
  });
  sendJson(response, 201, success(201));
}

/** POST pods/name/eviction: a deletion that disruption budgets may refuse. */
async function evict(context: ApiContext, call: ResourceCall) {
  const { info, type, request, response, query } = call;
  const name = info.name ?? '';
  const text = await readBody(request);
  const body = parseBody(text, request.headers['content-type'] ?? '');
  const options = parseDeleteOptions(
    isObject(body) ? body.deleteOptions : undefined,
    query,
  );
  const pod = context.storage.get(type.collection, info.namespace, name);
  if (pod) checkDisruption(context, pod);
  deleteObject(context, type, info.namespace, name, options);
  sendJson(response, 201, success(201));
}

/** Throws 429 when a PodDisruptionBudget that chooses the pod allows no disruption now. */
function checkDisruption(context: ApiContext, pod: KubeObject) {
  if (
    pod.metadata.deletionTimestamp ||
    ['Succeeded', 'Failed', 'Pending'].includes(
      stringAt(pod, 'status', 'phase'),
    )
  ) {
    return;
  }
  const budget = context.storage
    .list('poddisruptionbudgets.policy')
    .find(
      b =>
        b.metadata.namespace === pod.metadata.namespace &&
        labelSelectorObject(at(b, 'spec', 'selector'))(pod.metadata.labels) &&
        Number(at(b, 'status', 'disruptionsAllowed') ?? 0) <= 0,
    );
  if (budget) {
    throw new StatusError(
      429,
      'TooManyRequests',
      "Cannot evict pod as it would violate the pod's disruption budget.",
      {
        causes: [
          {
            reason: 'DisruptionBudget',
            message: `The disruption budget ${budget.metadata.name} allows no disruption now`,
          },
        ],
      },
    );
  }
}
