import { V1EnvVar } from '@kubernetes/client-node';
import { Resource } from '../api/Resource';
import { Container, Pod } from '../controllers/Workload';
import { ContainerConfigError } from './ContainerConfigError';

/** Reads objects that containers refer to. */
export interface References {
  configMap(name: string): (Resource & ConfigMapData) | undefined;
  secret(name: string): (Resource & SecretData) | undefined;
}

export interface ConfigMapData {
  data?: Record<string, string>;
  binaryData?: Record<string, string>;
}

export interface SecretData {
  data?: Record<string, string>;
}

/** Replaces `$(NAME)` by its value; `$$(NAME)` stays `$(NAME)`, unknown names stay as they are. */
export function expand(text: string, env: Record<string, string>): string {
  return text.replace(
    /\$\$\(|\$\(([^()]*)\)/g,
    (whole, name: string | undefined) => {
      if (name === undefined) return '$(';
      return name in env ? env[name] : whole;
    },
  );
}

/** The value of a downward API path, such as `metadata.labels['app']`. */
export function fieldOf(pod: Pod, path: string): string {
  const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (keyed) {
    return pod.metadata[keyed[1] as 'labels' | 'annotations']?.[keyed[2]] ?? '';
  }
  switch (path) {
    case 'metadata.name':
      return pod.metadata.name;
    case 'metadata.namespace':
      return pod.metadata.namespace ?? '';
    case 'metadata.uid':
      return pod.metadata.uid ?? '';
    case 'metadata.labels':
    case 'metadata.annotations':
      return Object.entries(
        pod.metadata[path.slice(9) as 'labels' | 'annotations'] ?? {},
      )
        .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
        .join('\n');
    case 'spec.nodeName':
      return pod.spec?.nodeName ?? '';
    case 'spec.serviceAccountName':
      return pod.spec?.serviceAccountName ?? 'default';
    case 'status.podIP':
    case 'status.podIPs':
    case 'status.hostIP':
    case 'status.hostIPs':
      return '127.0.0.1';
    default:
      throw new ContainerConfigError(`field ${path} is not supported`);
  }
}

function decode(text: string): string {
  return Buffer.from(text, 'base64').toString('utf8');
}

function valueFrom(
  variable: V1EnvVar,
  pod: Pod,
  references: References,
): string | undefined {
  const source = variable.valueFrom;
  if (source?.configMapKeyRef) {
    const { name = '', key, optional } = source.configMapKeyRef;
    const value = references.configMap(name)?.data?.[key];
    if (value === undefined && !optional) {
      throw new ContainerConfigError(
        references.configMap(name)
          ? `couldn't find key ${key} in ConfigMap ${pod.metadata.namespace}/${name}`
          : `configmap "${name}" not found`,
      );
    }
    return value;
  }
  if (source?.secretKeyRef) {
    const { name = '', key, optional } = source.secretKeyRef;
    const value = references.secret(name)?.data?.[key];
    if (value === undefined && !optional) {
      throw new ContainerConfigError(
        references.secret(name)
          ? `couldn't find key ${key} in Secret ${pod.metadata.namespace}/${name}`
          : `secret "${name}" not found`,
      );
    }
    return value === undefined ? undefined : decode(value);
  }
  if (source?.fieldRef) return fieldOf(pod, source.fieldRef.fieldPath);
  if (source?.resourceFieldRef) return '0';
  return undefined;
}

/**
 * The variables that a container's own definition asks for, in Kubernetes' order: envFrom, then env.
 *
 * @param realPath - applied to every value that does not come from `base`
 * @throws ContainerConfigError when a ConfigMap, a Secret or a key is missing.
 */
export function containerEnvironment(
  container: Container,
  pod: Pod,
  references: References,
  base: Record<string, string>,
  realPath: (value: string) => string = value => value,
): Record<string, string> {
  const env = { ...base };
  for (const source of container.envFrom ?? []) {
    const prefix = source.prefix ?? '';
    if (source.configMapRef) {
      const { name = '', optional } = source.configMapRef;
      const map = references.configMap(name);
      if (!map && !optional) {
        throw new ContainerConfigError(`configmap "${name}" not found`);
      }
      for (const [key, value] of Object.entries(map?.data ?? {})) {
        env[`${prefix}${key}`] = realPath(value);
      }
    }
    if (source.secretRef) {
      const { name = '', optional } = source.secretRef;
      const secret = references.secret(name);
      if (!secret && !optional) {
        throw new ContainerConfigError(`secret "${name}" not found`);
      }
      for (const [key, value] of Object.entries(secret?.data ?? {})) {
        env[`${prefix}${key}`] = realPath(decode(value));
      }
    }
  }
  for (const variable of container.env ?? []) {
    const value = variable.valueFrom
      ? valueFrom(variable, pod, references)
      : expand(variable.value ?? '', env);
    if (value !== undefined) env[variable.name] = realPath(value);
  }
  return env;
}
