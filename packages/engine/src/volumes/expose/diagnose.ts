import { isForbidden, isInvalid } from '../../cluster/ApiError';
import type { ApiObject } from '../../cluster/KubernetesObject';
import { coreTypes } from '../../cluster/knownTypes';
import type { ControllerContext } from '../../controllers/Controller';
import type { DataPathObject } from '../movers/DataPathObject';
import { temporaryName } from '../movers/moverNames';
import type { Pod } from '../movers/Pod';
import { temporaryClaim } from './removeTemporary';

const longestText = 300;

/** What is read of an Event. */
interface KubernetesEvent extends ApiObject {
  type?: string;
  reason?: string;
  message?: string;
  involvedObject?: { kind?: string; name?: string; uid?: string };
  lastTimestamp?: string;
  eventTime?: string;
}

/** A warning that Kubernetes gave about an object. */
export interface Warning {
  reason: string;
  message: string;
}

/** The warnings about an object of the control namespace, newest first, each text once. Empty when events may not be read. */
export async function warningsAbout(
  object: ApiObject,
  { client, namespace, signal }: ControllerContext,
): Promise<Warning[]> {
  const found: KubernetesEvent[] = [];
  try {
    for await (const event of client.list<KubernetesEvent>(coreTypes.events, {
      namespace,
      fieldSelector: `involvedObject.name=${object.metadata.name}`,
      signal,
    })) {
      const isAboutIt =
        event.involvedObject?.kind === object.kind &&
        event.involvedObject.uid === object.metadata.uid;
      if (isAboutIt && event.type === 'Warning') found.push(event);
    }
  } catch (error) {
    if (!isForbidden(error) && !isInvalid(error)) throw error;
  }
  const time = (event: KubernetesEvent) =>
    Date.parse(event.lastTimestamp ?? event.eventTime ?? '') || 0;
  const warnings = new Map<string, Warning>();
  for (const event of found.sort((a, b) => time(b) - time(a))) {
    const message = (event.message ?? '').trim().slice(0, longestText);
    warnings.set(`${event.reason} ${message}`, {
      reason: event.reason ?? '',
      message,
    });
  }
  return [...warnings.values()];
}

/**
 * Why a mover does not run, from what Kubernetes says about its pod and claim: for the message of a failure.
 *
 * @returns sentences joined by semicolons; empty when nothing is known
 */
export async function diagnose(
  owner: DataPathObject,
  context: ControllerContext,
): Promise<string> {
  const { client, namespace, signal } = context;
  const name = temporaryName(owner);
  const pod = await client.get<Pod>(
    coreTypes.pods,
    { namespace, name },
    { signal },
  );
  const claim = await temporaryClaim(owner, context);
  const findings: string[] = [];
  if (claim && claim.status?.phase !== 'Bound') {
    findings.push(
      `PersistentVolumeClaim ${name} is ${claim.status?.phase ?? 'Pending'}`,
    );
  }
  for (const condition of pod?.status?.conditions ?? []) {
    if (condition.type === 'PodScheduled' && condition.status === 'False') {
      findings.push(
        `pod ${name} has no node${
          condition.message ? `: ${condition.message}` : ''
        }`,
      );
    }
  }
  for (const { state } of pod?.status?.containerStatuses ?? []) {
    if (state?.waiting?.reason) {
      findings.push(
        `pod ${name} is waiting: ${state.waiting.reason}${
          state.waiting.message ? ` (${state.waiting.message})` : ''
        }`,
      );
    }
  }
  for (const object of [claim, pod]) {
    const [latest] = object ? await warningsAbout(object, context) : [];
    if (latest) findings.push(`${latest.reason}: ${latest.message}`);
  }
  return [...new Set(findings)].join('; ');
}
