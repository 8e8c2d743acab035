import express from 'express';
import http from 'node:http';
import { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDemoPagesRouter, isDemoNamespace } from './router';

function listen(server: http.Server): Promise<string> {
  return new Promise(resolve => {
    server.listen(0, '127.0.0.1', () =>
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    );
  });
}

describe('isDemoNamespace', () => {
  it.each([
    ['shop', true],
    ['shop-restore-1', true],
    ['payments', false],
    ['xshop', false],
    ['shop/../payments', false],
    ['', false],
  ])('%s: %s', (namespace, expected) => {
    expect(isDemoNamespace(namespace, ['shop', 'shop-*'])).toBe(expected);
  });
});

describe('createDemoPagesRouter', () => {
  const folder = mkdtempSync(join(tmpdir(), 'demo-pages-'));
  const cluster = http.createServer((req, res) => {
    res.setHeader('content-type', 'text/plain');
    res.end(`${req.headers.authorization} ${req.url}`);
  });
  let portal: http.Server;
  let base: string;

  beforeAll(async () => {
    const server = await listen(cluster);
    const kubeconfig = join(folder, 'kubeconfig');
    writeFileSync(
      kubeconfig,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [
          { name: 'c', cluster: { server, 'insecure-skip-tls-verify': true } },
        ],
        users: [{ name: 'u', user: { token: 'secret' } }],
        contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
        'current-context': 'x',
      }),
    );
    const app = express();
    app.use(
      '/demo',
      createDemoPagesRouter({
        kubeconfig,
        namespaces: ['shop', 'shop-*'],
        service: 'web:http',
      }),
    );
    portal = http.createServer(app);
    base = await listen(portal);
  });

  afterAll(() => {
    portal.close();
    cluster.close();
    rmSync(folder, { recursive: true });
  });

  it('asks the service proxy of the cluster with the credentials of the kubeconfig', async () => {
    const response = await fetch(`${base}/demo/shop/rows?page=2`);
    expect(await response.text()).toBe(
      'Bearer secret /api/v1/namespaces/shop/services/web:http/proxy/rows?page=2',
    );
  });

  it('adds the slash that relative links need', async () => {
    const response = await fetch(`${base}/demo/shop`, { redirect: 'manual' });
    expect(response.status).toBe(302);
    expect(response.headers.get('location')).toBe('/demo/shop/');
  });

  it.each(['/demo/payments/', '/demo/shop%2f..%2fpayments/'])(
    'shows nothing of %s',
    async path => {
      expect((await fetch(`${base}${path}`)).status).toBe(404);
    },
  );

  it('changes nothing', async () => {
    const response = await fetch(`${base}/demo/shop/`, { method: 'POST' });
    expect(response.status).toBe(405);
  });
});
