import { createServer, IncomingMessage, ServerResponse } from 'node:http';
import { AddressInfo } from 'node:net';
import { createHash } from 'node:crypto';

interface StoredObject {
  data: Buffer;
  modified: Date;
  headers: Record<string, string>;
}

/** A bucket service on a loopback port, with the calls that a repository needs and faults on demand. */
export interface S3Server {
  readonly url: string;
  readonly objects: Map<string, StoredObject>;
  readonly requests: string[];
  /** Status codes for the next requests, instead of answers. */
  readonly faults: number[];
  close(): Promise<void>;
}

const escapeXml = (text: string) =>
  text.replace(/[&<>"]/g, c => `&#${c.charCodeAt(0)};`);

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const raw = Buffer.concat(parts);
  if (!String(request.headers['x-amz-content-sha256']).startsWith('STREAMING-'))
    return raw;
  // aws-chunked: "<hex size>;chunk-signature=…\r\n<data>\r\n" until a chunk of size 0.
  const data: Buffer[] = [];
  for (let at = 0; ; ) {
    const end = raw.indexOf('\r\n', at);
    const size = parseInt(raw.toString('latin1', at, end), 16);
    if (!size) return Buffer.concat(data);
    data.push(raw.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
}

/** Starts the service with one bucket named `bucket`. */
export async function startS3Server(pageSize = 1000): Promise<S3Server> {
  const objects = new Map<string, StoredObject>();
  const requests: string[] = [];
  const faults: number[] = [];

  function fail(response: ServerResponse, status: number, code: string) {
    response.writeHead(status, { 'content-type': 'application/xml' });
    response.end(
      `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`,
    );
  }

  function list(response: ServerResponse, query: URLSearchParams) {
    const prefix = query.get('prefix') ?? '';
    const after = query.get('continuation-token') ?? '';
    const keys = [...objects.keys()]
      .filter(
        key =>
          key.startsWith(prefix) &&
          !key.slice(prefix.length).includes('/') &&
          key > after,
      )
      .sort();
    const page = keys.slice(0, pageSize);
    const truncated = keys.length > page.length;
    const contents = page.map(key => {
      const { data, modified } = objects.get(key)!;
      return `<Contents><Key>${escapeXml(
        key,
      )}</Key><LastModified>${modified.toISOString()}</LastModified><ETag>&quot;x&quot;</ETag><Size>${
        data.length
      }</Size></Contents>`;
    });
    response.writeHead(200, { 'content-type': 'application/xml' });
    response.end(
      `<?xml version="1.0"?><ListBucketResult><Name>bucket</Name><KeyCount>${
        page.length
      }</KeyCount><IsTruncated>${truncated}</IsTruncated>${
        truncated
          ? `<NextContinuationToken>${escapeXml(
              page[page.length - 1],
            )}</NextContinuationToken>`
          : ''
      }${contents.join('')}</ListBucketResult>`,
    );
  }

  async function answer(request: IncomingMessage, response: ServerResponse) {
    const url = new URL(request.url ?? '/', 'http://s3');
    const [, bucket, ...rest] = url.pathname.split('/');
    const key = decodeURIComponent(rest.join('/'));
    requests.push(`${request.method} ${key || `?${url.searchParams}`}`);
    const body = await bodyOf(request);
    const fault = faults.shift();
    if (fault)
      return fail(
        response,
        fault,
        fault === 503 ? 'SlowDown' : 'InternalError',
      );
    if (bucket !== 'bucket') return fail(response, 404, 'NoSuchBucket');
    if (!key && url.searchParams.has('location')) {
      response.writeHead(200, { 'content-type': 'application/xml' });
      return response.end(
        '<?xml version="1.0"?><LocationConstraint>us-east-1</LocationConstraint>',
      );
    }
    if (!key) return list(response, url.searchParams);
    const found = objects.get(key);
    if (request.method === 'PUT') {
      if (url.searchParams.has('retention')) {
        if (!found) return fail(response, 404, 'NoSuchKey');
        found.headers['x-retention'] = body.toString('utf8');
        response.writeHead(200);
        return response.end();
      }
      const md5 = request.headers['content-md5'];
      if (md5 && createHash('md5').update(body).digest('base64') !== md5)
        return fail(response, 400, 'BadDigest');
      objects.set(key, {
        data: body,
        modified: new Date(),
        headers: { ...(request.headers as Record<string, string>) },
      });
      response.writeHead(200, {
        etag: `"${createHash('md5').update(body).digest('hex')}"`,
      });
      return response.end();
    }
    if (request.method === 'DELETE') {
      objects.delete(key);
      response.writeHead(204);
      return response.end();
    }
    if (!found) return fail(response, 404, 'NoSuchKey');
    const headers = {
      'last-modified': found.modified.toUTCString(),
      etag: '"x"',
      'accept-ranges': 'bytes',
    };
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    if (range) {
      const from = Number(range[1]);
      if (from >= found.data.length) return fail(response, 416, 'InvalidRange');
      const part = found.data.subarray(
        from,
        range[2] ? Number(range[2]) + 1 : undefined,
      );
      response.writeHead(206, {
        ...headers,
        'content-length': part.length,
        'content-range': `bytes ${from}-${from + part.length - 1}/${
          found.data.length
        }`,
      });
      return response.end(part);
    }
    response.writeHead(200, {
      ...headers,
      'content-length': found.data.length,
    });
    return response.end(request.method === 'HEAD' ? undefined : found.data);
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    requests,
    faults,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
