import { customResourceDefinitions } from '@lifeboat/velero-api';
import { Manifest } from '../application/Manifest';
import { consentingNamespace, silentNamespace } from '../application/namespace';
import { ordersApplication } from '../application/orders';
import {
  newsletterApplication,
  paymentsApplication,
  reportsApplication,
} from '../application/otherTeams';
import { promotionDefinition } from '../application/promotions';
import { ClusterApi, ClusterError } from './ClusterApi';
import { waitUntil } from './waitUntil';

const ESTABLISH_TIMEOUT_MS = 30_000;
const READY_TIMEOUT_MS = 90_000;
export const CONTROL_NAMESPACE = 'openshift-adp';
export const APPLICATION_NAMESPACE = 'shop';

export interface ApplicationSecrets {
  databasePassword: string;
  sessionKey: string;
  paymentsKey: string;
}

/** Creates the types that are absent. Installed ones are never overwritten. */
export async function installTypes(
  cluster: ClusterApi,
  signal: AbortSignal,
  more: Manifest[] = [],
): Promise<void> {
  const definitions = [
    ...(customResourceDefinitions as unknown as Manifest[]),
    promotionDefinition,
    ...more,
  ];
  const resource = 'customresourcedefinitions';
  const apiVersion = 'apiextensions.k8s.io/v1';
  for (const definition of definitions) {
    const { name } = definition.metadata;
    if (!(await cluster.find(apiVersion, resource, undefined, name))) {
      await cluster.apply(definition);
    }
  }
  for (const { metadata } of definitions) {
    await waitUntil(
      `the type ${metadata.name} to be served`,
      async () => {
        const found = await cluster.find(
          apiVersion,
          resource,
          undefined,
          metadata.name,
        );
        const { conditions = [] } = (found?.status ?? {}) as {
          conditions?: { type: string; status: string }[];
        };
        const established = conditions.some(
          each => each.type === 'Established' && each.status === 'True',
        );
        return established || undefined;
      },
      { timeoutMs: ESTABLISH_TIMEOUT_MS, everyMs: 50, signal },
    );
  }
}

/**
 * Creates the namespaces and applications of all components.
 *
 * @returns kind and name of what this cluster has no type for (Routes exist on OpenShift and in the embedded cluster)
 */
export async function installApplications(
  cluster: ClusterApi,
  secrets: ApplicationSecrets,
  signal: AbortSignal,
): Promise<string[]> {
  for (const namespace of [
    consentingNamespace(APPLICATION_NAMESPACE, ['component:default/orders']),
    consentingNamespace('reports', ['component:default/reports']),
    consentingNamespace('payments', ['component:default/payments']),
    silentNamespace('newsletter'),
  ]) {
    await cluster.apply(namespace);
  }
  const applications = [
    ...ordersApplication({ namespace: APPLICATION_NAMESPACE, ...secrets }),
    ...reportsApplication(),
    ...newsletterApplication(),
    ...paymentsApplication(secrets.paymentsKey),
  ];
  const served = new Set(
    (await cluster.types()).map(({ apiVersion, kind }) => apiVersion + kind),
  );
  const left: string[] = [];
  for (const manifest of applications) {
    if (
      manifest.kind === 'Route' &&
      !served.has(manifest.apiVersion + manifest.kind)
    ) {
      left.push(`${manifest.kind} ${manifest.metadata.name}`);
      continue;
    }
    await waitUntil(
      `${manifest.kind} ${manifest.metadata.name} to be accepted`,
      () => applySoon(cluster, manifest),
      { timeoutMs: ESTABLISH_TIMEOUT_MS, everyMs: 100, signal },
    );
  }
  return left;
}

/** A type that was just created may be unknown for a moment. */
async function applySoon(
  cluster: ClusterApi,
  manifest: Manifest,
): Promise<Manifest | undefined> {
  try {
    return await cluster.apply(manifest);
  } catch (error) {
    if (error instanceof ClusterError && error.code === 404) return undefined;
    throw error;
  }
}

/** Whether all pods of the application's workloads are ready. */
export async function isApplicationReady(
  cluster: ClusterApi,
  namespace: string,
): Promise<boolean> {
  const [web, database] = await Promise.all([
    cluster.find('apps/v1', 'deployments', namespace, 'web'),
    cluster.find('apps/v1', 'statefulsets', namespace, 'db'),
  ]);
  return [web, database].every(workload => {
    const wanted = (workload?.spec as { replicas?: number })?.replicas ?? 1;
    const status = workload?.status as { readyReplicas?: number } | undefined;
    return workload !== undefined && (status?.readyReplicas ?? 0) >= wanted;
  });
}

/** @throws when the application is not ready in time. */
export async function waitForApplication(
  cluster: ClusterApi,
  namespace: string,
  signal: AbortSignal,
  timeoutMs = READY_TIMEOUT_MS,
): Promise<void> {
  await waitUntil(
    `the application in namespace ${namespace} to be ready`,
    async () => (await isApplicationReady(cluster, namespace)) || undefined,
    { timeoutMs, signal },
  );
}
