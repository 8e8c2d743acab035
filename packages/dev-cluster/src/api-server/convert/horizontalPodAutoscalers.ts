import { KubeObject } from '../KubeObject';
import { isObject, JsonObject, objectAt } from '../json';
import { objects } from '../strategies/podDefaults';

function isCpuUtilization(metric: JsonObject): boolean {
  return (
    metric.type === 'Resource' &&
    objectAt(metric, 'resource').name === 'cpu' &&
    objectAt(metric, 'resource', 'target').averageUtilization !== undefined
  );
}

/** Annotations in which autoscaling/v1 carries what it has no fields for (pkg/apis/autoscaling/v1/conversion.go). */
const annotations = {
  metrics: 'autoscaling.alpha.kubernetes.io/metrics',
  behavior: 'autoscaling.alpha.kubernetes.io/behavior',
};

export function autoscalerToV2(object: KubeObject): KubeObject {
  const { targetCPUUtilizationPercentage, ...spec } = objectAt(object, 'spec');
  const { currentCPUUtilizationPercentage, ...status } = objectAt(
    object,
    'status',
  );
  const metadata = { ...object.metadata };
  const metrics: unknown[] = [];
  const kept = parsed(metadata.annotations?.[annotations.metrics]);
  if (Array.isArray(kept)) metrics.push(...kept);
  if (targetCPUUtilizationPercentage !== undefined) {
    metrics.push({
      type: 'Resource',
      resource: {
        name: 'cpu',
        target: {
          type: 'Utilization',
          averageUtilization: targetCPUUtilizationPercentage,
        },
      },
    });
  }
  const behavior = parsed(metadata.annotations?.[annotations.behavior]);
  if (metadata.annotations) {
    metadata.annotations = Object.fromEntries(
      Object.entries(metadata.annotations).filter(
        ([key]) => !Object.values(annotations).includes(key),
      ),
    );
  }
  return {
    ...object,
    metadata,
    apiVersion: 'autoscaling/v2',
    spec: {
      ...spec,
      ...(metrics.length > 0 ? { metrics } : {}),
      ...(isObject(behavior) ? { behavior } : {}),
    },
    status: { currentMetrics: null, desiredReplicas: 0, ...status },
  };
}

export function autoscalerToV1(object: KubeObject): KubeObject {
  const { metrics, behavior, ...spec } = objectAt(object, 'spec');
  const { currentMetrics, conditions, ...status } = objectAt(object, 'status');
  const cpu = objects(metrics).find(isCpuUtilization);
  const others = objects(metrics).filter(m => m !== cpu);
  const extra: { [name: string]: string } = {};
  if (others.length > 0) extra[annotations.metrics] = JSON.stringify(others);
  if (isObject(behavior)) {
    extra[annotations.behavior] = JSON.stringify(behavior);
  }
  const metadata = { ...object.metadata };
  if (Object.keys(extra).length > 0) {
    metadata.annotations = { ...metadata.annotations, ...extra };
  }
  return {
    ...object,
    metadata,
    apiVersion: 'autoscaling/v1',
    spec: {
      ...spec,
      ...(cpu
        ? {
            targetCPUUtilizationPercentage: objectAt(cpu, 'resource', 'target')
              .averageUtilization,
          }
        : {}),
    },
    status: { currentReplicas: 0, ...status },
  };
}

function parsed(text: string | undefined): unknown {
  if (!text) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
