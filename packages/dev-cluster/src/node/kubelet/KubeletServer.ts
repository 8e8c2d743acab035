import { spawn } from 'node:child_process';
import { timingSafeEqual, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { WebSocket, WebSocketServer } from 'ws';
import { selfSignedCertificate } from '../../selfSignedCertificate';
import { Kubelet } from './Kubelet';
import { ProcessReaper } from './ProcessReaper';
import { ProcessDescription } from './ContainerProcess';

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const ERROR = 3;
const RESIZE = 4;
const CLOSE = 255;

interface Found {
  kubelet: ReturnType<Kubelet['find']>;
  container: string;
}

/** Who may ask the kubelet: whoever sends a token, or (over TLS) shows the certificate in a file. */
export type KubeletAccess = { token: string } | { clientCertificate: string };

/**
 * The kubelet's own HTTP endpoint: logs and commands in containers. A kube-apiserver asks over TLS with its client
 * certificate, the embedded one over the loopback with a token.
 */
export class KubeletServer {
  private readonly server: http.Server | https.Server;
  private readonly sockets: WebSocketServer;

  constructor(
    private readonly kubelet: Kubelet,
    private readonly access: KubeletAccess,
    private readonly reaper: ProcessReaper,
  ) {
    const listener: http.RequestListener = (request, response) => {
      this.handle(request, response).catch(error => {
        if (!response.headersSent) response.writeHead(500);
        response.end((error as Error).message);
      });
    };
    this.server =
      'token' in access
        ? http.createServer(listener)
        : https.createServer(
            {
              ...selfSignedCertificate(new Date()),
              requestCert: true,
              rejectUnauthorized: false,
            },
            listener,
          );
    this.sockets = new WebSocketServer({
      noServer: true,
      handleProtocols: protocols =>
        ['v5.channel.k8s.io', 'v4.channel.k8s.io', 'channel.k8s.io'].find(
          each => protocols.has(each),
        ) ?? false,
    });
    this.server.on('upgrade', (request, socket, head) =>
      this.upgrade(request, socket, head),
    );
  }

  /** Resolves with the port on 127.0.0.1. */
  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(0, '127.0.0.1', () => {
        const address = this.server.address();
        resolve(typeof address === 'object' ? address?.port ?? 0 : 0);
      });
    });
  }

  async stop(): Promise<void> {
    for (const client of this.sockets.clients) client.terminate();
    this.server.closeAllConnections();
    await new Promise<void>(resolve => {
      this.server.close(() => resolve());
    });
  }

  private allowed(request: http.IncomingMessage): boolean {
    if ('clientCertificate' in this.access) {
      const shown = (request.socket as TLSSocket).getPeerCertificate();
      const known = readFileSync(this.access.clientCertificate);
      return shown.fingerprint256 === new X509Certificate(known).fingerprint256;
    }
    const given = Buffer.from(request.headers.authorization ?? '');
    const wanted = Buffer.from(`Bearer ${this.access.token}`);
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  }

  private find(path: string): Found | undefined {
    const [, , namespace, pod, container] = path
      .split('/')
      .map(decodeURIComponent);
    const worker = this.kubelet.find(namespace ?? '', pod ?? '');
    return worker && container && worker.hasContainer(container)
      ? { kubelet: worker, container }
      : undefined;
  }

  private async handle(
    request: http.IncomingMessage,
    response: http.ServerResponse,
  ): Promise<void> {
    if (this.kubelet.isGone) {
      response.destroy();
      return;
    }
    const url = new URL(request.url ?? '/', 'http://kubelet');
    if (!this.allowed(request)) {
      response.writeHead(401).end('Unauthorized\n');
      return;
    }
    if (url.pathname === '/healthz') {
      response.end('ok');
      return;
    }
    if (!url.pathname.startsWith('/containerLogs/')) {
      response.writeHead(404).end('not found\n');
      return;
    }
    const found = this.find(url.pathname);
    if (!found?.kubelet) {
      response.writeHead(404).end('container not found on this node\n');
      return;
    }
    const query = url.searchParams;
    const flag = (name: string) =>
      query.get(name) === 'true' || query.get(name) === '1';
    const log = found.kubelet.logOf(found.container, flag('previous'));
    response.writeHead(200, { 'content-type': 'text/plain' });
    if (!log) {
      response.end();
      return;
    }
    const count = (name: string) =>
      query.has(name) ? Number(query.get(name)) : undefined;
    const since = count('sinceSeconds');
    const sinceTime = query.get('sinceTime');
    const options = {
      tailLines: count('tailLines'),
      limitBytes: count('limitBytes'),
      timestamps: flag('timestamps'),
      sinceTime:
        since === undefined
          ? (sinceTime && new Date(sinceTime)) || undefined
          : new Date(Date.now() - since * 1000),
    };
    if (!flag('follow')) {
      response.end(await log.read(options));
      return;
    }
    response.flushHeaders();
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    await log.follow(options, text => response.write(text), gone.signal);
    response.end();
  }

  private upgrade(
    request: http.IncomingMessage,
    socket: Duplex,
    head: Buffer,
  ): void {
    const refuse = (line: string, text: string) =>
      socket.end(
        `HTTP/1.1 ${line}\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(
          text,
        )}\r\nConnection: close\r\n\r\n${text}`,
      );
    if (this.kubelet.isGone) {
      socket.destroy();
      return;
    }
    const url = new URL(request.url ?? '/', 'http://kubelet');
    if (!this.allowed(request)) {
      refuse('401 Unauthorized', 'Unauthorized\n');
      return;
    }
    const found = url.pathname.startsWith('/exec/')
      ? this.find(url.pathname)
      : undefined;
    if (!found?.kubelet) {
      refuse('404 Not Found', 'container not found on this node\n');
      return;
    }
    const context = found.kubelet.execContext(found.container);
    if (!context) {
      refuse(
        '400 Bad Request',
        `container ${found.container} runs no process on this node: its image has no local runtime\n`,
      );
      return;
    }
    this.sockets.handleUpgrade(request, socket, head, webSocket =>
      this.exec(webSocket, url.searchParams, context),
    );
  }

  private exec(
    socket: WebSocket,
    query: URLSearchParams,
    context: ProcessDescription,
  ): void {
    const [program, ...args] = query.getAll('command').map(context.realPath);
    const wants = (name: string) =>
      query.get(name) === 'true' || query.get(name) === '1';
    const send = (channel: number, data: Buffer | string) => {
      if (socket.readyState === WebSocket.OPEN) {
        socket.send(Buffer.concat([Buffer.from([channel]), Buffer.from(data)]));
      }
    };
    const finish = (status: object) => {
      send(
        ERROR,
        JSON.stringify({
          kind: 'Status',
          apiVersion: 'v1',
          metadata: {},
          ...status,
        }),
      );
      socket.close(1000);
    };
    const child = spawn(program ?? '', args, {
      cwd: context.cwd,
      env: context.env,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(context.user ?? {}),
    });
    const group = child.pid;
    if (group) this.reaper.add(group);
    child.stdin.on('error', () => {});
    if (!wants('input') && !wants('stdin')) child.stdin.end();
    child.stdout.on('data', (chunk: Buffer) => send(STDOUT, chunk));
    child.stderr.on('data', (chunk: Buffer) =>
      send(wants('tty') ? STDOUT : STDERR, chunk),
    );
    child.on('error', error =>
      finish({
        status: 'Failure',
        reason: 'InternalError',
        code: 500,
        message: `cannot run ${program}: ${error.message}`,
      }),
    );
    child.on('close', (code, signal) => {
      if (group) this.reaper.remove(group);
      if (code === 0) {
        finish({ status: 'Success' });
        return;
      }
      const exit = String(code ?? (signal === 'SIGKILL' ? 137 : 143));
      finish({
        status: 'Failure',
        reason: 'NonZeroExitCode',
        message: `command terminated with non-zero exit code: exit status ${exit}`,
        details: { causes: [{ reason: 'ExitCode', message: exit }] },
      });
    });
    socket.on('message', (data: Buffer) => {
      const channel = data[0];
      if (channel === STDIN) child.stdin.write(data.subarray(1));
      else if (channel === CLOSE && data[1] === STDIN) child.stdin.end();
      else if (channel === RESIZE) return;
    });
    socket.on('close', () => {
      if (group && child.exitCode === null && child.signalCode === null) {
        try {
          process.kill(-group, 'SIGKILL');
        } catch {
          // It has just ended by itself.
        }
      }
    });
  }
}
