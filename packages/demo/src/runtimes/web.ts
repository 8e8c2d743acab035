import { readFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { OrdersDatabase } from './OrdersDatabase';
import { ordersPage } from './ordersPage';
import { restoreOrigin } from './restoreOrigin';

const LONGEST_BODY = 10_000;
const DEFAULT_ROWS = 20;

function rowsPerPage(root: string): number {
  try {
    const page = JSON.parse(
      readFileSync(join(root, 'etc/orders/page.json'), 'utf8'),
    ) as { rowsPerPage?: number };
    return page.rowsPerPage ?? DEFAULT_ROWS;
  } catch {
    return DEFAULT_ROWS;
  }
}

async function readBody(request: http.IncomingMessage): Promise<string> {
  let text = '';
  request.setEncoding('utf8');
  for await (const chunk of request) {
    text += chunk;
    if (text.length > LONGEST_BODY) throw new Error('the order is too long');
  }
  return text;
}

/** The web server of the sample application. */
export function createWebServer(env: NodeJS.ProcessEnv): http.Server {
  const database = new OrdersDatabase(env);
  const root = env.LIFEBOAT_POD_ROOT ?? '/';

  async function place(
    request: http.IncomingMessage,
    response: http.ServerResponse,
  ): Promise<void> {
    try {
      const { customer, item, cents } = JSON.parse(await readBody(request)) as {
        customer: string;
        item: string;
        cents: number;
      };
      const id = await database.place(String(customer), String(item), cents);
      response.writeHead(201, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ id }));
    } catch (error) {
      response.writeHead(503, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ message: (error as Error).message }));
    }
  }

  async function inspect(response: http.ServerResponse): Promise<void> {
    try {
      const inspection = await database.inspect();
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(inspection));
    } catch (error) {
      response.writeHead(503, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ message: (error as Error).message }));
    }
  }

  async function show(response: http.ServerResponse): Promise<void> {
    const [view, restore] = await Promise.all([
      database.read(rowsPerPage(root)),
      restoreOrigin(env),
    ]);
    response.writeHead(view.state === 'unreachable' ? 503 : 200, {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
    });
    response.end(
      ordersPage({
        greeting: env.GREETING ?? 'Orders',
        namespace: env.NAMESPACE ?? '',
        podName: env.POD_NAME ?? '',
        restore,
        view,
      }),
    );
  }

  return http.createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://web');
    if (pathname === '/healthz') {
      response.end('ok\n');
    } else if (pathname === '/orders' && request.method === 'POST') {
      void place(request, response);
    } else if (pathname === '/database' && request.method === 'GET') {
      void inspect(response);
    } else if (pathname === '/' && request.method !== 'POST') {
      void show(response);
    } else {
      response.writeHead(404, { 'content-type': 'text/plain' });
      response.end('There is no such page.\n');
    }
  });
}

if (require.main === module) {
  const server = createWebServer(process.env);
  const port = Number(process.env.PORT_8080 ?? 8080);
  const host = process.env.POD_IP === '127.0.0.1' ? '127.0.0.1' : undefined;
  server.listen(port, host, () => {
    process.stdout.write(`web listens on port ${port}\n`);
  });
  process.on('SIGTERM', () => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
    setTimeout(() => process.exit(0), 3_000).unref();
  });
}
