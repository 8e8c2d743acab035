import type { BackupSpec } from './resources/Backup';
import type { VolumeSnapshotLocation } from './resources/VolumeSnapshotLocation';

/**
 * The one VolumeSnapshotLocation per provider that a Backup uses: the one it names, else the provider's only one, else the
 * server's default for the provider. Velero: `validateAndGetSnapshotLocations`.
 *
 * @param existing - All locations of the control namespace.
 * @param defaultNames - Provider to the name of its default location.
 * @returns `locations` by provider; empty if there are problems.
 *
 * @public
 */
export function chooseSnapshotLocations(
  spec: Pick<BackupSpec, 'volumeSnapshotLocations'>,
  existing: readonly VolumeSnapshotLocation[],
  defaultNames: Readonly<Record<string, string>> = {},
): { locations: Map<string, VolumeSnapshotLocation>; problems: string[] } {
  const byName = new Map(
    existing.map(location => [location.metadata.name, location]),
  );
  const chosen = new Map<string, VolumeSnapshotLocation>();
  const problems: string[] = [];
  const notFound = (name: string) =>
    `volumesnapshotlocations.velero.io "${name}" not found`;

  for (const name of spec.volumeSnapshotLocations ?? []) {
    const location = byName.get(name);
    const other = location && chosen.get(location.spec.provider);
    if (!location) {
      problems.push(
        `a VolumeSnapshotLocation CRD for the location ${name} with the name specified in the backup spec needs to be created before this snapshot can be executed. Error: ${notFound(
          name,
        )}`,
      );
    } else if (other && other !== location) {
      problems.push(
        `more than one VolumeSnapshotLocation name specified for provider ${location.spec.provider}: ${name}; unexpected name was ${other.metadata.name}`,
      );
    } else {
      chosen.set(location.spec.provider, location);
    }
  }
  if (problems.length > 0) {
    return { locations: new Map(), problems };
  }

  const providers = new Set(existing.map(location => location.spec.provider));
  for (const provider of providers) {
    const candidates = existing.filter(
      location => location.spec.provider === provider,
    );
    const defaultName = defaultNames[provider];
    const location =
      candidates.length === 1 ? candidates[0] : byName.get(defaultName);
    if (chosen.has(provider)) {
      continue;
    }
    if (location) {
      chosen.set(provider, location);
    } else {
      problems.push(
        defaultName
          ? `error getting volume snapshot location named ${defaultName}: ${notFound(
              defaultName,
            )}`
          : `provider ${provider} has more than one possible volume snapshot location, and none were specified explicitly or as a default`,
      );
    }
  }
  return problems.length > 0
    ? { locations: new Map(), problems }
    : { locations: chosen, problems };
}
