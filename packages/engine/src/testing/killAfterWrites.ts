import type { ClusterClient, PatchBody } from '../cluster/ClusterClient';
import type { Controller, ControllerContext } from '../controllers/Controller';
import { ObjectBackupStore } from '../storage/ObjectBackupStore';
import type { ObjectStore } from '../storage/ObjectStore';

/** The environment variable that arms the switch: after how many writes the process kills itself. */
export const killAfterWritesVariable = 'LIFEBOAT_FAULT_KILL_AFTER_WRITES';

/** The environment variable that names, separated by commas, the controllers whose writes count. */
export const killControllersVariable = 'LIFEBOAT_FAULT_KILL_CONTROLLERS';

/** Controllers whose writes count when none are named; others write by the clock and would make the count random. */
const countedByDefault = 'backup,restore';

/** Events are for people, and nothing depends on them. */
const uncounted = new Set(['events']);

/** Creating an object of these groups asks what one may do; it is asked until rights have arrived. */
const questions = new Set(['authorization.k8s.io', 'authentication.k8s.io']);

/**
 * Lets the process die by SIGKILL right after its n-th write to API or storage by certain controllers, for tests
 * of what a crash leaves behind.
 *
 * @param writes - text of the environment variable; absent or empty leaves the controllers as they are
 * @param names - text of the other one
 * @throws Error if it is no positive whole number
 */
export function withKillAfterWrites(
  controllers: Controller[],
  writes: string | undefined,
  names: string | undefined = undefined,
): Controller[] {
  if (!writes) {
    return controllers;
  }
  const limit = Number(writes);
  if (!Number.isInteger(limit) || limit < 1) {
    throw new Error(
      `${killAfterWritesVariable} is ${writes}; it must be a positive whole number`,
    );
  }
  const counted = new Set((names || countedByDefault).split(','));
  let done = 0;
  const counting = async <T>(write: Promise<T>): Promise<T> => {
    const result = await write;
    done += 1;
    if (done === limit) {
      process.kill(process.pid, 'SIGKILL');
    }
    return result;
  };
  return controllers.map(controller =>
    counted.has(controller.name)
      ? withCounting(controller, counting)
      : controller,
  );
}

type Counting = <T>(write: Promise<T>) => Promise<T>;

function withCounting(controller: Controller, counting: Counting): Controller {
  const wrap = (context: ControllerContext): ControllerContext => ({
    ...context,
    client: countingClient(context.client, counting),
    openStore: async location => {
      const store = await context.openStore(location);
      return new ObjectBackupStore(countingStore(store.objects, counting), {
        name: store.locationName,
        readOnly: store.readOnly,
        prefix: store.keys.prefix,
      });
    },
  });
  return {
    name: controller.name,
    type: controller.type,
    ...(controller.triggers ? { triggers: controller.triggers } : {}),
    concurrency: config => controller.concurrency?.(config) ?? 1,
    recover: async context => controller.recover?.(wrap(context)),
    reconcile: (key, context) => controller.reconcile(key, wrap(context)),
  };
}

function countingClient(
  client: ClusterClient,
  counting: Counting,
): ClusterClient {
  return {
    discover: signal => client.discover(signal),
    get: (type, ref, options) => client.get(type, ref, options),
    list: (type, options) => client.list(type, options),
    watch: (type, options) => client.watch(type, options),
    create: (type, object, options) =>
      questions.has(type.group) || uncounted.has(type.resource)
        ? client.create(type, object, options)
        : counting(client.create(type, object, options)),
    replace: (type, object, options) =>
      counting(client.replace(type, object, options)),
    patch: (type, ref, patch, options) =>
      isProgress(patch)
        ? client.patch(type, ref, patch, options)
        : counting(client.patch(type, ref, patch, options)),
    delete: (type, ref, options) => counting(client.delete(type, ref, options)),
  };
}

/** Progress is sent by the clock: counted, the n-th write would be another one each time. */
function isProgress({ body }: PatchBody): boolean {
  const { status, ...rest } = body as { status?: object };
  return (
    Object.keys(rest).length === 0 &&
    Object.keys(status ?? {}).join() === 'progress'
  );
}

function countingStore(store: ObjectStore, counting: Counting): ObjectStore {
  return {
    get: (key, options) => store.get(key, options),
    stat: (key, options) => store.stat(key, options),
    list: (prefix, options) => store.list(prefix, options),
    listDirectories: (prefix, options) =>
      store.listDirectories(prefix, options),
    put: (key, body, options) => counting(store.put(key, body, options)),
    delete: (keys, options) => counting(store.delete(keys, options)),
    copy: (from, to, options) => counting(store.copy(from, to, options)),
    sweep: async (prefix, options) =>
      (await store.sweep?.(prefix, options)) ?? 0,
  };
}
