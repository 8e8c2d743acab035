import {
  chown,
  lstat,
  mkdir,
  readdir,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import {
  V1ConfigMapVolumeSource,
  V1KeyToPath,
  V1ProjectedVolumeSource,
  V1SecretVolumeSource,
  V1Volume,
} from '@kubernetes/client-node';
import { Pod } from '../controllers/Workload';
import { ContainerConfigError } from './ContainerConfigError';
import { fieldOf, References } from './containerEnvironment';

/** What volumes need from outside. */
export interface VolumeSources extends References {
  /** The folder behind a claim. @throws ContainerConfigError when it is not bound. */
  claimFolder(claimName: string): Promise<string>;
  /** A token of the pod's service account. */
  token(audience: string | undefined, seconds: number): Promise<string>;
}

type Files = Map<string, Buffer>;

/** The volumes of one pod as folders, and its private root in which they are mounted. */
export class PodVolumes {
  readonly root: string;
  private readonly volumesDirectory: string;

  constructor(
    private readonly directory: string,
    private readonly owner?: { uid: number; gid: number },
  ) {
    this.root = join(directory, 'root');
    this.volumesDirectory = join(directory, 'volumes');
  }

  /**
   * Creates and mounts every volume.
   *
   * @throws ContainerConfigError when something that a volume refers to is missing.
   */
  async prepare(pod: Pod, sources: VolumeSources): Promise<void> {
    await mkdir(this.root, { recursive: true });
    const folders = new Map<string, string>();
    for (const volume of pod.spec?.volumes ?? []) {
      folders.set(volume.name, await this.materialise(pod, volume, sources));
    }
    await mkdir(join(this.root, 'tmp'), { recursive: true });
    const containers = [
      ...(pod.spec?.initContainers ?? []),
      ...(pod.spec?.containers ?? []),
    ];
    const mounts = containers
      .flatMap(container => container.volumeMounts ?? [])
      .sort((a, b) => a.mountPath.length - b.mountPath.length);
    for (const mount of mounts) {
      const folder = folders.get(mount.name);
      if (folder === undefined) {
        throw new ContainerConfigError(`volume "${mount.name}" is not defined`);
      }
      const source = mount.subPath
        ? join(folder, relativePath(mount.subPath))
        : folder;
      if (mount.subPath && !(await exists(source))) {
        await mkdir(source, { recursive: true });
      }
      const target = join(this.root, relativePath(mount.mountPath));
      if (!(await exists(target))) {
        await mkdir(dirname(target), { recursive: true });
        await symlink(source, target);
      }
    }
    await this.own(this.root);
  }

  /** Writes changed ConfigMaps and Secrets into mounted volumes; what has vanished stays as it was. */
  async refresh(pod: Pod, sources: VolumeSources): Promise<void> {
    for (const volume of pod.spec?.volumes ?? []) {
      if (volume.configMap || volume.secret) {
        await this.materialise(pod, volume, sources).catch(error => {
          if (!(error instanceof ContainerConfigError)) throw error;
        });
      }
    }
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }

  private async own(path: string): Promise<void> {
    if (this.owner) await chown(path, this.owner.uid, this.owner.gid);
  }

  private async materialise(
    pod: Pod,
    volume: V1Volume,
    sources: VolumeSources,
  ): Promise<string> {
    const claim =
      volume.persistentVolumeClaim?.claimName ??
      (volume.ephemeral ? `${pod.metadata.name}-${volume.name}` : undefined);
    if (claim) return sources.claimFolder(claim);
    const folder = join(this.volumesDirectory, volume.name);
    await mkdir(folder, { recursive: true });
    await this.own(folder);
    if (volume.emptyDir) return folder;
    if (volume.configMap) {
      await this.write(folder, configMapFiles(volume.configMap, sources));
    } else if (volume.secret) {
      await this.write(
        folder,
        secretFiles(
          { ...volume.secret, name: volume.secret.secretName },
          sources,
        ),
      );
    } else if (volume.downwardAPI) {
      const files: Files = new Map();
      for (const item of volume.downwardAPI.items ?? []) {
        files.set(
          item.path,
          Buffer.from(
            item.fieldRef ? fieldOf(pod, item.fieldRef.fieldPath) : '0',
          ),
        );
      }
      await this.write(folder, files);
    } else if (volume.projected) {
      await this.write(
        folder,
        await projectedFiles(pod, volume.projected, sources),
      );
    } else {
      throw new ContainerConfigError(
        `volume "${volume.name}" has a kind that this node does not offer`,
      );
    }
    return folder;
  }

  private async write(folder: string, files: Files): Promise<void> {
    for (const [path, content] of files) {
      const file = join(folder, relativePath(path));
      await mkdir(dirname(file), { recursive: true });
      await writeFile(`${file}.new`, content, { mode: 0o600 });
      await this.own(`${file}.new`);
      await rename(`${file}.new`, file);
    }
    for (const name of await readdir(folder)) {
      const used = [...files.keys()].some(
        path => path === name || path.startsWith(`${name}/`),
      );
      if (!used) await rm(join(folder, name), { recursive: true, force: true });
    }
  }
}

function relativePath(path: string): string {
  const clean = normalize(`/${path}`);
  return clean.slice(1) || '.';
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

function pick(
  all: Files,
  items: V1KeyToPath[] | undefined,
  optional: boolean | undefined,
  what: string,
): Files {
  if (!items) return all;
  const picked: Files = new Map();
  for (const item of items) {
    const content = all.get(item.key);
    if (content) picked.set(item.path, content);
    else if (!optional) {
      throw new ContainerConfigError(
        `${what} references non-existent key ${item.key}`,
      );
    }
  }
  return picked;
}

function configMapFiles(
  source: Pick<V1ConfigMapVolumeSource, 'name' | 'items' | 'optional'>,
  references: References,
): Files {
  const map = references.configMap(source.name ?? '');
  if (!map && !source.optional) {
    throw new ContainerConfigError(
      `configmap "${source.name}" not found`,
      'ContainerCreating',
    );
  }
  const files: Files = new Map();
  for (const [key, value] of Object.entries(map?.data ?? {})) {
    files.set(key, Buffer.from(value));
  }
  for (const [key, value] of Object.entries(map?.binaryData ?? {})) {
    files.set(key, Buffer.from(value, 'base64'));
  }
  return pick(files, source.items, source.optional, `configmap ${source.name}`);
}

function secretFiles(
  source: Pick<V1SecretVolumeSource, 'items' | 'optional'> & { name?: string },
  references: References,
): Files {
  const secret = references.secret(source.name ?? '');
  if (!secret && !source.optional) {
    throw new ContainerConfigError(
      `secret "${source.name}" not found`,
      'ContainerCreating',
    );
  }
  const files: Files = new Map();
  for (const [key, value] of Object.entries(secret?.data ?? {})) {
    files.set(key, Buffer.from(value, 'base64'));
  }
  return pick(files, source.items, source.optional, `secret ${source.name}`);
}

async function projectedFiles(
  pod: Pod,
  volume: V1ProjectedVolumeSource,
  sources: VolumeSources,
): Promise<Files> {
  const files: Files = new Map();
  for (const source of volume.sources ?? []) {
    if (source.configMap) {
      configMapFiles(source.configMap, sources).forEach((content, path) =>
        files.set(path, content),
      );
    } else if (source.secret) {
      secretFiles(source.secret, sources).forEach((content, path) =>
        files.set(path, content),
      );
    } else if (source.serviceAccountToken) {
      const { audience, expirationSeconds, path } = source.serviceAccountToken;
      const token = await sources.token(audience, expirationSeconds ?? 3600);
      files.set(path, Buffer.from(token));
    } else if (source.downwardAPI) {
      for (const item of source.downwardAPI.items ?? []) {
        const field = item.fieldRef?.fieldPath;
        files.set(item.path, Buffer.from(field ? fieldOf(pod, field) : '0'));
      }
    }
  }
  return files;
}
