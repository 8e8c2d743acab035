import type { NamespaceConsent } from '../tenancy/namespaceConsent';
import { type RestoreTargetFacts, decideRestoreTarget } from './restoreTarget';

const facts = (more: Partial<RestoreTargetFacts>): RestoreTargetFacts => ({
  source: 'shop',
  target: 'shop-copy',
  controlNamespace: 'openshift-adp',
  patterns: ['shop-*'],
  createNamespaces: true,
  exists: false,
  consent: undefined,
  ...more,
});
const agreed: NamespaceConsent = {
  allowed: true,
  source: 'namespace',
  entities: ['component:default/orders'],
};
const refused: NamespaceConsent & { allowed: false } = {
  allowed: false,
  problem: {
    code: 'consent-missing',
    title: '',
    message: '',
    command: 'kubectl annotate namespace other …',
  },
};

it.each<[string, Partial<RestoreTargetFacts>, string]>([
  ['a new name that fits', {}, 'new'],
  ['a new name that does not fit', { target: 'copy' }, 'forbidden'],
  ['no patterns at all', { patterns: [] }, 'forbidden'],
  [
    'namespaces that may not be created',
    { createNamespaces: false },
    'forbidden',
  ],
  [
    'an existing one that consents',
    { target: 'other', exists: true, consent: agreed },
    'existing',
  ],
  [
    'an existing one that fits but does not consent',
    { exists: true, consent: refused },
    'forbidden',
  ],
  ['the source', { target: 'shop', exists: true, consent: agreed }, 'existing'],
  ['the source that is gone', { target: 'shop' }, 'new'],
  [
    'the source that is gone and may not be created',
    { target: 'shop', createNamespaces: false },
    'forbidden',
  ],
  [
    "the engine's own",
    { target: 'openshift-adp', exists: true, consent: agreed },
    'forbidden',
  ],
  [
    "a name of the cluster's, even if a pattern fits",
    { target: 'kube-copy', patterns: ['kube-*'] },
    'forbidden',
  ],
  ['a text that is no name', { target: '../etc' }, 'forbidden'],
])('%s', (_title, more, state) => {
  const decision = decideRestoreTarget(facts(more));
  expect(decision.namespaceState).toBe(state);
  expect(decision.problem === undefined).toBe(state !== 'forbidden');
});

it('shows the command by which an existing namespace would agree', () => {
  const { problem } = decideRestoreTarget(
    facts({ exists: true, consent: refused }),
  );
  expect(problem?.command).toBe(refused.problem.command);
});

it("does not tell whether somebody else's namespace exists", () => {
  const target = 'payments';
  const there = decideRestoreTarget(
    facts({ target, exists: true, consent: refused }),
  );
  expect(there).toEqual(decideRestoreTarget(facts({ target })));
  expect(there.problem).not.toHaveProperty('command');
});
