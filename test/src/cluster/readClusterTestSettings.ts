/** What `npm run test:cluster` was told. */
export interface ClusterTestSettings {
  kubeconfig: string;
  storageClass: string;
  /** Absent: the storage has no snapshots, and the stories about them are skipped. */
  snapshotClass?: string;
  moverImage: string;
  storage: StorageSettings;
  controlNamespace: string;
  /** The kubelet's folder of pods; found out from a pod when absent. */
  hostPodsPath?: string;
  /** Leaves everything as it is at the end. */
  keep: boolean;
}

/** A bucket and the keys to it. */
export interface StorageSettings {
  bucket: string;
  prefix?: string;
  endpoint?: string;
  region: string;
  /** File with PEM certificates of the endpoint's authority. */
  caFile?: string;
  accessKey: string;
  secretKey: string;
}

/**
 * Reads the settings that `scripts/commands/test-cluster.mjs` passes on.
 *
 * @throws Error that names what is missing
 */
export function readSettings(
  environment: NodeJS.ProcessEnv = process.env,
): ClusterTestSettings {
  const text = environment.LIFEBOAT_CLUSTER_TEST;
  if (!text) {
    throw new Error('These stories are started by: npm run test:cluster');
  }
  const given = JSON.parse(text) as {
    [name: string]: string | boolean | undefined;
  };
  const option = (name: string) => given[name] as string | undefined;
  const needed = (name: string) => {
    const value = option(name);
    if (!value) throw new Error(`--${name} is missing`);
    return value;
  };
  const keys = (name: string) => {
    const value = environment[name];
    if (!value) throw new Error(`${name} is not set`);
    return value;
  };
  return {
    kubeconfig: needed('kubeconfig'),
    storageClass: needed('storage-class'),
    snapshotClass: option('snapshot-class'),
    moverImage: needed('mover-image'),
    controlNamespace: option('namespace') ?? 'openshift-adp',
    hostPodsPath: option('host-pods-path'),
    keep: given.keep === true,
    storage: {
      ...readStorage(needed('storage')),
      accessKey: keys('AWS_ACCESS_KEY_ID'),
      secretKey: keys('AWS_SECRET_ACCESS_KEY'),
    },
  };
}

/** Reads `s3://bucket/prefix?endpoint=…&region=…&ca=FILE`. */
export function readStorage(
  text: string,
): Omit<StorageSettings, 'accessKey' | 'secretKey'> {
  const url = new URL(text);
  if (url.protocol !== 's3:' || !url.hostname) {
    throw new Error(
      `--storage is s3://bucket/prefix?endpoint=URL, not "${text}"`,
    );
  }
  const known = ['endpoint', 'region', 'ca'];
  const unknown = [...url.searchParams.keys()].filter(
    key => !known.includes(key),
  );
  if (unknown.length > 0) {
    throw new Error(
      `--storage does not know ${unknown.join(', ')}; ${known.join(', ')} do`,
    );
  }
  const parameter = (name: string) => url.searchParams.get(name) ?? undefined;
  const prefix = decodeURIComponent(url.pathname).replace(/^\/+|\/+$/g, '');
  return {
    bucket: url.hostname,
    ...(prefix && { prefix }),
    endpoint: parameter('endpoint')?.replace(/\/+$/, ''),
    region: parameter('region') ?? 'us-east-1',
    caFile: parameter('ca'),
  };
}
