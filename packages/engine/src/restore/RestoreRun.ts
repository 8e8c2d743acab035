import { BackupScope, BackupVolumeInfo, Restore } from '@lifeboat/velero-api';
import { selectorApplies } from '../backup/actions/ResourceSelector';
import {
  groupResourceOf,
  ItemIdentifier,
  itemKey,
} from '../backup/ItemIdentifier';
import { isJsonObject, removeAt, stringAt, valueAt } from '../backup/jsonPath';
import { ResourceListBuilder } from '../backup/ResourceListBuilder';
import { FindingScope, ResultsCollector } from '../backup/ResultsCollector';
import type { RunLog } from '../backup/RunLog';
import type { Discovery } from '../cluster/Discovery';
import { cloneJson } from '../cluster/json';
import type { KubernetesObject } from '../cluster/KubernetesObject';
import { LeaseLostError } from '../cluster/LeaseLostError';
import {
  apiVersionOf,
  groupResource,
  ResourceType,
} from '../cluster/ResourceType';
import { whyCompleted } from './completed';
import type { PodRestoreHooks } from './hooks/podRestoreHooks';
import type { RestoreHooks } from './hooks/RestoreHooks';
import type { ItemSink, Placement } from './ItemSink';
import { namespaceCopy } from './limits/namespaceCopy';
import { holdToLimits, TenantLimits } from './limits/tenantLimits';
import {
  applyResourceModifiers,
  ResourceModifiers,
} from './modifiers/ResourceModifiers';
import { orderedTypes, ResourcePriorities } from './order/resourcePriorities';
import { normalise, restoreLabels, withLabels } from './plan/compare';
import { decideVolumeRestore } from './plan/volumes';
import type { BackupContents, ContentsItem } from './read/BackupContents';
import type { RestoreFilters } from './RestoreFilters';
import { wantsStatus } from './restoreStatus';
import { mapClaimRef, resetBinding } from './transform/claim';
import type {
  RestoreItemAction,
  TransformContext,
} from './transform/RestoreItemAction';
import { stripMetadata, stripStatus } from './transform/stripMetadata';
import type { ClaimPlan } from './volumes/decideClaim';
import type { RestoredVolume } from './volumes/RestoredVolume';
import { VolumeRestorer, type VolumeSettings } from './volumes/VolumeRestorer';

/** A tenant's restore: what it may see and where it may write. */
export interface TenantRestore {
  scope: BackupScope;
  targetNamespace: string;
  allowedClusterRoles: readonly string[];
}

/** Everything a restore needs; it has been validated. */
export interface RestoreRunOptions {
  restore: Restore;
  backupName: string;
  contents: BackupContents;
  /** Content of the backup's volumeinfo file, when it has one. */
  volumeInfo: BackupVolumeInfo[] | undefined;
  /** Where the backup has the content of volumes, and how it is brought back; absent: objects only. */
  volumes?: VolumeSettings;
  discovery: Discovery;
  /** Reads the served types again, after definitions were restored. */
  discover(): Promise<Discovery>;
  filters: RestoreFilters;
  priorities: ResourcePriorities;
  actions: RestoreItemAction[];
  modifiers?: ResourceModifiers;
  /** What is to be run in restored pods; absent: nothing. */
  hooks?: RestoreHooks;
  /** Absent for admins' restores, which have no limits but the engine's own rights. */
  tenant?: TenantRestore;
  /** Keys of objects that workloads outside the backup use too. */
  shared: ReadonlySet<string>;
  sink: ItemSink;
  log: RunLog;
  signal: AbortSignal;
  onProgress(progress: { totalItems: number; itemsRestored: number }): void;
}

/** What became of one object. */
export interface RestoredItem {
  id: ItemIdentifier;
  apiVersion: string;
  kind: string;
  /** Where it went; undefined for cluster-scoped objects. */
  targetNamespace?: string;
  action: Placement['action'];
  reason?: string;
}

/** What a restore did, or would do. */
export interface RestoreRunOutcome {
  items: RestoredItem[];
  resources: ResourceListBuilder;
  findings: ResultsCollector;
  /** Objects that were dealt with. */
  total: number;
  /** Of these, the ones that are in place or need no restore. */
  restored: number;
  /** Claims whose data the backup does not have. */
  volumesWithoutData: number;
  /** What becomes of the content of volumes. */
  volumes: RestoredVolume[];
}

const definitions = 'customresourcedefinitions.apiextensions.k8s.io';
const claims = 'persistentvolumeclaims';
const volumes = 'persistentvolumes';

/** Volume data's own records: they are read when data is restored, never put into the cluster. */
const dataRecords: { [type: string]: string } = {
  'datauploads.velero.io': 'it only says where the data of a volume is',
  'volumesnapshots.snapshot.storage.k8s.io':
    'it is made anew for the claim that needs it',
  'volumesnapshotcontents.snapshot.storage.k8s.io':
    'it is made anew for the claim that needs it',
};

/**
 * Restores the objects of a backup in order: definitions first, then by priority; each one is changed for its new place, held to
 * its limits and placed. Failures of single objects become findings; only an abort ends the run.
 *
 * Source: Velero, restore algorithm (`pkg/restore`).
 */
export class RestoreRun {
  private readonly findings = new ResultsCollector();
  private readonly resources = new ResourceListBuilder();
  private readonly items: RestoredItem[] = [];
  private readonly handled = new Set<string>();
  /** Namespaces by the name they get: there, or why not. */
  private readonly namespaces = new Map<string, true | Error>();
  private readonly volumeInfo: Map<string, BackupVolumeInfo>;
  private readonly provisioned = new Set<string>();
  /** UIDs of objects that are in place, by their key in the backup. */
  private readonly uids = new Map<string, string>();
  /** Objects that wait for their owner, by the owner's key. */
  private readonly orphans = new Map<string, Orphan[]>();
  private readonly mapping: { [namespace: string]: string };
  private discovery: Discovery;
  private total = 0;
  private done = 0;
  private withoutData = 0;
  private unplaced = 0;
  private readonly accounts = new Map<string, string[]>();
  private readonly volumes: VolumeRestorer;

  constructor(private readonly options: RestoreRunOptions) {
    this.discovery = options.discovery;
    this.volumes = new VolumeRestorer({
      restore: options.restore,
      contents: options.contents,
      settings: options.volumes,
      sink: options.sink,
      discovery: () => this.discovery,
      isRestored: item => this.willRestore(item),
      ...(options.tenant && {
        onlyRepository: options.tenant.scope.namespace,
      }),
    });
    this.mapping = options.restore.spec.namespaceMapping ?? {};
    this.volumeInfo = new Map(
      (options.volumeInfo ?? []).flatMap(info =>
        info.pvName ? [[info.pvName, info] as const] : [],
      ),
    );
  }

  async run(): Promise<RestoreRunOutcome> {
    const { contents, filters, signal } = this.options;
    if (!contents.hasResources) {
      this.warn({ velero: true }, 'the backup has no objects');
    }
    for (const type of contents.types()) {
      if (this.isTaken(type)) {
        this.total += contents
          .itemsOf(type)
          .filter(item => this.isTakenFrom(item)).length;
      }
    }
    const taken = new Set<string>();
    if (filters.includesType(definitions)) {
      await this.restoreType(definitions, taken);
      if (taken.size > 0) {
        this.discovery = await this.options.discover();
      }
    }
    for (const name of orderedTypes(
      this.options.priorities,
      contents.types(),
    )) {
      signal.throwIfAborted();
      await this.restoreType(name, taken);
    }
    this.noteVolumes();
    return {
      items: this.items,
      resources: this.resources,
      findings: this.findings,
      total: this.items.length,
      restored: this.items.length - this.unplaced,
      volumesWithoutData: this.withoutData,
      volumes: this.volumes.restored,
    };
  }

  private isTaken(type: string): boolean {
    return this.options.filters.includesType(type) && !dataRecords[type];
  }

  private isTakenFrom(item: ContentsItem): boolean {
    const { filters } = this.options;
    if (item.groupResource === 'namespaces') {
      return filters.includesNamespace(item.name, item.groupResource);
    }
    return item.namespace
      ? filters.includesNamespace(item.namespace, item.groupResource)
      : filters.includesClusterScoped;
  }

  private async restoreType(name: string, taken: Set<string>): Promise<void> {
    const { contents, filters } = this.options;
    const type = this.discovery.find(name);
    const key = type ? groupResource(type) : name;
    if (taken.has(key) || !filters.includesType(key)) {
      return;
    }
    const items = contents.itemsOf(key).filter(item => this.isTakenFrom(item));
    if (items.length === 0) {
      return;
    }
    taken.add(key);
    if (dataRecords[key]) {
      for (const item of items) {
        this.options.log.info(`skipped: ${dataRecords[key]}`, {
          resource: key,
          namespace: item.namespace,
          name: item.name,
        });
      }
      return;
    }
    if (!type) {
      this.noteUnserved(key, items);
      return;
    }
    for (const item of items) {
      this.options.signal.throwIfAborted();
      if (key === 'namespaces') {
        await this.restoreNamespace(item);
      } else {
        await this.restoreListed(item, type);
      }
      this.progress();
    }
  }

  private progress(): void {
    this.done += 1;
    this.options.onProgress({
      totalItems: Math.max(this.total, this.done),
      itemsRestored: this.done,
    });
  }

  private noteUnserved(type: string, items: readonly ContentsItem[]): void {
    const byNamespace = new Map<string, string[]>();
    for (const item of items) {
      const target = this.target(item.namespace) ?? '';
      byNamespace.set(target, [...(byNamespace.get(target) ?? []), item.name]);
      this.done += 1;
    }
    for (const [namespace, names] of byNamespace) {
      const shown = names.slice(0, 10).join(', ');
      const more = names.length > 10 ? ` and ${names.length - 10} more` : '';
      this.error(
        scopeOf(namespace),
        `${type} are not served by this cluster, so these were not restored: ${shown}${more}`,
      );
    }
  }

  private async restoreNamespace(item: ContentsItem): Promise<void> {
    const original = await this.read(item);
    if (
      original &&
      this.options.filters.selects(original, item.groupResource)
    ) {
      await this.namespaceReady(item.name);
    }
  }

  private async restoreListed(
    item: ContentsItem,
    type: ResourceType,
  ): Promise<void> {
    const original = await this.read(item);
    if (
      original &&
      this.options.filters.selects(original, item.groupResource)
    ) {
      await this.restoreItem(original, type, item.namespace);
    }
  }

  private async read(
    item: ContentsItem,
  ): Promise<KubernetesObject | undefined> {
    try {
      return await this.options.contents.read(item);
    } catch (error) {
      this.error(
        scopeOf(this.target(item.namespace)),
        `error decoding "resources/${item.groupResource}/${
          item.namespace ? `namespaces/${item.namespace}` : 'cluster'
        }/${item.name}.json": ${(error as Error).message}`,
      );
      return undefined;
    }
  }

  /**
   * @param preferred - the type in the version that this cluster prefers; the object is written in its own one where that is served
   * @returns whether the object is in place now
   */
  private async restoreItem(
    original: KubernetesObject,
    preferred: ResourceType,
    namespace: string | undefined,
  ): Promise<boolean> {
    const { filters, log } = this.options;
    const type = this.versionFor(original, preferred);
    const name = groupResource(type);
    const id: ItemIdentifier = {
      group: type.group,
      resource: type.resource,
      namespace,
      name: original.metadata.name ?? '',
    };
    const target = this.target(namespace);
    const fields = { resource: name, namespace: target, name: id.name };
    if (namespace && !filters.includesNamespace(namespace, name)) {
      log.info('Not restoring item because namespace is excluded', fields);
      return false;
    }
    if (!filters.includesType(name)) {
      log.info('Not restoring item because resource is excluded', fields);
      return false;
    }
    if (!namespace && filters.refusesClusterScoped) {
      log.info('Not restoring item because it is cluster-scoped', fields);
      return false;
    }
    if (this.options.tenant && !namespace) {
      this.finish(original, id, target, {
        action: 'skipped',
        reason: 'it is cluster-scoped: only admins restore such objects',
      });
      return false;
    }
    if (namespace && !(await this.namespaceReady(namespace))) {
      return false;
    }
    const completed = whyCompleted(original, name);
    if (completed) {
      this.finish(original, id, target, {
        action: 'skipped',
        reason: completed,
      });
      return false;
    }
    const key = itemKey(id);
    if (this.handled.has(key)) {
      return this.uids.has(key);
    }
    this.handled.add(key);
    try {
      const placement = await this.prepareAndPlace(original, type, id, target);
      this.finish(original, id, target, placement);
      return placement.action !== 'failed' || placement.uid !== undefined;
    } catch (error) {
      this.options.signal.throwIfAborted();
      if (error instanceof LeaseLostError) {
        throw error;
      }
      this.finish(original, id, target, {
        action: 'failed',
        error: `error preparing ${[name, target, id.name]
          .filter(Boolean)
          .join('/')}: ${error instanceof Error ? error.message : error}`,
      });
      return false;
    }
  }

  private async prepareAndPlace(
    original: KubernetesObject,
    type: ResourceType,
    id: ItemIdentifier,
    target: string | undefined,
  ): Promise<Placement> {
    const { restore, modifiers, tenant, sink, shared } = this.options;
    const name = groupResource(type);
    if (name === volumes && (await this.volumeFate(original)) === 'provision') {
      this.provisioned.add(id.name);
      return { action: 'skipped', reason: 'its claim gets a new volume' };
    }
    const { apiVersion, kind } = original;
    if (apiVersion !== apiVersionOf(type) && kind === type.kind) {
      return {
        action: 'failed',
        error: `error restoring ${[name, target, id.name]
          .filter(Boolean)
          .join(
            '/',
          )}: it was backed up as ${apiVersion}, which this cluster does not serve; it serves ${apiVersionOf(
          type,
        )}`,
      };
    }
    const asked =
      name === 'pods'
        ? await this.options.hooks?.of(original, target ?? '')
        : undefined;
    if (asked?.warning) {
      this.warn(scopeOf(target), asked.warning);
    }
    const context = this.transformContext(
      original,
      id.namespace,
      target,
      asked?.hooks,
    );
    const transformed = await this.transform(
      stripStatus(stripMetadata(cloneJson(original))),
      name,
      context,
    );
    if (transformed.skip) {
      return { action: 'skipped', reason: transformed.skip };
    }
    transformed.warnings.forEach(warning =>
      this.warn(scopeOf(target), warning),
    );
    let object = transformed.item;
    const plan = name === claims ? this.volumes.planClaim(original) : undefined;
    if (plan) {
      if (plan.method === 'in-place') {
        this.volumes.note(plan, original, target ?? '');
        return {
          action: 'updated',
          reason: 'its data was restored in place',
        };
      }
      await this.shapeClaim(object, original, target, plan);
    } else if (name === volumes) {
      resetBinding(object);
      mapClaimRef(object, this.mapping);
    }
    if (modifiers) {
      const modified = applyResourceModifiers(modifiers, object, name);
      if (modified.errors.length > 0) {
        return { action: 'failed', error: modified.errors.join('; ') };
      }
      object = modified.object;
    }
    if (target) {
      object = {
        ...object,
        metadata: { ...object.metadata, namespace: target },
      };
    }
    object = withLabels(
      object,
      restoreLabels(restore.metadata.name ?? '', this.options.backupName),
    );
    if (tenant) {
      const held = holdToLimits(object, name, this.limits(tenant));
      if ('refused' in held) {
        return { action: 'failed', error: held.refused };
      }
      held.warnings.forEach(warning => this.warn(scopeOf(target), warning));
      object = held.object;
    }
    const owners = this.owners(original, id.namespace);
    const known = owners.filter(owner => this.uids.has(owner.key));
    if (known.length > 0) {
      object.metadata = {
        ...object.metadata,
        ownerReferences: known.map(owner => ({
          ...owner.reference,
          uid: this.uids.get(owner.key)!,
        })),
      };
    }
    const placement = await sink.place(object, type, {
      existingResourcePolicy:
        restore.spec.existingResourcePolicy === 'update' ? 'update' : 'none',
      shared: shared.has(itemKey(id)),
      status: wantsStatus(original, name, restore.spec.restoreStatus, n =>
        this.resolve(n),
      )
        ? original.status
        : undefined,
      comparable: live => this.comparable(live, name, context, target, plan),
    });
    if (plan) {
      const finding = await this.volumes.claimPlaced(
        plan,
        original,
        target ?? '',
        placement,
      );
      this.report(finding, target);
    } else if (name === 'pods' && placement.uid) {
      await this.fillPod(original, target ?? '', placement);
      if (asked && placement.action === 'created') {
        this.options.hooks?.placed(target ?? '', id.name, asked.hooks);
      }
    }
    if (placement.action === 'created' || placement.resumed) {
      for (const owner of owners) {
        const orphan: Orphan = {
          type,
          ref: { namespace: target, name: object.metadata.name ?? '' },
          reference: owner.reference,
          scope: scopeOf(target),
        };
        const uid = this.uids.get(owner.key);
        if (uid === undefined) {
          const orphans = this.orphans.get(owner.key) ?? [];
          orphans.push(orphan);
          this.orphans.set(owner.key, orphans);
        } else if (placement.resumed) {
          await this.giveOwner(orphan, uid);
        }
      }
    }
    if (placement.uid) {
      await this.adopt(itemKey(id), placement.uid);
    }
    if (name === definitions && placement.action === 'created') {
      const problem = await sink.waitForDefinition(id.name);
      if (problem) {
        this.error({ cluster: true }, problem);
      }
    }
    return placement;
  }

  /** The type in the version in which an object was backed up, or the preferred one. */
  private versionFor(
    object: KubernetesObject,
    preferred: ResourceType,
  ): ResourceType {
    const own = this.discovery.forKind(object.apiVersion, object.kind);
    return own && groupResource(own) === groupResource(preferred)
      ? own
      : preferred;
  }

  /** Runs the transforms, and restores what they ask for first. */
  private async transform(
    start: KubernetesObject,
    name: string,
    context: TransformContext,
  ): Promise<{ item: KubernetesObject; skip?: string; warnings: string[] }> {
    let item = start;
    const warnings: string[] = [];
    for (const action of this.options.actions) {
      if (
        !selectorApplies(action.appliesTo, item, name, n => this.resolve(n))
      ) {
        continue;
      }
      const result = await action.execute(cloneJson(item), context);
      for (const additional of result.additionalItems ?? []) {
        await this.restoreAdditional(additional);
      }
      if (result.skip) {
        return { item, skip: result.skip, warnings };
      }
      item = result.item;
      warnings.push(...(result.warnings ?? []));
    }
    return { item, warnings };
  }

  private async restoreAdditional(id: ItemIdentifier): Promise<void> {
    const { contents, log } = this.options;
    const type = this.discovery.find(groupResourceOf(id));
    const item = contents.find({
      groupResource: groupResourceOf(id),
      namespace: id.namespace || undefined,
      name: id.name,
    });
    if (!type || !item) {
      log.info('additional item is not in the backup', {
        resource: groupResourceOf(id),
        namespace: id.namespace,
        name: id.name,
      });
      return;
    }
    if (this.handled.has(itemKey({ ...id, namespace: item.namespace }))) {
      return;
    }
    const original = await this.read(item);
    if (original) {
      await this.restoreItem(original, type, item.namespace);
    }
  }

  /**
   * What the cluster has, in the form in which a restore would write it: fields that the transforms clear (addresses, bindings)
   * count neither as differences nor are they cleared in the cluster.
   */
  private async comparable(
    live: KubernetesObject,
    name: string,
    context: TransformContext,
    target: string | undefined,
    plan: ClaimPlan | undefined,
  ): Promise<KubernetesObject> {
    let item = normalise(live);
    const ownContext = { ...context, original: live, namespace: target };
    for (const action of this.options.actions) {
      if (selectorApplies(action.appliesTo, item, name, n => this.resolve(n))) {
        const result = await action.execute(cloneJson(item), ownContext);
        item = result.skip ? item : result.item;
      }
    }
    if (plan) {
      const volume = stringAt(context.original, 'spec', 'volumeName');
      resetBinding(item);
      if (!volume || this.provisioned.has(volume)) {
        removeAt(item, 'spec', 'volumeName');
      }
      this.volumes.shape(item, plan, context.original, target ?? '');
    }
    return item;
  }

  private transformContext(
    original: KubernetesObject,
    namespace: string | undefined,
    targetNamespace: string | undefined,
    hooks: PodRestoreHooks = { init: [], exec: [] },
  ): TransformContext {
    const { restore, contents } = this.options;
    return {
      restore,
      original,
      namespace,
      targetNamespace,
      isRestored: item => this.willRestore(item),
      podVolumes: () =>
        original.kind === 'Pod' ? this.volumes.ofPod(original) : [],
      initContainers: hooks.init,
      hasHooks: hooks.init.length > 0 || hooks.exec.length > 0,
      serviceAccounts: () => this.accountsOf(namespace),
      hasSelector: async service => {
        const item = contents.find({
          groupResource: 'services',
          namespace,
          name: service,
        });
        const object =
          item && (await contents.read(item).catch(() => undefined));
        const selector = valueAt(object, 'spec', 'selector');
        return isJsonObject(selector) && Object.keys(selector).length > 0;
      },
    };
  }

  /** Asked for each Secret, so read once per namespace. */
  private accountsOf(namespace: string | undefined): string[] {
    const key = namespace ?? '';
    let names = this.accounts.get(key);
    if (!names) {
      names = [
        'default',
        'builder',
        'deployer',
        ...this.options.contents
          .itemsOf('serviceaccounts')
          .filter(item => item.namespace === namespace)
          .map(item => item.name),
      ];
      this.accounts.set(key, names);
    }
    return names;
  }

  /** Whether the filters let an object of the backup through. Label selectors cannot be told without reading it. */
  private willRestore(id: ItemIdentifier): boolean {
    const name = groupResourceOf(id);
    const item = this.options.contents.find({
      groupResource: name,
      namespace: id.namespace || undefined,
      name: id.name,
    });
    return (
      item !== undefined &&
      this.isTaken(name) &&
      this.isTakenFrom(item) &&
      this.discovery.find(name) !== undefined
    );
  }

  private limits(tenant: TenantRestore): TenantLimits {
    return {
      targetNamespace: tenant.targetNamespace,
      allowedClusterRoles: tenant.allowedClusterRoles,
      isRestoredRole: name =>
        this.willRestore({
          group: 'rbac.authorization.k8s.io',
          resource: 'roles',
          namespace: tenant.scope.namespace,
          name,
        }),
    };
  }

  private async volumeFate(
    volume: KubernetesObject,
  ): Promise<'restore' | 'provision'> {
    if (this.options.tenant || (await this.volumes.hasContent(volume))) {
      return 'provision';
    }
    return decideVolumeRestore(
      volume,
      this.volumeInfo.get(volume.metadata.name ?? ''),
    );
  }

  /** Frees a claim from its old volume, and prepares it for the way in which it gets its content. */
  private async shapeClaim(
    claim: KubernetesObject,
    original: KubernetesObject,
    target: string | undefined,
    plan: ClaimPlan,
  ): Promise<void> {
    const volume = stringAt(claim, 'spec', 'volumeName');
    const isNew =
      !volume ||
      this.provisioned.has(volume) ||
      this.options.tenant !== undefined;
    resetBinding(claim);
    if (isNew) {
      removeAt(claim, 'spec', 'volumeName');
    }
    if (plan.method === 'empty' && isNew) {
      this.withoutData += 1;
    }
    const finding = await this.volumes.prepare(
      claim,
      plan,
      original,
      target ?? '',
    );
    this.report(finding, target);
  }

  private async fillPod(
    original: KubernetesObject,
    target: string,
    placement: Placement,
  ): Promise<void> {
    const { namespace } = original.metadata;
    const findings = await this.volumes.podPlaced(
      original,
      target,
      placement,
      claim =>
        this.uids.get(
          itemKey({
            group: '',
            resource: claims,
            namespace,
            name: claim,
          }),
        ),
    );
    findings.forEach(finding => this.report(finding, target));
  }

  private report(
    finding: { error?: string; warning?: string } | undefined,
    target: string | undefined,
  ): void {
    if (finding?.error) {
      this.error(scopeOf(target), finding.error);
    }
    if (finding?.warning) {
      this.warn(scopeOf(target), finding.warning);
    }
  }

  private owners(
    original: KubernetesObject,
    namespace: string | undefined,
  ): { key: string; reference: OwnerReference }[] {
    return (original.metadata.ownerReferences ?? []).flatMap(reference => {
      const type = this.discovery.forKind(reference.apiVersion, reference.kind);
      const id = type && {
        group: type.group,
        resource: type.resource,
        namespace: type.namespaced ? namespace : undefined,
        name: reference.name,
      };
      return id && this.willRestore(id)
        ? [{ key: itemKey(id), reference }]
        : [];
    });
  }

  /** An object is in place: those that it owned and that were placed before get it as their owner again. */
  private async adopt(key: string, uid: string): Promise<void> {
    this.uids.set(key, uid);
    const orphans = this.orphans.get(key) ?? [];
    this.orphans.delete(key);
    for (const orphan of orphans) {
      await this.giveOwner(orphan, uid);
    }
  }

  private async giveOwner(orphan: Orphan, uid: string): Promise<void> {
    const problem = await this.options.sink.addOwner(orphan.ref, orphan.type, {
      ...orphan.reference,
      uid,
    });
    if (problem) {
      this.warn(orphan.scope, problem);
    }
  }

  /** @returns whether the target of a source namespace is there */
  private async namespaceReady(source: string): Promise<boolean> {
    const target = this.target(source)!;
    const known = this.namespaces.get(target);
    if (known) {
      return known === true;
    }
    const { sink, contents, tenant, log, restore } = this.options;
    const item = contents.find({ groupResource: 'namespaces', name: source });
    const original = item && (await this.read(item));
    try {
      const placement = await sink.ensureNamespace(
        namespaceCopy(
          target,
          original,
          tenant?.scope,
          restore.metadata.name ?? '',
        ),
      );
      this.namespaces.set(target, true);
      if (placement === 'created') {
        const created = { apiVersion: 'v1', kind: 'Namespace' };
        this.resources.add(created, { name: target }, 'created');
        this.items.push({
          id: { group: '', resource: 'namespaces', name: source },
          ...created,
          action: 'created',
        });
        log.info('Created namespace', { namespace: target });
      }
      return true;
    } catch (error) {
      this.options.signal.throwIfAborted();
      if (error instanceof LeaseLostError) {
        throw error;
      }
      this.namespaces.set(target, error as Error);
      this.error({ velero: true }, (error as Error).message);
      return false;
    }
  }

  private target(namespace: string | undefined): string | undefined {
    return namespace && (this.mapping[namespace] ?? namespace);
  }

  private resolve(name: string): string {
    const type = this.discovery.find(name);
    return type ? groupResource(type) : name;
  }

  private finish(
    original: KubernetesObject,
    id: ItemIdentifier,
    target: string | undefined,
    placement: Placement,
  ): void {
    const { log } = this.options;
    const fields = {
      resource: groupResourceOf(id),
      namespace: target,
      name: id.name,
    };
    this.resources.add(
      original,
      { namespace: target, name: id.name },
      placement.action,
    );
    this.items.push({
      id,
      apiVersion: original.apiVersion,
      kind: original.kind,
      targetNamespace: target,
      action: placement.action,
      reason: placement.reason ?? placement.warning ?? placement.error,
    });
    log.info(
      placement.reason
        ? `${placement.action}: ${placement.reason}`
        : `${placement.action}`,
      fields,
    );
    if (placement.warning) {
      this.warn(scopeOf(target), placement.warning);
    }
    if (placement.error) {
      this.unplaced += 1;
      this.error(scopeOf(target), placement.error);
    }
  }

  private noteVolumes(): void {
    const count = this.withoutData;
    if (count > 0) {
      this.warn(
        { velero: true },
        `Objects only: the data of ${count} ${
          count === 1 ? 'volume' : 'volumes'
        } is not included`,
      );
    }
  }

  private warn(scope: FindingScope, message: string): void {
    this.findings.add('warnings', scope, message);
    this.options.log.write('warning', message, fieldsOf(scope));
  }

  private error(scope: FindingScope, message: string): void {
    this.findings.add('errors', scope, message);
    this.options.log.write('error', message, fieldsOf(scope));
  }
}

type OwnerReference = NonNullable<
  KubernetesObject['metadata']['ownerReferences']
>[number];

interface Orphan {
  type: ResourceType;
  ref: { namespace?: string; name: string };
  reference: OwnerReference;
  scope: FindingScope;
}

function scopeOf(namespace: string | undefined): FindingScope {
  return namespace ? { namespace } : { cluster: true };
}

function fieldsOf(scope: FindingScope): { namespace?: string } {
  return 'namespace' in scope ? { namespace: scope.namespace } : {};
}
