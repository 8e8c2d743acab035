import { accessCases } from './access';
import { builtInCases } from './builtInKinds';
import { customResourceCases } from './customResources';
import { discoveryCases } from './discovery';
import { listCases } from './lists';
import { namespaceCases } from './namespaces';
import { objectCases } from './objects';
import { patchCases } from './patches';
import { storageCases } from './storage';
import { watchCases } from './watches';
import type { Case } from '../Case';

/** All that both API servers have to answer alike. */
export const contractCases: Case[] = [
  ...objectCases,
  ...listCases,
  ...watchCases,
  ...patchCases,
  ...namespaceCases,
  ...builtInCases,
  ...customResourceCases,
  ...storageCases,
  ...accessCases,
  ...discoveryCases,
];
