import { IncomingMessage, ServerResponse } from 'node:http';
import { stringify as toYaml } from 'yaml';
import { StatusError } from '../StatusError';

export function sendJson(
  response: ServerResponse,
  code: number,
  value: unknown,
  options: { format?: 'json' | 'yaml'; warnings?: string[] } = {},
) {
  const yaml = options.format === 'yaml';
  const text = yaml
    ? toYaml(JSON.parse(JSON.stringify(value)))
    : `${JSON.stringify(value)}\n`;
  const body = Buffer.from(text, 'utf8');
  for (const warning of options.warnings ?? []) {
    response.appendHeader(
      'Warning',
      `299 - ${JSON.stringify(warning.replace(/[\r\n]/g, ' '))}`,
    );
  }
  response.writeHead(code, {
    'Content-Type': yaml ? 'application/yaml' : 'application/json',
    'Content-Length': body.length,
    'Cache-Control': 'no-cache, private',
  });
  response.end(body);
}

export function sendText(response: ServerResponse, code: number, text: string) {
  response.writeHead(code, {
    'Content-Type': 'text/plain; charset=utf-8',
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(text);
}

export function asStatusError(error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new StatusError(
    500,
    'InternalError',
    `Internal error occurred: ${message}`,
    { causes: [{ reason: 'UnexpectedServerResponse', message }] },
  );
}

/** An error before, or as well as may be after, the answer has begun. */
export function sendError(response: ServerResponse, error: unknown) {
  const status = asStatusError(error);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const retry = status.details?.retryAfterSeconds;
  if (retry) response.setHeader('Retry-After', String(retry));
  sendJson(response, status.code, status.toStatus());
}

const bodyLimit = 3 * 1024 * 1024;

/** The whole request body. Throws 413 over the real server's limit of 3 MiB. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyLimit) {
      throw new StatusError(
        413,
        'RequestEntityTooLarge',
        `Request entity too large: limit is ${bodyLimit}`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
