import type { BackupScope } from '@lifeboat/velero-api';
import { coreTypes } from '../cluster/knownTypes';
import { decideRecordedConsent } from '../consent/decideConsent';
import type { ControllerContext } from './Controller';

/** Why the consent recorded in a scope does not hold any more, with what to run, or undefined when it holds. */
export async function consentProblem(
  scope: BackupScope,
  context: ControllerContext,
): Promise<string | undefined> {
  const { client, clusterName, config, signal } = context;
  if (scope.cluster !== clusterName) {
    return `the scope of ${scope.entityRef} is for cluster ${scope.cluster}, and this is cluster ${clusterName}`;
  }
  const namespace = await client.get(
    coreTypes.namespaces,
    { name: scope.namespace },
    { signal },
  );
  const decision = decideRecordedConsent({
    cluster: clusterName,
    scope,
    namespace,
    configConsent: config.consent,
  });
  return decision.allowed
    ? undefined
    : `${decision.reason}. The platform team can agree with: ${decision.command}`;
}
