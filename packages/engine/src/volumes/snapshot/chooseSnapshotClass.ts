import { veleroAnnotations, veleroLabels } from '@lifeboat/velero-api';
import { stringAt } from '../../backup/jsonPath';
import type { KubernetesObject } from '../../cluster/KubernetesObject';

type Annotated = {
  metadata: { annotations?: { [key: string]: string } };
};

const defaultClassAnnotation =
  'snapshot.storage.kubernetes.io/is-default-class';

/**
 * The VolumeSnapshotClass for a claim: the one its annotation names, then the Backup's annotation for the driver, then the
 * labelled one of the driver, its default, its only one.
 *
 * @throws Error that says what the platform team has to prepare
 *
 * Source: Velero `GetVolumeSnapshotClass`.
 */
export function chooseSnapshotClass(
  classes: KubernetesObject[],
  choice: { driver: string; claim?: Annotated; backup?: Annotated },
): KubernetesObject {
  const { driver, claim, backup } = choice;
  const named =
    byName(
      classes,
      driver,
      claim?.metadata.annotations?.[veleroAnnotations.volumeSnapshotClass],
    ) ??
    byName(
      classes,
      driver,
      backup?.metadata.annotations?.[
        `${veleroAnnotations.volumeSnapshotClass}_${driver.toLowerCase()}`
      ],
    );
  if (named) {
    return named;
  }
  const own = classes.filter(each => stringAt(each, 'driver') === driver);
  const chosen =
    own.find(
      each => veleroLabels.volumeSnapshotClass in (each.metadata.labels ?? {}),
    ) ??
    own.find(
      each => defaultClassAnnotation in (each.metadata.annotations ?? {}),
    ) ??
    (own.length === 1 ? own[0] : undefined);
  if (chosen) {
    return chosen;
  }
  throw new Error(
    own.length === 0
      ? `there is no VolumeSnapshotClass for driver ${driver}`
      : `driver ${driver} has several VolumeSnapshotClasses (${own
          .map(each => each.metadata.name)
          .join(', ')}); mark one with the label ${
          veleroLabels.volumeSnapshotClass
        } or as default`,
  );
}

function byName(
  classes: KubernetesObject[],
  driver: string,
  name: string | undefined,
): KubernetesObject | undefined {
  const equal = (left: string | undefined, right: string) =>
    left?.toLowerCase() === right.toLowerCase();
  const found =
    name === undefined
      ? undefined
      : classes.find(each => equal(each.metadata.name, name));
  return found && equal(stringAt(found, 'driver'), driver) ? found : undefined;
}
