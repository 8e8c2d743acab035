import type {
  ClusterChoice,
  Problem,
} from '@lifeboat/backstage-plugin-backup-common';
import {
  KUBERNETES_CLUSTER_ANNOTATION,
  KUBERNETES_LABEL_SELECTOR_ANNOTATION,
  KUBERNETES_NAMESPACE_ANNOTATION,
} from '@lifeboat/backstage-plugin-backup-common';
import { lifeboatAnnotations } from '@lifeboat/velero-api';

/** A text as one word of a POSIX shell. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text)
    ? text
    : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The command by which a platform team lets an entity be backed up from a namespace. */
export function consentCommand(
  namespace: string,
  entityRef: string,
  selector?: string,
): string {
  const value = JSON.stringify([
    selector ? { entity: entityRef, selector } : entityRef,
  ]);
  return `kubectl annotate namespace ${shellWord(namespace)} ${
    lifeboatAnnotations.consent
  }=${shellWord(value)}`;
}

export function annotationMissing(entityName: string): Problem {
  return {
    code: 'annotation-missing',
    title: 'The catalog does not say where this component runs',
    message: `Add the annotation ${KUBERNETES_NAMESPACE_ANNOTATION} (or ${KUBERNETES_LABEL_SELECTOR_ANNOTATION}) to the component's catalog-info.yaml.`,
    yaml: [
      'metadata:',
      '  annotations:',
      `    ${KUBERNETES_NAMESPACE_ANNOTATION}: ${entityName}`,
      `    ${KUBERNETES_LABEL_SELECTOR_ANNOTATION}: app.kubernetes.io/name=${entityName}`,
      '',
    ].join('\n'),
  };
}

export function clusterUnknown(
  cluster: string | undefined,
  clusters: ClusterChoice[],
): Problem {
  const known = clusters.map(({ name }) => name).join(', ');
  if (clusters.length === 0) {
    return {
      code: 'cluster-unknown',
      title: 'No cluster is set up',
      message:
        'The platform team has not set up a cluster for backups yet: backup.clusters in the app configuration is empty.',
      yaml: [
        'backup:',
        '  clusters:',
        '    - name: production',
        '      url: https://api.production.example.com:6443',
        '      serviceAccountToken: ${PRODUCTION_BACKUP_TOKEN}',
        '',
      ].join('\n'),
    };
  }
  return {
    code: 'cluster-unknown',
    title: 'The cluster is not known here',
    message: `There is no cluster named "${cluster}". Known are: ${known}. Correct the annotation ${KUBERNETES_CLUSTER_ANNOTATION}.`,
    yaml: [
      'metadata:',
      '  annotations:',
      `    ${KUBERNETES_CLUSTER_ANNOTATION}: ${clusters[0].name}`,
      '',
    ].join('\n'),
  };
}

export function chooseCluster(clusters: ClusterChoice[]): Problem {
  return {
    code: 'choose-cluster',
    title: 'Choose a cluster',
    message: `The component does not say on which cluster it runs. Choose one (${clusters
      .map(({ name }) => name)
      .join(', ')}), or add the annotation ${KUBERNETES_CLUSTER_ANNOTATION}.`,
    yaml: [
      'metadata:',
      '  annotations:',
      `    ${KUBERNETES_CLUSTER_ANNOTATION}: ${clusters[0]?.name ?? ''}`,
      '',
    ].join('\n'),
  };
}

export function namespaceMissing(cluster: string, namespace: string): Problem {
  return {
    code: 'namespace-missing',
    title: 'The namespace does not exist',
    message: `Namespace "${namespace}" does not exist on cluster "${cluster}".`,
    command: `kubectl create namespace ${shellWord(namespace)}`,
  };
}

export function severalNamespaces(namespaces: string[]): Problem {
  return {
    code: 'namespace-missing',
    title: 'Say which namespace is meant',
    message: `Objects of the component are in several namespaces (${namespaces.join(
      ', ',
    )}). Add the annotation ${KUBERNETES_NAMESPACE_ANNOTATION}.`,
    yaml: [
      'metadata:',
      '  annotations:',
      `    ${KUBERNETES_NAMESPACE_ANNOTATION}: ${namespaces[0] ?? ''}`,
      '',
    ].join('\n'),
  };
}

export function noConsentingNamespace(
  cluster: string,
  entityRef: string,
  selector: string,
): Problem {
  return {
    code: 'consent-missing',
    title: 'No namespace lets this component be backed up',
    message: `On cluster "${cluster}" no namespace with objects that match "${selector}" consents to backups of ${entityRef}. Someone of the platform team must run the command with the component's namespace.`,
    command: consentCommand('NAMESPACE', entityRef, selector),
  };
}

/**
 * A namespace does not agree. The command is safe to run as it is: where other
 * entities have been agreed to before, kubectl refuses to overwrite them, and
 * which ones they are is told to nobody.
 */
export function consentMissing(refusal: {
  namespace: string;
  entityRef: string;
  selector: string | undefined;
  reason: string;
  /** The namespace agrees to something already. */
  shared: boolean;
}): Problem {
  const { namespace, entityRef, selector, reason, shared } = refusal;
  const howTo = shared
    ? `The namespace has agreed to something else before: someone of the platform team must add the entry to its list (kubectl edit namespace ${namespace}).`
    : 'Someone of the platform team must run the command.';
  return {
    code: 'consent-missing',
    title: 'The namespace does not let this component be backed up',
    message: `${reason}. ${howTo}`,
    command: consentCommand(
      namespace,
      entityRef,
      shared ? selector ?? 'LABEL=VALUE' : selector,
    ),
  };
}

export function backupsOwnNamespace(namespace: string): Problem {
  return {
    code: 'consent-missing',
    title: 'This namespace cannot be backed up',
    message: `Namespace "${namespace}" holds the backups themselves and is never part of one.`,
  };
}

export function selectorInvalid(selector: string, reason: string): Problem {
  return {
    code: 'selector-invalid',
    title: 'The label selector cannot be used',
    message: `The annotation ${KUBERNETES_LABEL_SELECTOR_ANNOTATION} is "${selector}": ${reason}.`,
    yaml: [
      'metadata:',
      '  annotations:',
      `    ${KUBERNETES_LABEL_SELECTOR_ANNOTATION}: app.kubernetes.io/name=my-component`,
      '',
    ].join('\n'),
  };
}

export function notOwner(entityRef: string, owners: string[]): Problem {
  return {
    code: 'not-owner',
    title: 'Only owners see backups',
    message:
      owners.length > 0
        ? `${entityRef} belongs to ${owners.join(', ')}.`
        : `${entityRef} has no owner in the catalog.`,
    ...(owners.length > 0 && { owner: owners[0] }),
  };
}

export function clusterUnreachable(cluster: string): Problem {
  return {
    code: 'cluster-unreachable',
    title: 'The cluster cannot be reached',
    message: `Cluster "${cluster}" does not answer. Nothing about its recovery points is known until it does.`,
    command: 'kubectl cluster-info',
  };
}

export function clusterForbids(cluster: string, detail: string): Problem {
  return {
    code: 'cluster-unreachable',
    title: 'The portal may not read the cluster',
    message: `Cluster "${cluster}" refuses the portal: ${detail}. The platform team must give its service account the roles of deploy/.`,
    command: 'kubectl apply -k deploy/',
  };
}

export function crdsMissing(cluster: string): Problem {
  return {
    code: 'engine-stopped',
    title: 'The cluster is not set up for backups',
    message: `Cluster "${cluster}" does not know the resources of backups. The platform team must install them.`,
    command: 'kubectl apply -k deploy/',
  };
}

export function engineStopped(
  controlNamespace: string,
  message: string,
): Problem {
  return {
    code: 'engine-stopped',
    title: 'The backup engine is not running',
    message: `${message} What you ask for is kept and carried out when it runs again.`,
    command: `kubectl get lease lifeboat-engine -n ${shellWord(
      controlNamespace,
    )} -o yaml`,
  };
}

export function storageUnavailable(
  controlNamespace: string,
  location: string,
  message: string | undefined,
): Problem {
  return {
    code: 'storage-unavailable',
    title: 'The backup storage cannot be used',
    message: `Storage location "${location}" is not available${
      message ? `: ${message}` : ''
    }. Existing recovery points can be looked at; backups and restores have to wait.`,
    command: `kubectl describe backupstoragelocation ${shellWord(
      location,
    )} -n ${shellWord(controlNamespace)}`,
  };
}

export function noStorageLocation(controlNamespace: string): Problem {
  return {
    code: 'no-storage-location',
    title: 'No backup storage is set up',
    message: `There is no BackupStorageLocation in namespace "${controlNamespace}", so there is nowhere to put a backup. The platform team must create one.`,
    yaml: [
      'apiVersion: velero.io/v1',
      'kind: BackupStorageLocation',
      'metadata:',
      '  name: default',
      `  namespace: ${controlNamespace}`,
      'spec:',
      '  default: true',
      '  provider: aws',
      '  objectStorage:',
      '    bucket: backups',
      '  config:',
      '    region: us-east-1',
      '    s3Url: https://s3.example.com',
      '    s3ForcePathStyle: "true"',
      '  credential:',
      '    name: cloud-credentials',
      '    key: cloud',
      '',
    ].join('\n'),
  };
}

export function targetNotAllowed(message: string, command?: string): Problem {
  return {
    code: 'target-not-allowed',
    title: 'This namespace cannot be restored into',
    message,
    ...(command && { command }),
  };
}

export function refusedByEngine(message: string): Problem {
  return {
    code: 'not-restorable',
    title: 'This recovery point cannot be restored',
    message: `${message.charAt(0).toLocaleUpperCase('en')}${message.slice(1)}.`,
  };
}

export function unusableContents(message: string): Problem {
  return {
    code: 'not-restorable',
    title: 'This recovery point cannot be restored',
    message: `What storage holds of it cannot be used: ${message}. Choose another recovery point, and tell the platform team.`,
  };
}

export function notRestorable(backup: string, phase: string): Problem {
  return {
    code: 'not-restorable',
    title: 'This recovery point cannot be restored',
    message: `Recovery point "${backup}" is in phase ${phase}; only a finished one (Completed or PartiallyFailed) can be restored.`,
  };
}
