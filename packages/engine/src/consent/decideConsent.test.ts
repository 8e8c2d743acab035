import type { BackupScope } from '@lifeboat/velero-api';
import { decideConsent, decideRecordedConsent } from './decideConsent';
import {
  bothSelectors,
  parseRequirements,
  parseSelector,
  selectorProblem,
} from './labelSelector';
import { normalizeEntityRef, readConsent } from './readConsent';

const orders = 'component:default/orders';

function namespace(annotation?: unknown, uid = 'uid-1') {
  const annotations: Record<string, string> = {};
  if (annotation !== undefined) {
    annotations['lifeboat.dev/entities'] =
      typeof annotation === 'string' ? annotation : JSON.stringify(annotation);
  }
  return { metadata: { name: 'shop', uid, annotations } };
}

function decide(
  annotation: unknown,
  more: Partial<Parameters<typeof decideConsent>[0]> = {},
) {
  return decideConsent({
    cluster: 'demo',
    namespace: namespace(annotation),
    entityRefs: [orders, 'system:default/shop', 'group:default/team-orders'],
    configConsent: [],
    ...more,
  });
}

describe('readConsent', () => {
  it.each([
    ['["component:default/orders"]', [{ entity: orders }]],
    [
      'component:default/orders, System:Shop',
      [{ entity: orders }, { entity: 'system:default/shop' }],
    ],
    [
      '[{"entity":"Component:orders","selector":" app=orders "}]',
      [{ entity: orders, selector: 'app=orders' }],
    ],
    ['["component:orders","component:default/orders"]', [{ entity: orders }]],
    ['[]', []],
  ])('reads %s', (text, entries) => {
    expect(readConsent(namespace(text))).toEqual({ entries });
  });

  it.each([
    ['', 'is empty'],
    ['[', 'not valid JSON'],
    ['{"entity":"component:a"}', 'must be a JSON array'],
    ['["orders"]', 'not an entity ref'],
    ['["component:default/orders", 7]', 'not an entity ref'],
    ['[null]', 'not an entity ref'],
    [
      '[{"entity":"component:a","selector":""}]',
      'is empty, which would mean everything',
    ],
    ['[{"entity":"component:a","selector":"app in"}]', 'unusable selector'],
    ['[{"entity":"component:a","selector":{"app":"x"}}]', 'not a text'],
    [
      '[{"entity":"component:a","selector":"a=b"},{"entity":"component:a","selector":"a=c"}]',
      'twice with different selectors',
    ],
    ['*', 'not an entity ref'],
    [`["component:a"]${' '.repeat(70_000)}`, 'too long'],
  ])('takes nothing from %.40s', (text, problem) => {
    const consent = readConsent(namespace(text));
    expect(consent.entries).toEqual([]);
    expect(consent.problem).toContain(problem);
  });

  it('reads nothing where nothing is written', () => {
    expect(readConsent({ metadata: {} })).toEqual({ entries: [] });
  });
});

describe('normalizeEntityRef', () => {
  it.each([
    ['Component:Default/Orders', orders],
    ['component:orders', orders],
    ['component:default/a/b', undefined],
    ['orders', undefined],
    ['component:', undefined],
    ['component:../x', undefined],
  ])('%s → %s', (text, ref) => expect(normalizeEntityRef(text)).toBe(ref));
});

describe('decideConsent', () => {
  it('denies by default, and says what to run', () => {
    expect(decide(undefined)).toEqual({
      allowed: false,
      code: 'consent-missing',
      reason:
        'Namespace shop has not agreed that component:default/orders is backed up from it',
      command: `kubectl annotate namespace shop --overwrite lifeboat.dev/entities='["component:default/orders"]'`,
    });
    expect(decide(['component:default/other'])).toMatchObject({
      allowed: false,
      command: expect.stringContaining(
        `'[{"entity":"component:default/other","selector":"LABEL=VALUE"},{"entity":"component:default/orders","selector":"LABEL=VALUE"}]'`,
      ),
    });
  });

  it('gives the whole namespace only to a single entity without selectors', () => {
    expect(decide([orders])).toMatchObject({
      allowed: true,
      source: 'namespace',
      entities: [orders],
    });
    expect(decide([orders])).not.toHaveProperty('effectiveSelector');
    expect(decide([orders, 'component:default/other'])).toMatchObject({
      allowed: false,
      code: 'selector-missing',
    });
  });

  it('combines both selectors', () => {
    expect(
      decide(
        [
          { entity: orders, selector: 'team=a, app = orders' },
          'component:default/other',
        ],
        {
          annotationSelector: 'app==orders,tier in (web, api)',
        },
      ),
    ).toMatchObject({
      allowed: true,
      consentSelector: 'team=a, app = orders',
      effectiveSelector: 'team=a,app=orders,tier in (api,web)',
    });
    expect(
      decide([orders], { annotationSelector: 'app=orders' }),
    ).toMatchObject({
      allowed: true,
      effectiveSelector: 'app=orders',
    });
  });

  it('does not let an entity choose objects in a shared namespace by its own annotation', () => {
    expect(
      decide([orders, 'component:default/payments'], {
        annotationSelector: 'app=payments',
      }),
    ).toMatchObject({ allowed: false, code: 'selector-missing' });
  });

  it.each(['', '  ', '!!', 'app in ()x', 'a=b,,c=d', 'app=orders,'])(
    'never takes the selector "%s" for everything',
    annotationSelector => {
      expect(decide([orders], { annotationSelector })).toMatchObject({
        allowed: false,
        code: 'selector-invalid',
      });
    },
  );

  it('takes an empty label value as such', () => {
    expect(decide([orders], { annotationSelector: 'app=' })).toMatchObject({
      effectiveSelector: 'app=',
    });
  });

  it('takes consent to the system or the owning group', () => {
    expect(decide(['group:default/team-orders'])).toMatchObject({
      allowed: true,
      entities: ['group:default/team-orders'],
    });
    expect(
      decide([
        { entity: 'system:default/shop', selector: 'part=shop' },
        { entity: orders, selector: 'app=orders' },
      ]),
    ).toMatchObject({ effectiveSelector: 'app=orders' });
  });

  it('takes the consent of the configuration for its cluster and namespace', () => {
    const configConsent = [
      { cluster: 'demo', namespace: 'shop', entities: [orders] },
    ];
    expect(decide(undefined, { configConsent })).toMatchObject({
      allowed: true,
      source: 'config',
    });
    expect(
      decide(undefined, { configConsent, cluster: 'other' }),
    ).toMatchObject({ allowed: false });
    expect(
      decide(undefined, {
        configConsent: [{ namespace: 'payments', entities: [orders] }],
      }),
    ).toMatchObject({ allowed: false });
    expect(decide('[', { configConsent })).toMatchObject({
      allowed: true,
      source: 'config',
    });
  });
});

describe('decideRecordedConsent', () => {
  const scope: BackupScope = {
    entityRef: orders,
    cluster: 'demo',
    namespace: 'shop',
    namespaceUid: 'uid-1',
    selector: 'app=orders',
    consent: { source: 'namespace', entities: ['system:default/shop'] },
  };
  const ask = (
    present: ReturnType<typeof namespace> | undefined,
    changes: Partial<BackupScope> = {},
  ) =>
    decideRecordedConsent({
      cluster: 'demo',
      scope: { ...scope, ...changes },
      namespace: present,
      configConsent: [],
    });

  it('holds while the namespace still agrees', () => {
    expect(ask(namespace([orders]))).toMatchObject({ allowed: true });
    expect(ask(namespace(['system:default/shop']))).toMatchObject({
      allowed: true,
    });
  });

  it('ends with the annotation, the namespace or its identity', () => {
    expect(ask(namespace())).toMatchObject({ code: 'consent-missing' });
    expect(ask(undefined)).toMatchObject({ code: 'namespace-missing' });
    expect(ask(namespace([orders], 'uid-2'))).toMatchObject({
      code: 'namespace-replaced',
    });
  });

  it('ends when the consent became narrower than what was recorded', () => {
    expect(
      ask(namespace([{ entity: orders, selector: 'app=orders,tier=web' }])),
    ).toMatchObject({ code: 'selector-invalid' });
    expect(
      ask(namespace([{ entity: orders, selector: 'app=orders' }])),
    ).toMatchObject({ allowed: true });
    expect(
      ask(namespace([{ entity: orders, selector: 'app=orders' }]), {
        selector: undefined,
      }),
    ).toMatchObject({ allowed: false });
  });
});

describe('label selectors', () => {
  it('are compared in one spelling', () => {
    expect(
      parseRequirements('a==b, c != d ,e in ( z,y ),!f,g, h notin (x)'),
    ).toEqual(['a=b', 'c!=d', 'e in (y,z)', '!f', 'g', 'h notin (x)']);
    expect(bothSelectors('a=b', 'a==b')).toBe('a=b');
    expect(bothSelectors(undefined, undefined)).toBeUndefined();
  });

  it('become the objects of Velero', () => {
    expect(parseSelector('a=b,c!=d,e in (y,z),!f,g,a=x')).toEqual({
      matchLabels: { a: 'b' },
      matchExpressions: [
        { key: 'c', operator: 'NotIn', values: ['d'] },
        { key: 'e', operator: 'In', values: ['y', 'z'] },
        { key: 'f', operator: 'DoesNotExist' },
        { key: 'g', operator: 'Exists' },
        { key: 'a', operator: 'In', values: ['x'] },
      ],
    });
    expect(() => parseSelector(' ')).toThrow('is empty');
  });

  it.each([
    'a b',
    'a=b c',
    '=b',
    '-a=b',
    'a=b/c',
    'a in (b',
    `a=${'x'.repeat(64)}`,
    'a>1',
    "a='b'",
  ])('refuses %s', text => expect(selectorProblem(text)).toBeTruthy());

  it('accepts keys with a prefix', () => {
    expect(selectorProblem('app.kubernetes.io/part-of=orders')).toBeUndefined();
  });
});
