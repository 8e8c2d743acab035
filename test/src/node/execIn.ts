import { readFileSync } from 'node:fs';
import WebSocket from 'ws';

/** Runs a command in a container by WebSocket, with the administrator's rights of a kubeconfig in JSON. */
export function execIn(
  kubeconfig: string,
  pod: { namespace: string; name: string; container: string },
  command: string[],
): Promise<{ stdout: string; stderr: string; status: string }> {
  const { clusters, users } = JSON.parse(readFileSync(kubeconfig, 'utf8'));
  const { cluster } = clusters[0];
  const url = new URL(
    `/api/v1/namespaces/${pod.namespace}/pods/${pod.name}/exec`,
    cluster.server.replace(/^https/, 'wss'),
  );
  url.search = new URLSearchParams([
    ['container', pod.container],
    ['stdout', 'true'],
    ['stderr', 'true'],
    ...command.map(word => ['command', word]),
  ]).toString();
  const socket = new WebSocket(
    url,
    ['v5.channel.k8s.io', 'v4.channel.k8s.io'],
    {
      ca: Buffer.from(cluster['certificate-authority-data'], 'base64'),
      headers: { authorization: `Bearer ${users[0].user.token}` },
    },
  );
  const outputs = ['', '', '', ''];
  socket.on('message', (data: Buffer) => {
    outputs[data[0]] += data.subarray(1).toString();
  });
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('unexpected-response', (_request, response) => {
      let body = '';
      response.on('data', chunk => (body += chunk));
      response.on('end', () =>
        reject(new Error(`${response.statusCode} ${body}`)),
      );
    });
    socket.on('close', () => {
      const [, stdout, stderr, status] = outputs;
      resolve({ stdout, stderr, status });
    });
  });
}
