import { KubeObject } from '../KubeObject';
import { equal, listAt, objectAt, stringAt } from '../json';
import { ResourceRegistry } from '../resources/ResourceRegistry';
import { ObjectStorage } from '../storage/ObjectStorage';
import { objects } from '../strategies/podDefaults';
import {
  customTypes,
  definitionCollection,
  storageVersionOf,
} from './customTypes';

const collection = 'customresourcedefinitions.apiextensions.k8s.io';
const cleanup = 'customresourcecleanup.apiextensions.k8s.io';

/**
 * Serves what custom resource definitions describe: accepts their names, sets their conditions, and when one is deleted
 * removes its objects first.
 */
export class DefinitionController {
  private running = false;

  constructor(
    private readonly storage: ObjectStorage,
    private readonly registry: ResourceRegistry,
    private readonly now: () => string,
  ) {}

  /** Brings everything into line with the stored definitions. */
  sync() {
    if (this.running) return;
    this.running = true;
    try {
      const stored = this.storage.list(collection);
      const names = new Set(stored.map(definitionCollection));
      for (const type of this.registry.all()) {
        if (type.custom && !names.has(type.collection)) {
          this.registry.setCustom(type.collection, []);
        }
      }
      for (const definition of stored) this.syncOne(definition);
    } finally {
      this.running = false;
    }
  }

  private readonly served = new Map<string, unknown>();

  private syncOne(definition: KubeObject) {
    let current = definition;
    const status = this.statusOf(current);
    if (!equal(status, current.status)) {
      current = this.storage.put(collection, { ...current, status });
    }
    const name = definitionCollection(current);
    const established = condition(current, 'Established') === 'True';
    const key = JSON.stringify([
      current.spec,
      current.metadata.uid,
      established,
    ]);
    if (
      this.served.get(name) !== key ||
      !this.registry.all().some(t => t.collection === name)
    ) {
      this.registry.setCustom(name, established ? customTypes(current) : []);
      this.served.set(name, key);
    }
    if (current.metadata.deletionTimestamp) this.finish(current);
  }

  private statusOf(definition: KubeObject) {
    const before = objectAt(definition, 'status');
    const spec = objectAt(definition, 'spec');
    const names = objectAt(spec, 'names');
    const problem = this.nameConflict(definition);
    const version = storageVersionOf(definition);
    const versions = listAt(before, 'storedVersions');
    const accepted = condition(definition, 'NamesAccepted') === 'True';
    const namesBefore = accepted
      ? before.acceptedNames
      : { plural: '', kind: '' };
    const established =
      problem === undefined || condition(definition, 'Established') === 'True';
    const conditions = [
      this.makeCondition(before, 'NamesAccepted', problem === undefined, {
        reason: problem ? 'PluralConflict' : 'NoConflicts',
        message: problem ?? 'no conflicts found',
      }),
      this.makeCondition(before, 'Established', established, {
        reason: established ? 'InitialNamesAccepted' : 'NotAccepted',
        message: established
          ? 'the initial names have been accepted'
          : 'not all names are accepted',
      }),
    ];
    if (definition.metadata.deletionTimestamp) {
      conditions.push(
        this.makeCondition(before, 'Terminating', true, {
          reason: 'InstanceDeletionInProgress',
          message: 'CustomResource deletion is in progress',
        }),
      );
    }
    return {
      ...before,
      conditions,
      acceptedNames: problem === undefined ? names : namesBefore,
      storedVersions: versions.includes(version)
        ? versions
        : [...versions, version],
    };
  }

  private nameConflict(definition: KubeObject): string | undefined {
    const spec = objectAt(definition, 'spec');
    const kind = stringAt(spec, 'names', 'kind');
    const other = this.registry
      .all()
      .find(
        t =>
          t.group === spec.group &&
          t.kind === kind &&
          t.collection !== definitionCollection(definition),
      );
    return other && `"${kind}" is already in use`;
  }

  private makeCondition(
    before: unknown,
    type: string,
    value: boolean,
    texts: { reason: string; message: string },
  ) {
    const status = value ? 'True' : 'False';
    const old = objects(listAt(before, 'conditions')).find(
      c => c.type === type,
    );
    return {
      type,
      status,
      lastTransitionTime:
        old?.status === status ? old.lastTransitionTime : this.now(),
      ...texts,
    };
  }

  /** Removes the objects of a definition that is being deleted, then the definition, unless finalizers hold one of them. */
  private finish(definition: KubeObject) {
    const name = definitionCollection(definition);
    const finalizers = definition.metadata.finalizers ?? [];
    if (finalizers.includes(cleanup)) {
      for (const object of this.storage.list(name)) {
        if ((object.metadata.finalizers ?? []).length === 0) {
          this.storage.remove(name, object);
        } else if (!object.metadata.deletionTimestamp) {
          this.storage.put(name, {
            ...object,
            metadata: {
              ...object.metadata,
              deletionTimestamp: this.now(),
              deletionGracePeriodSeconds: 0,
            },
          });
        }
      }
      if (this.storage.some(name, () => true)) return;
    }
    const left = finalizers.filter(f => f !== cleanup);
    const next = {
      ...definition,
      metadata: { ...definition.metadata, finalizers: left },
    };
    if (left.length > 0) {
      if (left.length < finalizers.length) this.storage.put(collection, next);
      return;
    }
    this.storage.remove(collection, next);
    this.registry.setCustom(name, []);
    this.served.delete(name);
  }
}

function condition(definition: KubeObject, type: string): string | undefined {
  const found = objects(objectAt(definition, 'status').conditions).find(
    c => c.type === type,
  );
  return found && stringAt(found, 'status');
}
