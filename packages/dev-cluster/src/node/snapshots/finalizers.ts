import { Informer } from '../api/Informer';
import { isNotFound } from '../api/KubeClient';
import { Resource } from '../api/Resource';
import { ControllerContext } from '../controllers/ControllerContext';

/**
 * Adds and removes finalizers with one write, or none when nothing changes; conflicts are the caller's to repeat.
 * Resolves with the object as it is now, or undefined when it is gone.
 */
export async function changeFinalizers<T extends Resource>(
  { client }: Pick<ControllerContext, 'client'>,
  informer: Informer<T>,
  object: T,
  change: { add?: string[]; remove?: string[] },
): Promise<T | undefined> {
  const before = object.metadata.finalizers ?? [];
  const kept = before.filter(each => !change.remove?.includes(each));
  const added = (change.add ?? []).filter(each => !kept.includes(each));
  if (added.length === 0 && kept.length === before.length) return object;
  const { namespace, name, uid, resourceVersion } = object.metadata;
  try {
    const written = await client.patch<T>(informer.type, namespace, name, {
      metadata: { uid, resourceVersion, finalizers: [...kept, ...added] },
    });
    informer.observe(written);
    return written;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
