import {
  chmod,
  chown,
  constants,
  lchown,
  lstat,
  mkdir,
  readdir,
  realpath,
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
import { Container, Pod } from '../controllers/Workload';
import { DEVICE } from '../driver/FolderDriver';
import { ContainerConfigError } from './ContainerConfigError';
import { fieldOf, References } from './containerEnvironment';
import { MountedPath } from './containerPaths';

/** What volumes need from outside. */
export interface VolumeSources extends References {
  /** The volume behind a claim. @throws ContainerConfigError when it is not bound. */
  claimVolume(claimName: string): Promise<ClaimVolume>;
  /** A folder of the node. @throws ContainerConfigError when pods may not see it. */
  hostPath(path: string, type: string | undefined): Promise<string>;
  /** A token of the pod's service account. */
  token(audience: string | undefined, seconds: number): Promise<string>;
}

/** A volume of the folder driver. */
export interface ClaimVolume {
  /** Name of the PersistentVolume. */
  name: string;
  handle: string;
  folder: string;
}

type Files = Map<string, Buffer>;

/** The volumes of one pod as folders, and its private root in which they are mounted. */
export class PodVolumes {
  readonly root: string;
  private readonly volumesDirectory: string;
  private readonly folders = new Map<string, string>();
  private readonly hostPaths = new Set<string>();
  /** Handles of the driver's volumes that the pod uses. */
  readonly handles = new Set<string>();
  /** Ends when nothing writes: Secrets and ConfigMaps may change while the volumes are being made. */
  private writing: Promise<void> = Promise.resolve();
  private removed = false;

  constructor(
    private readonly directory: string,
    private readonly owner?: { uid: number; gid: number },
    private readonly fsGroup?: number,
  ) {
    this.root = join(directory, 'root');
    this.volumesDirectory = join(directory, 'volumes');
  }

  /**
   * Creates and mounts every volume.
   *
   * @throws ContainerConfigError when something that a volume refers to is missing.
   */
  prepare(pod: Pod, sources: VolumeSources): Promise<void> {
    return this.inTurn(() => this.mountAll(pod, sources));
  }

  private inTurn(write: () => Promise<void>): Promise<void> {
    const turn = this.writing.then(async () => {
      if (!this.removed) await write();
    });
    this.writing = turn.catch(() => undefined);
    return turn;
  }

  private async mountAll(pod: Pod, sources: VolumeSources): Promise<void> {
    await mkdir(this.root, { recursive: true });
    for (const volume of pod.spec?.volumes ?? []) {
      const folder = await this.materialise(pod, volume, sources);
      this.folders.set(volume.name, await realpath(folder));
    }
    const containers = [
      ...(pod.spec?.initContainers ?? []),
      ...(pod.spec?.containers ?? []),
    ];
    const mounted: MountedPath[] = [];
    for (const container of containers) {
      mounted.push(...(await this.mountsOf(container)));
    }
    mounted.sort((a, b) => a.inside.length - b.inside.length);
    for (const { inside, real } of mounted) {
      await this.link(inside, real);
      // For programs that put the pod's root before a path which they were given: it is the real one by then.
      await this.link(real, real);
    }
    await mkdir(join(this.root, 'tmp'), { recursive: true });
    await this.own(this.root);
  }

  /**
   * The paths that a container sees, and what is behind each; call after `prepare`.
   *
   * @throws ContainerConfigError when a mount names no volume of the pod.
   */
  async mountsOf(container: Container): Promise<MountedPath[]> {
    const mounts: MountedPath[] = [];
    for (const mount of container.volumeMounts ?? []) {
      const folder = this.folderOf(mount.name);
      const real = mount.subPath
        ? join(folder, relativePath(mount.subPath))
        : folder;
      if (mount.subPath && !(await exists(real))) {
        await mkdir(real, { recursive: true });
        await this.own(real);
      }
      mounts.push({
        inside: mount.mountPath,
        real,
        followed: this.hostPaths.has(mount.name),
      });
    }
    for (const device of container.volumeDevices ?? []) {
      const real = join(this.folderOf(device.name), DEVICE);
      mounts.push({ inside: device.devicePath, real });
    }
    return mounts;
  }

  private folderOf(name: string): string {
    const folder = this.folders.get(name);
    if (folder === undefined) {
      throw new ContainerConfigError(`volume "${name}" is not defined`);
    }
    return folder;
  }

  private async link(inside: string, real: string): Promise<void> {
    const target = join(this.root, relativePath(inside));
    if (await exists(target)) return;
    await mkdir(dirname(target), { recursive: true });
    await symlink(real, target);
  }

  /** Writes changed ConfigMaps and Secrets into mounted volumes; what has vanished stays as it was. */
  refresh(pod: Pod, sources: VolumeSources): Promise<void> {
    return this.inTurn(async () => {
      for (const volume of pod.spec?.volumes ?? []) {
        // What is not mounted yet is made with what is there by then.
        if (
          (volume.configMap || volume.secret) &&
          this.folders.has(volume.name)
        ) {
          await this.materialise(pod, volume, sources).catch(error => {
            if (!(error instanceof ContainerConfigError)) throw error;
          });
        }
      }
    });
  }

  remove(): Promise<void> {
    return this.inTurn(async () => {
      this.removed = true;
      // Processes that were killed with their group may still be writing.
      await rm(this.directory, {
        recursive: true,
        force: true,
        maxRetries: 5,
        retryDelay: 100,
      });
    });
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
    if (claim) return this.mountClaim(await sources.claimVolume(claim));
    if (volume.hostPath) {
      this.hostPaths.add(volume.name);
      return sources.hostPath(volume.hostPath.path, volume.hostPath.type);
    }
    const folder = join(
      this.volumesDirectory,
      `kubernetes.io~${pluginOf(volume)}`,
      volume.name,
    );
    await mkdir(folder, { recursive: true });
    await this.own(folder);
    if (volume.emptyDir) {
      await chmod(folder, 0o777);
      return folder;
    }
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

  /** Kubelet's layout: volumes/kubernetes.io~csi/<volume>/mount. */
  private async mountClaim(volume: ClaimVolume): Promise<string> {
    const { name, handle, folder } = volume;
    const target = join(
      this.volumesDirectory,
      'kubernetes.io~csi',
      name,
      'mount',
    );
    if (!(await exists(target))) {
      await mkdir(dirname(target), { recursive: true });
      await symlink(folder, target);
    }
    if (this.fsGroup !== undefined && !this.handles.has(handle)) {
      await shareWithGroup(folder, this.fsGroup);
    }
    this.handles.add(handle);
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

function pluginOf(volume: V1Volume): string {
  if (volume.emptyDir) return 'empty-dir';
  if (volume.configMap) return 'configmap';
  if (volume.secret) return 'secret';
  return volume.downwardAPI ? 'downward-api' : 'projected';
}

/** Gives a volume to a group, as the kubelet does for `fsGroup`: readable and writable for it, folders setgid. */
async function shareWithGroup(path: string, group: number): Promise<void> {
  const { uid, mode } = await lstat(path);
  await lchown(path, uid, group);
  const kind = mode & constants.S_IFMT;
  if (kind === constants.S_IFLNK) return;
  const folder = kind === constants.S_IFDIR;
  await chmod(path, (mode & 0o7777) | (folder ? 0o2770 : 0o660));
  if (!folder) return;
  for (const name of await readdir(path)) {
    await shareWithGroup(join(path, name), group);
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
