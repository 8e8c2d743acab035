import { randomUUID } from 'node:crypto';
import { createServer, Server } from 'node:https';
import { AddressInfo } from 'node:net';
import { Duplex } from 'node:stream';
import { ApiContext, timestamp } from './ApiContext';
import { selfSignedCertificate } from '../selfSignedCertificate';
import { RoleBasedAccess } from './auth/rbac';
import { Tokens } from './auth/Tokens';
import { bootstrap } from './bootstrap';
import { DefinitionController } from './crd/DefinitionController';
import { ApiHandler } from './http/ApiHandler';
import { attributesOf, authorize } from './http/authorize';
import { parseResourcePath } from './http/requestInfo';
import { refuseUpgrade, serveUpgrade } from './proxy/serveUpgrade';
import { ResourceRegistry } from './resources/ResourceRegistry';
import { ObjectStorage } from './storage/ObjectStorage';
import { StateFolder } from './storage/StateFolder';
import { KubeObject } from './KubeObject';

export interface ApiServerOptions {
  /** TCP port on 127.0.0.1; 0 takes a free one. */
  port: number;
  /** Folder in which the objects are kept; without it they are lost at the end. */
  stateDirectory?: string;
  /** How many changes of each resource a watch can look back on (default 5000). */
  watchWindow?: number;
  clock?: () => Date;
}

export interface RunningApiServer {
  /** `https://127.0.0.1:PORT` */
  url: string;
  /** Bearer token of an administrator, new at each start. */
  token: string;
  /** PEM of the certificate that clients have to trust. */
  certificateAuthority: string;
  /** A kubeconfig file's content for the administrator. */
  kubeconfig: string;
  /** Bearer token that the server shows to kubelets. */
  kubeletToken: string;
  /** Ends all connections and closes the state folder. */
  stop(): Promise<void>;
}

const defaultWindow = 5000;

/** Starts the API server part of the embedded cluster on 127.0.0.1. */
export async function startApiServer(
  options: ApiServerOptions,
): Promise<RunningApiServer> {
  const clock = options.clock ?? (() => new Date());
  const folder =
    options.stateDirectory === undefined
      ? undefined
      : new StateFolder(options.stateDirectory);
  const storage = new ObjectStorage({
    windowSize: options.watchWindow ?? defaultWindow,
    onChange: folder && ((name, change) => folder.append(name, change)),
  });
  const kept = folder?.read();
  if (kept) storage.load(kept.revision, kept.objects);
  folder?.start(storage.revision, kept?.objects ?? []);
  const registry = new ResourceRegistry();
  const definitions = new DefinitionController(storage, registry, () =>
    timestamp(clock()),
  );
  const access = new RoleBasedAccess(storage);
  const tokens = new Tokens(storage, clock);
  const context: ApiContext = {
    storage,
    registry,
    clock,
    newUid: randomUUID,
    checkEscalation: (user, object: KubeObject, collection) =>
      access.checkEscalation(user, object, collection),
    onDefinitionChange: () => definitions.sync(),
  };
  definitions.sync();
  bootstrap(context);
  storage.compact();
  const handler = new ApiHandler(context, access, tokens);
  const certificate = selfSignedCertificate(clock());
  const server = createServer(certificate, (request, response) =>
    handler.handle(request, response),
  );
  server.keepAliveTimeout = 60_000;
  const upgraded = new Set<Duplex>();
  server.on('upgrade', (request, socket, head) => {
    upgraded.add(socket);
    socket.on('close', () => upgraded.delete(socket));
    socket.on('error', () => socket.destroy());
    try {
      const url = new URL(request.url ?? '/', 'http://localhost');
      const info = parseResourcePath(url.pathname);
      const user = handler.authenticate(request);
      authorize(
        access,
        user,
        attributesOf(
          request.method ?? 'GET',
          url.pathname,
          info,
          url.searchParams,
        ),
      );
      serveUpgrade(
        context,
        tokens,
        info,
        url.searchParams,
        request,
        socket,
        head,
      );
    } catch (error) {
      refuseUpgrade(socket, error);
    }
  });
  const port = await listen(server, options.port);
  const url = `https://127.0.0.1:${port}`;
  return {
    url,
    token: tokens.admin,
    certificateAuthority: certificate.cert,
    kubeconfig: kubeconfigFor(url, tokens.admin, certificate.cert),
    kubeletToken: tokens.kubelet,
    stop: async () => {
      await close(server, upgraded);
      folder?.close();
    },
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** Upgraded connections are no longer the server's own: they are remembered and ended here. */
function close(server: Server, upgraded: Set<Duplex>): Promise<void> {
  return new Promise(resolve => {
    server.close(() => resolve());
    server.closeAllConnections();
    for (const socket of upgraded) socket.destroy();
  });
}

/** A kubeconfig file's content for one user with a token. */
export function kubeconfigFor(
  server: string,
  token: string,
  certificateAuthority: string,
  namespace = 'default',
): string {
  const name = 'dev-cluster';
  return `${JSON.stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name,
          cluster: {
            server,
            'certificate-authority-data':
              Buffer.from(certificateAuthority).toString('base64'),
          },
        },
      ],
      users: [{ name, user: { token } }],
      contexts: [{ name, context: { cluster: name, user: name, namespace } }],
      'current-context': name,
    },
    undefined,
    2,
  )}\n`;
}
