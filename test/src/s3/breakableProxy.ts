import net, { type AddressInfo } from 'node:net';

/** A TCP proxy in front of a server that can be made to vanish. */
export interface BreakableProxy {
  /** The address of the server, with the proxy's port. */
  url: string;
  /** Lets this many more connections or answers begin, then drops everything; 0 at once. */
  breakAfter(exchanges: number): void;
  mend(): void;
  stop(): Promise<void>;
}

/**
 * Starts a proxy on 127.0.0.1. While it is broken, new connections are closed and old ones are cut off, as by a server that is
 * killed.
 */
export async function startBreakableProxy(
  target: string,
): Promise<BreakableProxy> {
  const { protocol, hostname, port } = new URL(target);
  const open = new Set<net.Socket>();
  let left = Infinity;

  const dropAll = () => {
    for (const socket of open) {
      socket.destroy();
    }
  };

  const server = net.createServer(incoming => {
    if (left <= 0) {
      incoming.destroy();
      return;
    }
    const outgoing = net.connect(Number(port), hostname);
    for (const socket of [incoming, outgoing]) {
      open.add(socket);
      socket.on('close', () => {
        open.delete(socket);
        incoming.destroy();
        outgoing.destroy();
      });
      // The other end hears of it by the close.
      socket.on('error', () => undefined);
    }
    incoming.on('data', () => {
      left -= 1;
      if (left <= 0) {
        dropAll();
      }
    });
    incoming.pipe(outgoing);
    outgoing.pipe(incoming);
  });
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `${protocol}//127.0.0.1:${(server.address() as AddressInfo).port}`,
    breakAfter(exchanges) {
      left = exchanges;
      if (left <= 0) {
        dropAll();
      }
    },
    mend() {
      left = Infinity;
    },
    async stop() {
      dropAll();
      await new Promise(resolve => {
        server.close(resolve);
      });
    },
  };
}
