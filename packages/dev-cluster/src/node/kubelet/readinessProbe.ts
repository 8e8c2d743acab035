import http from 'node:http';
import { connect } from 'node:net';
import { V1Probe } from '@kubernetes/client-node';
import { Container } from '../controllers/Workload';

/** The number of a container port that a probe names. */
export function probePort(
  container: Container,
  port: number | string,
): number | undefined {
  if (typeof port === 'number') return port;
  return container.ports?.find(each => each.name === port)?.containerPort;
}

/** Asks once whether the container is ready; probes of other kinds count as passed. */
export async function passesProbe(
  probe: V1Probe,
  container: Container,
  realPort: (containerPort: number) => number | undefined,
): Promise<boolean> {
  const timeout = (probe.timeoutSeconds ?? 1) * 1000;
  const wanted = probe.httpGet?.port ?? probe.tcpSocket?.port;
  if (wanted === undefined) return true;
  const containerPort = probePort(container, wanted as number | string);
  if (containerPort === undefined) return false;
  const port = realPort(containerPort) ?? containerPort;
  if (probe.tcpSocket) {
    return new Promise(resolve => {
      const socket = connect(port, '127.0.0.1');
      const end = (passed: boolean) => {
        socket.destroy();
        resolve(passed);
      };
      socket.setTimeout(timeout, () => end(false));
      socket.on('connect', () => end(true));
      socket.on('error', () => end(false));
    });
  }
  return new Promise(resolve => {
    const request = http.get(
      { host: '127.0.0.1', port, path: probe.httpGet?.path ?? '/', timeout },
      response => {
        response.resume();
        const code = response.statusCode ?? 0;
        resolve(code >= 200 && code < 400);
      },
    );
    request.on('timeout', () => request.destroy(new Error('time-out')));
    request.on('error', () => resolve(false));
  });
}
