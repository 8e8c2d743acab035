import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { connect, createServer, Server } from 'node:net';
import { join } from 'node:path';
import { Service, targetsOf } from '../controllers/endpoints';
import { Informer, keyOf } from '../api/Informer';
import { Pod } from '../controllers/Workload';

interface Listener {
  server: Server;
  port: number;
}

/** Where a Service can be reached from processes of the node. */
export interface ServiceAddress {
  host: string;
  /** Port of the Service → real port on this machine. */
  ports: Record<string, number>;
  names: Record<string, number>;
}

/**
 * Gives every Service port a fixed real port on 127.0.0.1 that leads to the pods that are ready now,
 * and tells the processes by a file per namespace (in place of cluster DNS).
 */
export class ServiceProxy {
  private readonly listeners = new Map<string, Listener>();

  constructor(
    private readonly services: Informer<Service>,
    private readonly pods: Informer<Pod>,
    private readonly directory: string,
    private readonly log: (line: string) => void,
  ) {
    mkdirSync(directory, { recursive: true });
  }

  start(signal: AbortSignal): void {
    this.services.onChange((service, change) => {
      this.settle(service, change).catch(error =>
        this.log(`service proxy: ${(error as Error).message}`),
      );
    });
    signal.addEventListener('abort', () => {
      for (const { server } of this.listeners.values()) server.close();
      this.listeners.clear();
    });
  }

  private async settle(
    service: Service,
    change: 'set' | 'deleted',
  ): Promise<void> {
    const key = keyOf(service);
    const selects = Object.keys(service.spec?.selector ?? {}).length > 0;
    const wanted = new Set(
      change === 'set' && selects
        ? (service.spec?.ports ?? [])
            .filter(port => (port.protocol ?? 'TCP') === 'TCP')
            .map(port => `${key}:${port.port}`)
        : [],
    );
    for (const [name, { server }] of [...this.listeners]) {
      if (name.startsWith(`${key}:`) && !wanted.has(name)) {
        server.close();
        this.listeners.delete(name);
      }
    }
    for (const name of wanted) {
      if (!this.listeners.has(name)) await this.listen(name, key);
    }
    this.publish(service.metadata.namespace ?? '');
  }

  private async listen(name: string, key: string): Promise<void> {
    const servicePort = Number(name.slice(name.lastIndexOf(':') + 1));
    let turn = 0;
    const server = createServer(socket => {
      const targets = this.targets(key, servicePort);
      if (targets.length === 0) {
        socket.destroy();
        return;
      }
      turn += 1;
      const upstream = connect(targets[turn % targets.length], '127.0.0.1');
      socket.pipe(upstream);
      upstream.pipe(socket);
      socket.on('error', () => upstream.destroy());
      upstream.on('error', () => socket.destroy());
      socket.on('close', () => upstream.destroy());
      upstream.on('close', () => socket.destroy());
    });
    const entry: Listener = { server, port: 0 };
    this.listeners.set(name, entry);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        entry.port = typeof address === 'object' ? address?.port ?? 0 : 0;
        resolve();
      });
    });
  }

  private targets(key: string, servicePort: number): number[] {
    const service = this.services.get(key);
    if (!service) return [];
    const only: Service = {
      ...service,
      spec: {
        ...service.spec,
        ports: service.spec?.ports?.filter(port => port.port === servicePort),
      },
    };
    return targetsOf(only, this.pods.list(service.metadata.namespace))
      .filter(
        target => target.ready && target.pod.status?.podIP === '127.0.0.1',
      )
      .flatMap(target => target.ports.map(port => port.port));
  }

  /** The Services of a namespace by name. */
  addresses(namespace: string): Record<string, ServiceAddress> {
    const found: Record<string, ServiceAddress> = {};
    for (const service of this.services.list(namespace)) {
      const address: ServiceAddress = {
        host: '127.0.0.1',
        ports: {},
        names: {},
      };
      for (const port of service.spec?.ports ?? []) {
        const listener = this.listeners.get(`${keyOf(service)}:${port.port}`);
        if (listener?.port) {
          address.ports[String(port.port)] = listener.port;
          if (port.name) address.names[port.name] = listener.port;
        }
      }
      found[service.metadata.name] = address;
    }
    return found;
  }

  /** The file that tells the processes of a namespace where its Services are. */
  fileOf(namespace: string): string {
    return join(this.directory, `${namespace}.json`);
  }

  private publish(namespace: string): void {
    const file = this.fileOf(namespace);
    writeFileSync(
      `${file}.new`,
      JSON.stringify(this.addresses(namespace), undefined, 2),
    );
    renameSync(`${file}.new`, file);
  }

  /** `NAME_SERVICE_HOST` and `NAME_SERVICE_PORT…` as Kubernetes sets them. */
  environment(namespace: string): Record<string, string> {
    const env: Record<string, string> = {};
    for (const [name, address] of Object.entries(this.addresses(namespace))) {
      const prefix = name.toUpperCase().replace(/-/g, '_');
      const ports = Object.values(address.ports);
      if (ports.length > 0) {
        env[`${prefix}_SERVICE_HOST`] = address.host;
        env[`${prefix}_SERVICE_PORT`] = String(ports[0]);
        for (const [portName, port] of Object.entries(address.names)) {
          env[
            `${prefix}_SERVICE_PORT_${portName
              .toUpperCase()
              .replace(/-/g, '_')}`
          ] = String(port);
        }
      }
    }
    return env;
  }
}
