import express from 'express';
import Router from 'express-promise-router';
import http from 'node:http';
import https from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';

const timeoutMs = 10_000;

/** Whether a namespace fits one of the names, in which `*` stands for any characters. */
export function isDemoNamespace(
  namespace: string,
  patterns: readonly string[],
): boolean {
  if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(namespace)) return false;
  return patterns.some(pattern =>
    new RegExp(
      `^${pattern
        .split('*')
        .map(part => part.replace(/[^a-z0-9-]/g, '\\$&'))
        .join('.*')}$`,
    ).test(namespace),
  );
}

/** Routes `/<namespace>/<path>` to the application's service in that namespace. Only GET and HEAD. */
export function createDemoPagesRouter(options: {
  kubeconfig: string;
  namespaces: readonly string[];
  service: string;
}): express.Router {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(options.kubeconfig);
  const server = kubeConfig.getCurrentCluster()?.server;
  if (!server) {
    throw new Error(`${options.kubeconfig} has no current cluster`);
  }

  const router = Router();
  router.get('/:namespace', (req, res, next) => {
    if (req.originalUrl.endsWith('/')) next();
    else res.redirect(`${req.baseUrl}/${req.params.namespace}/`);
  });
  router.use('/:namespace', async (req, res) => {
    const { namespace } = req.params;
    if (!isDemoNamespace(namespace, options.namespaces)) {
      res.status(404).type('text').send('No such page in the demo.');
      return;
    }
    if (req.method !== 'GET' && req.method !== 'HEAD') {
      res.status(405).type('text').send('The demo only shows pages.');
      return;
    }
    const url = new URL(
      `${server}/api/v1/namespaces/${namespace}/services/${options.service}/proxy${req.url}`,
    );
    const requestOptions: https.RequestOptions = {
      method: req.method,
      headers: { accept: req.headers.accept ?? '*/*' },
      timeout: timeoutMs,
    };
    await kubeConfig.applyToHTTPSOptions(requestOptions);
    const upstream = (url.protocol === 'https:' ? https : http).request(
      url,
      requestOptions,
      response => {
        res.status(response.statusCode ?? 502);
        const type = response.headers['content-type'];
        if (type) res.setHeader('content-type', type);
        response.pipe(res);
      },
    );
    upstream.on('timeout', () => upstream.destroy(new Error('timed out')));
    upstream.on('error', error => {
      if (res.headersSent) res.destroy();
      else {
        res
          .status(502)
          .type('text')
          .send(
            `The application in ${namespace} does not answer: ${error.message}`,
          );
      }
    });
    res.on('close', () => upstream.destroy());
    upstream.end();
  });
  return router;
}
