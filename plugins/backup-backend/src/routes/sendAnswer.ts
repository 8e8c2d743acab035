import { createHash } from 'node:crypto';
import type { Request, Response } from 'express';

/** ETag of an answer: changes exactly when its content does. */
export function etagOf(text: string): string {
  return `W/"${createHash('sha256')
    .update(text)
    .digest('base64url')
    .slice(0, 27)}"`;
}

/**
 * Sends an answer as JSON. Answers to GET have an ETag, and a client that has
 * the same one gets 304. Express' own check is not used: it ignores the ETag
 * when the browser asks to pass its cache, which fetch does by itself as soon as
 * a page sets If-None-Match.
 */
export function sendAnswer(
  request: Request,
  response: Response,
  status: number,
  answer: unknown,
): void {
  if (answer === undefined) {
    response.status(status).end();
    return;
  }
  const text = JSON.stringify(answer);
  response.setHeader('Cache-Control', 'private, no-cache');
  if (request.method === 'GET') {
    const etag = etagOf(text);
    response.setHeader('ETag', etag);
    if (matches(request.headers['if-none-match'], etag)) {
      response.status(304).end();
      return;
    }
  }
  response
    .status(status)
    .setHeader('Content-Type', 'application/json; charset=utf-8')
    .end(text);
}

function matches(header: string | undefined, etag: string): boolean {
  const strip = (tag: string) => tag.trim().replace(/^W\//, '');
  return (header ?? '').split(',').map(strip).includes(strip(etag));
}
