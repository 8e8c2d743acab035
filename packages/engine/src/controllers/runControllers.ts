import { systemClock, type Clock } from '../cluster/Clock';
import type { ClusterClient } from '../cluster/ClusterClient';
import type { ApiObject, KubernetesObject } from '../cluster/KubernetesObject';
import type { ReadonlyCache } from '../cluster/ReadonlyCache';
import { ResourceCache } from '../cluster/ResourceCache';
import { groupResource, type ResourceTypeRef } from '../cluster/ResourceType';
import { WorkQueue } from '../cluster/WorkQueue';
import type { EngineConfig } from '../config/EngineConfig';
import type { Logger } from '../config/Logger';
import { openBackupStore } from '../storage/openBackupStore';
import { ObjectStorePool } from '../storage/openObjectStore';
import type { RecordSigner } from '../storage/RecordSigner';
import { loadRecordSigner } from '../storage/signRecords';
import type { Controller, ControllerContext, ObjectKey } from './Controller';

/** What runs in the background may wake applications that it froze, but not hold up the process. */
const longestEndMs = 12_000;

/** @public */
export interface RunControllersOptions {
  /** Refuses to write once the lease is lost (`withFence`). */
  client: ClusterClient;
  /** Asked before each write to storage; throws once the lease is lost. */
  beforeWrite: () => void;
  namespace: string;
  clusterName: string;
  config: EngineConfig;
  logger: Logger;
  signal: AbortSignal;
  clock?: Clock;
}

/**
 * Runs controllers for one cluster until the signal is aborted: fills the
 * caches, lets each controller recover what an earlier process left, then
 * reconciles. Resolves when nothing runs any more.
 * @public
 */
export async function runControllers(
  controllers: readonly Controller[],
  options: RunControllersOptions,
): Promise<void> {
  const { client, namespace, logger } = options;
  const clock = options.clock ?? systemClock;
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const caches = new Map<string, ResourceCache>();
  const tasks: Promise<void>[] = [];

  const run = (what: string, task: Promise<void>) => {
    tasks.push(
      task.catch(error => {
        if (signal.aborted) return;
        logger.error(
          { what, error: String(error) },
          'A task of the engine ended',
        );
        stop.abort(error);
      }),
    );
  };

  const cacheOf = (type: ResourceTypeRef): ResourceCache => {
    const key = groupResource(type);
    let cache = caches.get(key);
    if (!cache) {
      cache = new ResourceCache();
      caches.set(key, cache);
      run(
        `watch ${key}`,
        cache.run(client, type, {
          namespace,
          signal,
          onError: error =>
            logger.warn(
              { resource: key, error: (error as Error).message },
              'A watch was interrupted',
            ),
        }),
      );
    }
    return cache;
  };

  const pool = new ObjectStorePool();
  let signer: Promise<RecordSigner> | undefined;
  const context: ControllerContext = {
    client,
    namespace,
    clusterName: options.clusterName,
    clock,
    signal,
    logger,
    config: options.config,
    beforeWrite: options.beforeWrite,
    openStore: location =>
      openBackupStore(location, {
        client,
        namespace,
        signal,
        beforeWrite: options.beforeWrite,
        logger: logger.child({ location: location.metadata.name }),
        pool,
      }),
    cacheOf: <T extends ApiObject = KubernetesObject>(type: ResourceTypeRef) =>
      cacheOf(type) as unknown as ReadonlyCache<T>,
    signer: ({ mayCreate } = { mayCreate: true }) => {
      if (!signer && !mayCreate) {
        return loadRecordSigner({ client, namespace, signal, mayCreate });
      }
      signer ??= loadRecordSigner({ client, namespace, signal });
      signer.catch(() => {
        signer = undefined;
      });
      return signer;
    },
  };

  try {
    for (const controller of controllers) cacheOf(controller.type);
    await Promise.all([...caches.values()].map(cache => cache.synced(signal)));
    for (const controller of controllers) {
      await controller.recover?.(contextFor(controller, context));
    }
    for (const controller of controllers) {
      startController(
        controller,
        contextFor(controller, context),
        cacheOf,
        run,
      );
    }
    await aborted(signal);
  } finally {
    stop.abort(new Error('The controllers stop'));
    await Promise.all(tasks);
    await Promise.race([
      Promise.allSettled(controllers.map(controller => controller.ended?.())),
      clock.sleep(longestEndMs),
    ]);
  }
  options.signal.throwIfAborted();
  throw stop.signal.reason;
}

function contextFor(
  controller: Controller,
  context: ControllerContext,
): ControllerContext {
  return {
    ...context,
    logger: context.logger.child({ controller: controller.name }),
  };
}

function startController(
  controller: Controller,
  context: ControllerContext,
  cacheOf: (type: ResourceTypeRef) => ResourceCache,
  run: (what: string, task: Promise<void>) => void,
): void {
  const queue = new WorkQueue({
    clock: context.clock,
    concurrency: controller.concurrency?.(context.config) ?? 1,
    onError: (key, error, retryInMs) =>
      context.logger.warn(
        { key, retryInMs, error: describe(error) },
        'A reconcile failed and is retried',
      ),
  });
  const cache = cacheOf(controller.type);
  cache.subscribe(event => {
    if (event.type === 'synced') return;
    queue.add(keyText(event.object));
  });
  for (const object of cache.list()) queue.add(keyText(object));
  for (const trigger of controller.triggers ?? []) {
    cacheOf(trigger.type).subscribe(event => {
      if (event.type === 'synced') return;
      for (const key of trigger.keys(event.object, context)) {
        queue.add(`${key.namespace}/${key.name}`);
      }
    });
  }
  run(
    controller.name,
    queue.run(context.signal, async text => {
      const result = await controller.reconcile(toKey(text), context);
      return result ? result.requeueAfterMs : undefined;
    }),
  );
}

function keyText(object: ApiObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

function toKey(text: string): ObjectKey {
  const slash = text.indexOf('/');
  return { namespace: text.slice(0, slash), name: text.slice(slash + 1) };
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
