import { KopiaError } from '../errors';

/** A feature that a reader must know (Kopia: required features). */
export interface RequiredFeature {
  readonly feature: string;
  readonly ifNotUnderstood?: {
    readonly warn?: boolean;
    readonly message?: string;
    readonly url?: string;
    readonly upgradeToVersion?: string;
  };
}

const understood = ['index-v1', 'index-v2'];

/** Warnings about optional features that are unknown. Throws `unsupported` on unknown ones that are not optional. */
export function checkRequiredFeatures(
  features: readonly RequiredFeature[],
): string[] {
  const warnings: string[] = [];
  for (const { feature, ifNotUnderstood } of features) {
    if (understood.includes(feature)) continue;
    const message = `The repository uses the unknown feature "${feature}"${
      ifNotUnderstood?.message ? `: ${ifNotUnderstood.message}` : ''
    }`;
    if (!ifNotUnderstood?.warn) throw new KopiaError('unsupported', message);
    warnings.push(message);
  }
  return warnings;
}
