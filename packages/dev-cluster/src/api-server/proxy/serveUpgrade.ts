import { IncomingMessage, request as httpRequest } from 'node:http';
import { Duplex } from 'node:stream';
import { ApiContext } from '../ApiContext';
import { Tokens } from '../auth/Tokens';
import { asStatusError } from '../http/respond';
import { ResourceRequest } from '../http/requestInfo';
import { badRequest, notFound, noSuchPath } from '../StatusError';
import { listAt, stringAt } from '../json';
import { objects } from '../strategies/podDefaults';
import { kubeletTarget } from './kubelet';

/** Answers an upgrade request with an ordinary HTTP error. */
export function refuseUpgrade(socket: Duplex, error: unknown) {
  const status = asStatusError(error);
  const body = JSON.stringify(status.toStatus());
  socket.end(
    `HTTP/1.1 ${status.code} ${
      status.reason
    }\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(
      body,
    )}\r\nConnection: close\r\n\r\n${body}`,
  );
}

/** Options of exec that the kubelet calls by other names. */
const kubeletFlags: { [option: string]: string | undefined } = {
  stdin: 'input',
  stdout: 'output',
  stderr: 'error',
  tty: 'tty',
};

/**
 * `pods/name/exec` by WebSocket: the connection is passed on to the kubelet of the pod's node, byte for byte. SPDY, the
 * older form, is refused; kubectl tries WebSocket first.
 */
export function serveUpgrade(
  context: ApiContext,
  tokens: Tokens,
  info: ResourceRequest | undefined,
  query: URLSearchParams,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
) {
  if (
    info?.group !== '' ||
    info.plural !== 'pods' ||
    info.subresource !== 'exec'
  ) {
    throw noSuchPath();
  }
  if ((request.headers.upgrade ?? '').toLowerCase() !== 'websocket') {
    throw badRequest(
      'only WebSocket upgrades are supported by this server, not SPDY',
    );
  }
  const name = info.name ?? '';
  const pod = context.storage.get('pods', info.namespace, name);
  if (!pod) throw notFound({ group: '', plural: 'pods' }, name);
  const containers = objects(listAt(pod, 'spec', 'containers'));
  const container = query.get('container') || stringAt(containers[0], 'name');
  if (!containers.some(c => c.name === container)) {
    throw badRequest(`container ${container} is not valid for pod ${name}`);
  }
  const target = kubeletTarget(context, tokens, pod);
  if (!target) throw badRequest(`pod ${name} does not have a host assigned`);
  const search = new URLSearchParams();
  for (const [key, value] of query) {
    if (key === 'container') continue;
    const flag = kubeletFlags[key];
    const set = value === 'true' || value === '1' ? '1' : '0';
    search.append(flag ?? key, flag ? set : value);
  }
  const path = ['exec', info.namespace ?? '', name, container]
    .map(encodeURIComponent)
    .join('/');
  const { host, authorization, ...headers } = request.headers;
  const protocols = (headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map(p => p.trim())
    .filter(p => p && !p.startsWith('base64url.bearer.'));
  const outgoing = httpRequest({
    host: target.host,
    port: target.port,
    path: `/${path}?${search}`,
    headers: {
      ...headers,
      ...target.headers,
      host: `${target.host}:${target.port}`,
      ...(protocols.length
        ? { 'sec-websocket-protocol': protocols.join(', ') }
        : {}),
    },
  });
  outgoing.on('upgrade', (incoming, upstream, upstreamHead) => {
    const lines = [`HTTP/1.1 ${incoming.statusCode} ${incoming.statusMessage}`];
    for (let i = 0; i < incoming.rawHeaders.length; i += 2) {
      lines.push(`${incoming.rawHeaders[i]}: ${incoming.rawHeaders[i + 1]}`);
    }
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    if (upstreamHead.length) socket.write(upstreamHead);
    if (head.length) upstream.write(head);
    socket.pipe(upstream);
    upstream.pipe(socket);
    const close = () => {
      socket.destroy();
      upstream.destroy();
    };
    socket.on('error', close).on('close', close);
    upstream.on('error', close).on('close', close);
  });
  outgoing.on('response', incoming => {
    const chunks: Buffer[] = [];
    incoming.on('data', chunk => chunks.push(chunk as Buffer));
    incoming.on('end', () => {
      const body = Buffer.concat(chunks);
      socket.end(
        `HTTP/1.1 ${incoming.statusCode} ${
          incoming.statusMessage
        }\r\nContent-Type: ${
          incoming.headers['content-type'] ?? 'text/plain'
        }\r\nContent-Length: ${
          body.length
        }\r\nConnection: close\r\n\r\n${body}`,
      );
    });
  });
  outgoing.on('error', error => refuseUpgrade(socket, error));
  outgoing.end();
}
