import { createServer } from 'node:net';

const taken = new Set<number>();

/** A TCP port of 127.0.0.1 that nobody listens on and that was not handed out before. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = await new Promise<number>((resolve, reject) => {
      const server = createServer();
      server.on('error', reject);
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        server.close(() =>
          resolve(typeof address === 'object' ? address?.port ?? 0 : 0),
        );
      });
    });
    if (!taken.has(port)) {
      taken.add(port);
      return port;
    }
  }
}

/** Lets the port be handed out again. */
export function releasePort(port: number): void {
  taken.delete(port);
}
