import type { HooksConfig } from '../../config/EngineConfig';

/** On a Namespace, value `enabled`: annotation hooks of its pods run. */
export const hooksLabel = 'lifeboat.dev/hooks';

/**
 * Why commands that pods ask for by annotation may not run in a namespace, or undefined when they may: annotations are written
 * by whoever may edit a pod, so the platform team agrees by a label or its configuration.
 */
export function whyHooksRefused(
  namespace: {
    metadata: { name?: string; labels?: { [key: string]: string } };
  },
  config: HooksConfig,
): string | undefined {
  const { name = '', labels } = namespace.metadata;
  if (!config.enabled) {
    return 'hooks are turned off in the engine’s configuration';
  }
  if (labels?.[hooksLabel] === 'enabled' || config.namespaces?.includes(name)) {
    return undefined;
  }
  return `namespace ${name} does not allow them; the platform team does with: kubectl label namespace ${name} ${hooksLabel}=enabled`;
}
