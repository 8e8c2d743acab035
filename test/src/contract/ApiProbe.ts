import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';

export interface Answer {
  code: number;
  contentType: string;
  warnings: string[];
  text: string;
  /** The parsed body; undefined where it is not JSON. */
  body: unknown;
}

export interface Call {
  verb: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  /** An object is sent as JSON, a text as it is. */
  body?: unknown;
  contentType?: string;
  accept?: string;
  /** Another identity than the kubeconfig's; '' sends no credentials. */
  token?: string;
}

const timeoutMs = 30_000;

/** Talks to an API server in plain HTTP: nothing is retried, added or interpreted. */
export class ApiProbe {
  private readonly server: URL;
  private readonly agent: Agent;
  private readonly token: string;

  /** For a kubeconfig file in JSON with one cluster and one user with a token, as both servers write it. */
  constructor(kubeconfig: string) {
    const config = JSON.parse(readFileSync(kubeconfig, 'utf8'));
    const { cluster } = config.clusters[0];
    this.server = new URL(cluster.server);
    this.token = config.users[0].user.token;
    this.agent = new Agent({
      keepAlive: true,
      ca: Buffer.from(cluster['certificate-authority-data'], 'base64'),
    });
  }

  close() {
    this.agent.destroy();
  }

  call(call: Call): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      const outgoing = this.open(call, response => {
        response.on('data', chunk => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          resolve({
            code: response.statusCode ?? 0,
            contentType: response.headers['content-type'] ?? '',
            warnings: [response.headers.warning ?? []].flat().map(String),
            text,
            body: asJson(text),
          });
        });
      });
      outgoing.on('error', reject);
      outgoing.on('timeout', () =>
        outgoing.destroy(new Error(`no answer to ${call.verb} ${call.path}`)),
      );
      outgoing.end(bodyOf(call));
    });
  }

  /** Reads a watch until it has sent so many events, or ends; the events in order. */
  watch(
    call: Omit<Call, 'verb'>,
    count: number,
    onOpen: () => Promise<void> = async () => {},
  ): Promise<unknown[]> {
    return new Promise((resolve, reject) => {
      const events: unknown[] = [];
      let rest = '';
      const outgoing = this.open({ ...call, verb: 'GET' }, response => {
        response.setEncoding('utf8');
        const finish = () => {
          outgoing.destroy();
          resolve(events);
        };
        response.on('data', (text: string) => {
          const lines = (rest + text).split('\n');
          rest = lines.pop() ?? '';
          for (const line of lines) if (line) events.push(JSON.parse(line));
          if (events.length >= count) finish();
        });
        response.on('end', () => {
          if (rest.trim()) events.push(JSON.parse(rest));
          finish();
        });
        response.on('error', finish);
        onOpen().catch(reject);
      });
      outgoing.on('error', reject);
      outgoing.on('timeout', () =>
        outgoing.destroy(new Error(`watch ${call.path} gave ${events.length}`)),
      );
      outgoing.end();
    });
  }

  private open(
    call: Call,
    onAnswer: Parameters<typeof request>[2],
  ): ReturnType<typeof request> {
    const token = call.token ?? this.token;
    const body = bodyOf(call);
    return request(
      new URL(call.path, this.server),
      {
        agent: this.agent,
        method: call.verb,
        timeout: timeoutMs,
        headers: {
          Accept: call.accept ?? 'application/json',
          ...(token ? { Authorization: `Bearer ${token}` } : {}),
          ...(body === undefined
            ? {}
            : {
                'Content-Type': call.contentType ?? 'application/json',
                'Content-Length': Buffer.byteLength(body),
              }),
        },
      },
      onAnswer,
    );
  }
}

function bodyOf({ body }: Call): string | undefined {
  if (body === undefined || typeof body === 'string') return body;
  return JSON.stringify(body);
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
