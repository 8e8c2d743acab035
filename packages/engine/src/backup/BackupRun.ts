import { Backup, LabelSelector, veleroAnnotations } from '@lifeboat/velero-api';
import { isForbidden, isNotFound } from '../cluster/ApiError';
import type { ClusterClient } from '../cluster/ClusterClient';
import type { Discovery } from '../cluster/Discovery';
import { cloneJson } from '../cluster/json';
import type { KubernetesObject } from '../cluster/KubernetesObject';
import { LeaseLostError } from '../cluster/LeaseLostError';
import {
  apiVersionOf,
  groupResource,
  ResourceType,
} from '../cluster/ResourceType';
import { accessCommand } from '../consent/accessCommand';
import type { BackupItemAction } from './actions/BackupItemAction';
import { selectorApplies } from './actions/ResourceSelector';
import type { BackupFilters } from './BackupFilters';
import { collectionOrder } from './collect/collectionOrder';
import { NamespaceTracker } from './collect/NamespaceTracker';
import { parseItemOrder } from './collect/orderedResources';
import { ReadableNamespaces } from './collect/ReadableNamespaces';
import { whyExcluded } from './itemChecks';
import { groupResourceOf, ItemIdentifier, itemKey } from './ItemIdentifier';
import { matchesSelector, selectorText } from './labelSelector';
import { factsOf, NamespaceView, viewedTypes } from './related/NamespaceView';
import type { Reference } from './related/podReferences';
import { relatedItems, sharedItems } from './related/relatedItems';
import { ResourceListBuilder } from './ResourceListBuilder';
import type { RunLog } from './RunLog';
import { TarballLostError, TarballWriter } from './TarballWriter';
import type { VolumeInfoCollector } from './volumeInfo';
import type { VolumeStage } from './volumes/VolumeStage';

/** Everything a run needs; the Backup has been prepared and validated. */
export interface BackupRunOptions {
  backup: Backup;
  client: ClusterClient;
  discovery: Discovery;
  filters: BackupFilters;
  /** Namespace of the engine. */
  controlNamespace: string;
  actions: BackupItemAction[];
  /** Whether the closure of related items is taken along. */
  withRelatedItems: boolean;
  log: RunLog;
  tarball: Pick<TarballWriter, 'add'>;
  volumes: VolumeInfoCollector;
  /** Hears of the pods and claims that are in the backup. */
  stage: Pick<VolumeStage, 'claim' | 'pod'>;
  onProgress(progress: { totalItems: number; itemsBackedUp: number }): void;
  signal: AbortSignal;
}

/** What a run put into the tarball. */
export interface BackupRunOutcome {
  items: number;
  resources: ResourceListBuilder;
  /** Objects that workloads outside the selection use too. */
  shared: ItemIdentifier[];
  /** The Namespaces that objects were taken from, as they were at the end. */
  namespaces: KubernetesObject[];
}

const customResourceDefinitions =
  'customresourcedefinitions.apiextensions.k8s.io';

/**
 * Collects the objects of a backup and writes them into its tarball, page by page. Failures of single objects become errors in
 * the log; only the loss of the tarball's reader or an abort ends the run.
 *
 * Source: Velero, backup algorithm (`pkg/backup`).
 */
export class BackupRun {
  private readonly done = new Set<string>();
  private readonly chosen = new Set<string>();
  private readonly related = new Map<string, ItemIdentifier>();
  private readonly customTypes = new Set<string>();
  private readonly listed = new Map<
    string,
    Promise<KubernetesObject[] | undefined>
  >();
  private readonly views = new Map<string, Promise<NamespaceView>>();
  private readonly resources = new ResourceListBuilder();
  private readonly tracker: NamespaceTracker;
  private readonly readable: ReadableNamespaces;
  private readonly selectors: LabelSelector[];
  private seen = 0;
  private written = 0;

  constructor(private readonly options: BackupRunOptions) {
    const { spec } = options.backup;
    this.selectors = spec.labelSelector
      ? [spec.labelSelector]
      : spec.orLabelSelectors ?? [];
    this.tracker = new NamespaceTracker({
      shouldInclude: name => options.filters.namespaces.shouldInclude(name),
      includesEverything: options.filters.namespaces.includesEverything,
      labelSelectors: this.selectors,
    });
    this.readable = new ReadableNamespaces({
      client: options.client,
      choice: options.filters.namespaces,
      types: options.discovery.all,
      signal: options.signal,
    });
  }

  /** Collects everything. */
  async run(): Promise<BackupRunOutcome> {
    const { discovery, log, filters } = this.options;
    for (const warning of discovery.warnings) {
      log.warn(`a part of the API could not be discovered: ${warning}`);
    }
    const types = collectionOrder(discovery.preferred);
    for (const type of types) {
      const name = groupResource(type);
      if (name === 'namespaces') {
        continue;
      }
      if (!filters.types.shouldInclude(name)) {
        log.info('Resource is excluded', { resource: name });
        continue;
      }
      await this.collectType(type);
    }
    const namespaces = await this.collectNamespaces(types);
    await this.addDefinitions();
    return {
      items: this.written,
      resources: this.resources,
      shared: await this.shared(),
      namespaces,
    };
  }

  private async collectType(type: ResourceType): Promise<void> {
    const { backup } = this.options;
    const name = groupResource(type);
    const order = Object.entries(backup.spec.orderedResources ?? {}).find(
      ([key]) => this.resolve(key) === name,
    )?.[1];
    if (order) {
      await this.collectOrdered(type, parseItemOrder(order));
    }
    const waiting = this.namespacesToList(type);
    while (waiting.length > 0) {
      const isEnd = await this.collectFrom(type, waiting.shift());
      if (!isEnd) {
        waiting.push(...this.namespacesToList(type));
      }
    }
  }

  /** Lists one type in one namespace. @returns false when its namespaces are to be listed one by one instead */
  private async collectFrom(
    type: ResourceType,
    namespace: string | undefined,
  ): Promise<boolean> {
    const { client, log, signal } = this.options;
    const resource = groupResource(type);
    for (const labelSelector of this.selectors.length
      ? this.selectors.map(selectorText)
      : [undefined]) {
      signal.throwIfAborted();
      log.info('Listing items', { resource, namespace });
      try {
        for await (const item of client.list(type, {
          namespace,
          labelSelector,
          signal,
        })) {
          await this.takeListed(item, type);
        }
      } catch (error) {
        this.rethrowFatal(error);
        if (isForbidden(error)) {
          return this.noteForbidden(error, type, namespace);
        }
        log.error('Error listing items', {
          resource,
          namespace,
          error: explain(error),
        });
      }
    }
    return true;
  }

  /** Names what may not be listed, once: a type, or a whole namespace. @returns as collectFrom does */
  private async noteForbidden(
    error: unknown,
    type: ResourceType,
    namespace: string | undefined,
  ): Promise<boolean> {
    const { controlNamespace, log } = this.options;
    const resource = groupResource(type);
    if (!type.namespaced) {
      const message =
        'objects of a cluster-scoped type may not be listed and are not in the backup';
      const fields = { resource, error: explain(error) };
      if (this.isNamedType(resource)) {
        log.error(message, fields);
      } else {
        log.warn(message, fields);
      }
      return true;
    }
    const refusal = await this.readable.explain(namespace);
    if (refusal === 'not in all namespaces') {
      log.info('Namespaces are listed one by one', { error: explain(error) });
      return false;
    }
    if (refusal === 'unserved' && namespace) {
      const message = `nothing of this namespace is in the backup, because the engine has no access to it. The platform team gives it with: ${accessCommand(
        namespace,
        controlNamespace,
      )}`;
      const included = this.options.backup.spec.includedNamespaces ?? [];
      if (included.includes(namespace)) {
        log.error(message, { namespace });
      } else {
        log.warn(message, { namespace });
      }
    } else if (refusal === 'this type') {
      log.error('Error listing items', {
        resource,
        namespace,
        error: explain(error),
      });
    }
    return true;
  }

  private isNamedType(resource: string): boolean {
    const { spec } = this.options.backup;
    return [
      ...(spec.includedResources ?? []),
      ...(spec.includedClusterScopedResources ?? []),
    ].some(name => this.resolve(name) === resource);
  }

  private async collectOrdered(
    type: ResourceType,
    order: string[],
  ): Promise<void> {
    const { client, log, signal } = this.options;
    for (const entry of order) {
      const slash = entry.indexOf('/');
      const ref = {
        namespace: slash < 0 ? undefined : entry.slice(0, slash),
        name: entry.slice(slash + 1),
      };
      const fits = type.namespaced === (ref.namespace !== undefined);
      try {
        const item = fits ? await client.get(type, ref, { signal }) : undefined;
        if (item && this.isSelected(item)) {
          await this.takeListed(item, type);
        } else {
          log.warn('Cannot find resource of orderedResources', {
            resource: groupResource(type),
            name: entry,
          });
        }
      } catch (error) {
        this.rethrowFatal(error);
        log.error('Error reading item', {
          resource: groupResource(type),
          name: entry,
          error: explain(error),
        });
      }
    }
  }

  private isSelected(item: KubernetesObject): boolean {
    return (
      this.selectors.length === 0 ||
      this.selectors.some(s => matchesSelector(item.metadata.labels, s))
    );
  }

  /** Undefined stands for all namespaces, and for cluster-scoped types. */
  private namespacesToList(type: ResourceType): (string | undefined)[] {
    const names = type.namespaced ? this.readable.toList() : undefined;
    return names ? [...names] : [undefined];
  }

  private async takeListed(
    item: KubernetesObject,
    type: ResourceType,
  ): Promise<void> {
    this.options.signal.throwIfAborted();
    const key = itemKey(identify(item, type));
    this.chosen.add(key);
    this.related.delete(key);
    await this.takeItem(withType(item, type), type, false);
  }

  /** Puts an object into the tarball unless it is excluded or there already, and what belongs to it. */
  private async takeItem(
    item: KubernetesObject,
    type: ResourceType,
    mustInclude: boolean,
  ): Promise<void> {
    // An explicit stack instead of recursion: a chain of related items may be long. It holds names only: a workload may have
    // thousands of dependents.
    const waiting = (await this.writeItem(item, type, mustInclude)).reverse();
    while (waiting.length > 0) {
      const { id, must, missing, isRelated } = waiting.pop()!;
      const found = await this.fetchAdditional(id, must, missing, isRelated);
      if (found) {
        const further = await this.writeItem(found.item, found.type, must);
        for (const next of further.reverse()) {
          waiting.push(next);
        }
      }
    }
  }

  private async writeItem(
    original: KubernetesObject,
    type: ResourceType,
    mustInclude: boolean,
  ): Promise<Additional[]> {
    const { filters, log, tarball } = this.options;
    const name = groupResource(type);
    const fields = {
      resource: name,
      namespace: original.metadata.namespace,
      name: original.metadata.name,
    };
    const excluded = whyExcluded(original, name, filters, mustInclude);
    if (excluded) {
      log.info(`Excluding item because ${excluded}`, fields);
      return [];
    }
    const key = itemKey(identify(original, type));
    if (this.done.has(key)) {
      return [];
    }
    this.done.add(key);
    this.seen += 1;
    if (original.metadata.namespace) {
      this.tracker.track(original.metadata.namespace);
    }
    try {
      const acted = await this.applyActions(original, type);
      const { item, additional } =
        name === 'persistentvolumeclaims'
          ? await this.prepareClaim(acted, original)
          : acted;
      const skip =
        item.metadata.annotations?.[veleroAnnotations.skipFromBackup] ===
        'true';
      if (!skip) {
        await tarball.add(
          {
            groupResource: name,
            namespace: item.metadata.namespace || undefined,
            name: item.metadata.name ?? '',
          },
          type.version,
          item,
        );
        this.written += 1;
        this.resources.add(item, {
          namespace: item.metadata.namespace,
          name: item.metadata.name ?? '',
        });
        this.noteCustomType(type);
        if (name === 'persistentvolumes') {
          this.options.volumes.skipVolume(
            item,
            'no claim of the backup uses it',
          );
        } else if (name === 'pods') {
          await this.options.stage.pod(original);
        }
        log.info('Backed up item', fields);
      }
      this.options.onProgress({
        totalItems: this.seen,
        itemsBackedUp: this.written,
      });
      return [...additional, ...(await this.relatedTo(original, type))];
    } catch (error) {
      this.rethrowFatal(error);
      log.error('Error backing up item', { ...fields, error: explain(error) });
      return [];
    }
  }

  private async applyActions(
    original: KubernetesObject,
    type: ResourceType,
  ): Promise<{ item: KubernetesObject; additional: Additional[] }> {
    const { actions, backup, log } = this.options;
    const name = groupResource(type);
    let item = original;
    const additional: Additional[] = [];
    for (const action of actions) {
      if (
        !selectorApplies(action.appliesTo, item, name, n => this.resolve(n))
      ) {
        continue;
      }
      const result = await action.execute(cloneJson(item), {
        backup,
        log,
        list: wanted => this.listAll(wanted),
      });
      item = result.item;
      const must =
        item.metadata.annotations?.[
          veleroAnnotations.mustIncludeAdditionalItems
        ] === 'true';
      // The marks are for us, not for the backup.
      if (must) {
        item = cloneJson(item);
        delete item.metadata.annotations![
          veleroAnnotations.mustIncludeAdditionalItems
        ];
      }
      additional.push(
        ...(result.additionalItems ?? []).map(id => ({
          id,
          must,
          missing: 'warn' as const,
          isRelated: false,
        })),
      );
    }
    return { item, additional };
  }

  private async relatedTo(
    item: KubernetesObject,
    type: ResourceType,
  ): Promise<Additional[]> {
    const { namespace } = item.metadata;
    if (!this.options.withRelatedItems || !namespace) {
      return [];
    }
    const view = await this.view(namespace);
    return relatedItems(item, type, view).map((id: Reference) => ({
      id,
      must: false,
      missing: id.optional ? ('ignore' as const) : ('warn' as const),
      isRelated: true,
    }));
  }

  private async fetchAdditional(
    id: ItemIdentifier,
    must: boolean,
    missing: Additional['missing'],
    isRelated: boolean,
  ): Promise<{ item: KubernetesObject; type: ResourceType } | undefined> {
    const { client, discovery, filters, log, signal } = this.options;
    const key = itemKey(id);
    if (this.done.has(key)) {
      return undefined;
    }
    const name = groupResourceOf(id);
    const type = discovery.find(name);
    const fields = { resource: name, namespace: id.namespace, name: id.name };
    if (!type) {
      return undefined;
    }
    if (
      !must &&
      id.namespace &&
      !filters.namespaces.shouldInclude(id.namespace)
    ) {
      log.info(
        `Excluding item because namespace ${id.namespace} is excluded`,
        fields,
      );
      return undefined;
    }
    try {
      const item = await client.get(type, id, { signal });
      if (!item) {
        if (missing === 'warn') {
          log.warn(
            "Additional item was not found in Kubernetes API, can't back it up",
            fields,
          );
        }
        return undefined;
      }
      if (isRelated && !this.chosen.has(key)) {
        this.related.set(key, id);
      }
      return { item: withType(item, type), type };
    } catch (error) {
      this.rethrowFatal(error);
      if (isForbidden(error) && !type.namespaced) {
        log.warn(
          'a cluster-scoped object may not be read and is not in the backup',
          { ...fields, error: explain(error) },
        );
      } else {
        log.error('Error reading additional item', {
          ...fields,
          error: explain(error),
        });
      }
      return undefined;
    }
  }

  private noteCustomType(type: ResourceType): void {
    // Built-in groups have no dot, or end in .k8s.io and have no CRD; a GET decides for the rest.
    if (type.group.includes('.')) {
      this.customTypes.add(groupResource(type));
    }
  }

  /** Decides about the claim's data and marks it; its volume and the pod that reads it come along. */
  private async prepareClaim(
    acted: { item: KubernetesObject; additional: Additional[] },
    original: KubernetesObject,
  ): Promise<{ item: KubernetesObject; additional: Additional[] }> {
    const { item, withVolume, additionalItems } =
      await this.options.stage.claim(acted.item, original);
    return {
      item,
      additional: [
        ...(withVolume ? acted.additional : []),
        ...additionalItems.map(id => ({
          id,
          must: false,
          missing: 'warn' as const,
          isRelated: false,
        })),
      ],
    };
  }

  private async collectNamespaces(
    types: ResourceType[],
  ): Promise<KubernetesObject[]> {
    const { client, filters, log, signal } = this.options;
    const type = types.find(t => groupResource(t) === 'namespaces');
    if (!type) {
      return [];
    }
    const literal = this.literalNamespaces();
    const bySelector =
      this.selectors.length > 0 && !this.options.withRelatedItems;
    const kept: KubernetesObject[] = [];
    const take = async (namespace: KubernetesObject) => {
      const isRefused = this.readable.isRefused(namespace.metadata.name ?? '');
      if (!isRefused && this.tracker.shouldSave(namespace)) {
        kept.push(namespace);
        if (filters.types.shouldInclude('namespaces')) {
          await this.takeItem(withType(namespace, type), type, false);
        }
      }
    };
    try {
      if (literal && !bySelector) {
        // Reading single namespaces needs no rights in the whole cluster; a selector may choose further ones.
        for (const name of literal) {
          const namespace = await client.get(type, { name }, { signal });
          if (namespace) {
            await take(namespace);
          } else {
            log.error(
              `fail to get the namespace ${name} specified in backup.Spec.IncludedNamespaces`,
              { name },
            );
          }
        }
      } else {
        const missing = new Set(
          (this.options.backup.spec.includedNamespaces ?? []).filter(
            name => name !== '' && !/[*?[]/.test(name),
          ),
        );
        for await (const namespace of client.list(type, { signal })) {
          missing.delete(namespace.metadata.name ?? '');
          await take(namespace);
        }
        for (const name of missing) {
          log.error(
            `fail to get the namespace ${name} specified in backup.Spec.IncludedNamespaces`,
            { name },
          );
        }
      }
    } catch (error) {
      this.rethrowFatal(error);
      log.error('Error reading namespaces', { error: explain(error) });
    }
    return kept;
  }

  /** The included namespaces when the backup names each of them. */
  private literalNamespaces(): string[] | undefined {
    const included = this.options.backup.spec.includedNamespaces ?? [];
    const plain =
      included.length > 0 && included.every(name => !/[*?[]/.test(name));
    return plain ? included.filter(name => name !== '') : undefined;
  }

  private async addDefinitions(): Promise<void> {
    const { filters, discovery, client, signal, log } = this.options;
    if (
      filters.types.shouldInclude(customResourceDefinitions) ||
      filters.types.shouldExclude(customResourceDefinitions)
    ) {
      return;
    }
    const type = discovery.find(customResourceDefinitions);
    if (!type) {
      return;
    }
    for (const name of [...this.customTypes].sort()) {
      signal.throwIfAborted();
      try {
        const definition = await client.get(type, { name }, { signal });
        if (definition) {
          await this.takeItem(withType(definition, type), type, false);
        }
      } catch (error) {
        this.rethrowFatal(error);
        log.warn(
          'the definition of a custom type may not be read and is not in the backup',
          { resource: customResourceDefinitions, name, error: explain(error) },
        );
      }
    }
  }

  private async shared(): Promise<ItemIdentifier[]> {
    const shared: ItemIdentifier[] = [];
    const byNamespace = new Map<string, ItemIdentifier[]>();
    for (const id of this.related.values()) {
      const ids = byNamespace.get(id.namespace ?? '') ?? [];
      ids.push(id);
      byNamespace.set(id.namespace ?? '', ids);
    }
    for (const [namespace, view] of this.views) {
      const candidates = (byNamespace.get(namespace) ?? []).filter(id =>
        this.done.has(itemKey(id)),
      );
      shared.push(
        ...sharedItems(candidates, await view, id =>
          this.done.has(itemKey(id)),
        ),
      );
    }
    return shared;
  }

  private view(namespace: string): Promise<NamespaceView> {
    let view = this.views.get(namespace);
    if (!view) {
      view = this.loadView(namespace);
      this.views.set(namespace, view);
    }
    return view;
  }

  private async loadView(namespace: string): Promise<NamespaceView> {
    const { client, discovery, log, signal } = this.options;
    const view = new NamespaceView(namespace, discovery);
    for (const name of viewedTypes) {
      const type = discovery.find(name);
      if (!type || groupResource(type) !== name) {
        continue;
      }
      try {
        for await (const item of client.list(type, { namespace, signal })) {
          view.add(factsOf(withType(item, type), type));
        }
      } catch (error) {
        this.rethrowFatal(error);
        log.error(
          'Error listing items to find what belongs together; related items may be missing',
          { resource: name, namespace, error: explain(error) },
        );
      }
    }
    return view;
  }

  private listAll(name: string): Promise<KubernetesObject[] | undefined> {
    let list = this.listed.get(name);
    if (!list) {
      list = this.readAll(name);
      this.listed.set(name, list);
    }
    return list;
  }

  private async readAll(name: string): Promise<KubernetesObject[] | undefined> {
    const { client, discovery, filters, log, signal } = this.options;
    const type = discovery.find(name);
    if (!type || filters.types.shouldExclude(name)) {
      return undefined;
    }
    try {
      const items: KubernetesObject[] = [];
      for await (const item of client.list(type, { signal })) {
        items.push(withType(item, type));
      }
      return items;
    } catch (error) {
      this.rethrowFatal(error);
      log.info('objects may not be listed', {
        resource: name,
        error: explain(error),
      });
      return undefined;
    }
  }

  private resolve(name: string): string {
    const type = this.options.discovery.find(name);
    return type ? groupResource(type) : name;
  }

  /** An abort ends the run; everything else is a finding about one object. */
  private rethrowFatal(error: unknown): void {
    this.options.signal.throwIfAborted();
    if (error instanceof TarballLostError || error instanceof LeaseLostError) {
      throw error;
    }
  }
}

interface Additional {
  id: ItemIdentifier;
  must: boolean;
  missing: 'warn' | 'ignore';
  isRelated: boolean;
}

function identify(item: KubernetesObject, type: ResourceType): ItemIdentifier {
  return {
    group: type.group,
    resource: type.resource,
    namespace: item.metadata.namespace,
    name: item.metadata.name ?? '',
  };
}

/** Members of lists may come without their type. */
function withType(
  item: KubernetesObject,
  type: ResourceType,
): KubernetesObject {
  return item.apiVersion && item.kind
    ? item
    : { ...item, apiVersion: apiVersionOf(type), kind: type.kind };
}

function explain(error: unknown): string {
  if (isNotFound(error)) {
    return 'not found';
  }
  return error instanceof Error ? error.message : String(error);
}
