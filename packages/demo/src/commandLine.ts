import { parseArgs } from 'node:util';

export interface DemoOptions {
  port: number;
  once: boolean;
  kubeconfig?: string;
  storage?: S3Storage;
}

/** Object storage that `--storage` names. */
export interface S3Storage {
  bucket: string;
  prefix?: string;
  endpoint?: string;
  region: string;
}

export const usage = `npm run demo -- [--port 7007] [--once] [--kubeconfig FILE] [--storage s3://BUCKET/PREFIX?endpoint=URL&region=REGION]

  --port        port of the portal on localhost
  --once        do the run-through, then exit: 0 only if all is there
  --kubeconfig  use the cluster of this kubeconfig (its current context) instead of the embedded one
  --storage     keep backups in S3; credentials come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`;

/** @throws with what to write instead when an option is wrong. */
export function parseStorage(text: string): S3Storage {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new Error(
      `--storage ${text} is not a URL. Write for example s3://my-bucket/demo?endpoint=https://s3.example.com`,
    );
  }
  if (url.protocol !== 's3:' || !url.hostname) {
    throw new Error(
      `--storage ${text} must begin with s3:// and a bucket, for example s3://my-bucket/demo`,
    );
  }
  const prefix = url.pathname.replace(/^\/+|\/+$/g, '');
  const endpoint = url.searchParams.get('endpoint') ?? undefined;
  return {
    bucket: url.hostname,
    ...(prefix ? { prefix } : {}),
    ...(endpoint ? { endpoint } : {}),
    region: url.searchParams.get('region') ?? 'us-east-1',
  };
}

/** @throws with what to write instead when an argument is wrong. */
export function parseCommandLine(args: string[]): DemoOptions | 'help' {
  let values;
  try {
    ({ values } = parseArgs({
      args,
      options: {
        port: { type: 'string', default: '7007' },
        once: { type: 'boolean', default: false },
        kubeconfig: { type: 'string' },
        storage: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }));
  } catch (error) {
    throw new Error(`${(error as Error).message}\n\n${usage}`);
  }
  if (values.help) return 'help';
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new Error(`--port ${values.port} is not a port from 1 to 65535`);
  }
  return {
    port,
    once: values.once,
    ...(values.kubeconfig ? { kubeconfig: values.kubeconfig } : {}),
    ...(values.storage ? { storage: parseStorage(values.storage) } : {}),
  };
}
