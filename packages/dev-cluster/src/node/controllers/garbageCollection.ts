import { discoverTypes, DiscoveredType } from '../api/Discovery';
import { Informer } from '../api/Informer';
import { isConflict, isNotFound } from '../api/KubeClient';
import { OwnerReference, Resource, types } from '../api/Resource';
import { Controller, ControllerContext, queueFor } from './ControllerContext';
import {
  decideGarbage,
  FOREGROUND_FINALIZER,
  ORPHAN_FINALIZER,
  OwnerState,
  withoutOwners,
} from './ownerGraph';

const REFRESH_MS = 30_000;
const AFTER_CRD_MS = 300;
const IGNORED = new Set(['events', 'events.events.k8s.io']);

interface Tracked {
  type: DiscoveredType;
  object: Resource;
}

/** Deletes dependents of owners that are gone; carries out foreground and orphaning deletion. */
export function garbageCollection(context: ControllerContext): Controller {
  const { client, signal } = context;
  const monitors = new Map<string, Informer>();
  const byUid = new Map<string, Tracked>();
  const dependents = new Map<string, Set<string>>();
  let known: DiscoveredType[] = [];
  const queue = queueFor(
    context,
    'garbage collection',
    uid => reconcile(uid),
    8,
  );

  function dependentsOf(uid: string): Tracked[] {
    return [...(dependents.get(uid) ?? [])].flatMap(each => {
      const tracked = byUid.get(each);
      return tracked ? [tracked] : [];
    });
  }

  async function ownerState(
    dependent: Tracked,
    reference: OwnerReference,
  ): Promise<OwnerState> {
    const tracked = byUid.get(reference.uid);
    const namespace = dependent.object.metadata.namespace;
    let owner: Resource | undefined;
    if (
      tracked &&
      (!tracked.type.namespaced ||
        tracked.object.metadata.namespace === namespace)
    ) {
      owner = tracked.object;
    } else {
      const type = typeOf(known, reference);
      if (!type) {
        queue.addAfter(dependent.object.metadata.uid ?? '', REFRESH_MS);
        return { state: 'present', waitsForDependents: false };
      }
      if (type.namespaced && !namespace) return { state: 'absent' };
      const found = await client.find(type, namespace, reference.name, signal);
      owner = found?.metadata.uid === reference.uid ? found : undefined;
    }
    if (!owner) return { state: 'absent' };
    return {
      state: 'present',
      waitsForDependents:
        Boolean(owner.metadata.deletionTimestamp) &&
        Boolean(owner.metadata.finalizers?.includes(FOREGROUND_FINALIZER)),
    };
  }

  async function removeFinalizer(tracked: Tracked, finalizer: string) {
    const { metadata } = tracked.object;
    const current = await client.find(
      tracked.type,
      metadata.namespace,
      metadata.name,
      signal,
    );
    if (current?.metadata.uid !== metadata.uid || !current) return;
    const finalizers = current.metadata.finalizers ?? [];
    if (!finalizers.includes(finalizer)) return;
    await client.patch(tracked.type, metadata.namespace, metadata.name, {
      metadata: {
        uid: metadata.uid,
        resourceVersion: current.metadata.resourceVersion,
        finalizers: finalizers.filter(each => each !== finalizer),
      },
    });
  }

  async function dropOwners(tracked: Tracked, uids: string[]) {
    const { metadata } = tracked.object;
    await client.patch(tracked.type, metadata.namespace, metadata.name, {
      metadata: {
        uid: metadata.uid,
        resourceVersion: metadata.resourceVersion,
        ownerReferences: withoutOwners(tracked.object, uids),
      },
    });
  }

  async function finishDeletion(tracked: Tracked) {
    const { metadata } = tracked.object;
    const uid = metadata.uid ?? '';
    if (metadata.finalizers?.includes(ORPHAN_FINALIZER)) {
      for (const dependent of dependentsOf(uid)) {
        await dropOwners(dependent, [uid]);
      }
      await removeFinalizer(tracked, ORPHAN_FINALIZER);
    } else if (metadata.finalizers?.includes(FOREGROUND_FINALIZER)) {
      const blocking = dependentsOf(uid).filter(dependent =>
        dependent.object.metadata.ownerReferences?.some(
          each => each.uid === uid && each.blockOwnerDeletion,
        ),
      );
      for (const dependent of dependentsOf(uid)) {
        queue.add(dependent.object.metadata.uid ?? '');
      }
      if (blocking.length === 0) {
        await removeFinalizer(tracked, FOREGROUND_FINALIZER);
      }
    }
  }

  async function reconcile(uid: string): Promise<void> {
    const tracked = byUid.get(uid);
    if (!tracked) return;
    const { type, object } = tracked;
    const { metadata } = object;
    try {
      if (metadata.deletionTimestamp) {
        await finishDeletion(tracked);
        return;
      }
      const owners = await Promise.all(
        (metadata.ownerReferences ?? []).map(async reference => ({
          reference,
          owner: await ownerState(tracked, reference),
        })),
      );
      const decision = decideGarbage(
        object,
        owners,
        dependentsOf(uid).length > 0,
      );
      if (decision.action === 'drop-references') {
        await dropOwners(tracked, decision.uids);
      } else if (decision.action === 'delete') {
        await client.delete(type, metadata.namespace, metadata.name, {
          propagationPolicy: decision.propagationPolicy,
          preconditions: { uid },
        });
      }
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
      if (isConflict(error)) queue.addAfter(uid, 200);
    }
  }

  function forget(uid: string, object: Resource) {
    byUid.delete(uid);
    for (const reference of object.metadata.ownerReferences ?? []) {
      dependents.get(reference.uid)?.delete(uid);
      if (dependents.get(reference.uid)?.size === 0) {
        dependents.delete(reference.uid);
      }
    }
  }

  function track(type: DiscoveredType, object: Resource) {
    const uid = object.metadata.uid ?? '';
    const before = byUid.get(uid);
    if (before) forget(uid, before.object);
    byUid.set(uid, { type, object });
    for (const reference of object.metadata.ownerReferences ?? []) {
      const set = dependents.get(reference.uid) ?? new Set();
      set.add(uid);
      dependents.set(reference.uid, set);
    }
    if (
      object.metadata.deletionTimestamp ||
      object.metadata.ownerReferences?.length
    ) {
      queue.add(uid);
    }
  }

  function untrack(object: Resource) {
    const uid = object.metadata.uid ?? '';
    const last = byUid.get(uid)?.object ?? object;
    for (const dependent of dependentsOf(uid)) {
      queue.add(dependent.object.metadata.uid ?? '');
    }
    for (const reference of last.metadata.ownerReferences ?? []) {
      queue.add(reference.uid);
    }
    forget(uid, last);
  }

  function monitor(type: DiscoveredType): Promise<void> {
    const key = `${type.resource}.${type.group}`;
    if (monitors.has(key)) return Promise.resolve();
    const informer = new Informer(client, type, {
      metadataOnly: true,
      log: context.log,
    });
    monitors.set(key, informer);
    informer.onChange((object, change) => {
      if (change === 'set') track(type, object);
      else untrack(object);
    });
    void informer.run(signal).then(() => {
      monitors.delete(key);
    });
    return informer.synced;
  }

  async function refresh(): Promise<void> {
    const found = await discoverTypes(client, signal);
    known = found.types;
    const watched = known.filter(
      type =>
        ['list', 'watch', 'delete', 'patch'].every(verb =>
          type.verbs.includes(verb),
        ) && !IGNORED.has(nameOf(type)),
    );
    await Promise.all(watched.map(monitor));
  }

  function refreshLater(milliseconds: number) {
    const timer = setTimeout(() => {
      refresh().catch(error => {
        if (!signal.aborted) {
          context.log(`garbage collection: ${(error as Error).message}`);
        }
      });
    }, milliseconds);
    signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  }

  context.informers
    .of(types.customResourceDefinitions)
    .onChange(() => refreshLater(AFTER_CRD_MS));

  return {
    start() {
      refresh()
        .then(() => queue.start())
        .catch(error => {
          context.log(`garbage collection: ${(error as Error).message}`);
          refreshLater(AFTER_CRD_MS);
          queue.start();
        });
      const timer = setInterval(() => refreshLater(0), REFRESH_MS);
      signal.addEventListener('abort', () => clearInterval(timer));
    },
  };
}

function nameOf(type: DiscoveredType): string {
  return type.group ? `${type.resource}.${type.group}` : type.resource;
}

function typeOf(
  all: DiscoveredType[],
  reference: OwnerReference,
): DiscoveredType | undefined {
  const [group] = reference.apiVersion.includes('/')
    ? reference.apiVersion.split('/')
    : [''];
  return all.find(type => type.group === group && type.kind === reference.kind);
}
