import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { Manifest } from './Manifest';
import { consentingNamespace, DEMO_LABEL, silentNamespace } from './namespace';
import { ordersApplication, PART_OF } from './orders';

const manifests = ordersApplication({
  namespace: 'shop',
  databasePassword: 'p',
  sessionKey: 'k',
});
const text = JSON.stringify(manifests, (_key, value) =>
  typeof value === 'bigint' ? String(value) : value,
);
const named = (kind: string, name: string) =>
  manifests.some(each => each.kind === kind && each.metadata.name === name);
const isSelected = ({ metadata }: Manifest) =>
  metadata.labels?.['app.kubernetes.io/part-of'] ===
  PART_OF['app.kubernetes.io/part-of'];

describe('the sample application', () => {
  it('has the objects that it refers to', () => {
    const references = (pattern: RegExp) =>
      [...text.matchAll(pattern)].map(match => match[1]);
    const maps = references(/"configMap(?:KeyRef)?":\{"name":"([^"]+)"/g);
    const secrets = [
      ...references(/"secretKeyRef":\{"name":"([^"]+)"/g),
      ...references(/"secretName":"([^"]+)"/g),
    ];
    expect(maps.length).toBeGreaterThan(1);
    expect(secrets.length).toBeGreaterThan(3);
    for (const name of maps)
      expect([name, named('ConfigMap', name)]).toEqual([name, true]);
    for (const name of secrets)
      expect([name, named('Secret', name)]).toEqual([name, true]);
    expect(named('ServiceAccount', 'orders-web')).toBe(true);
  });

  it('labels some objects only, so that related ones must be followed', () => {
    const selected = manifests.filter(isSelected).map(each => each.kind);
    expect(selected).toEqual(
      expect.arrayContaining(['Deployment', 'StatefulSet', 'Route']),
    );
    for (const kind of ['ConfigMap', 'Secret', 'Role', 'RoleBinding']) {
      expect(selected).not.toContain(kind);
    }
  });

  it('is in one namespace', () => {
    expect(new Set(manifests.map(each => each.metadata.namespace))).toEqual(
      new Set(['shop']),
    );
  });
});

describe('the catalog', () => {
  const file = join(__dirname, '../../catalog/entities.yaml');
  const entities = parseAllDocuments(readFileSync(file, 'utf8')).map(
    document =>
      document.toJS() as {
        kind: string;
        metadata: { name: string; annotations?: Record<string, string> };
        spec: { owner?: string; memberOf?: string[]; system?: string };
      },
  );
  const find = (kind: string, name: string) =>
    entities.find(each => each.kind === kind && each.metadata.name === name);

  it('makes the guest an owner of one of two teams', () => {
    expect(find('User', 'guest-developer')?.spec.memberOf).toEqual([
      'team-orders',
    ]);
    expect(find('Component', 'orders')?.spec.owner).toBe(
      'group:default/team-orders',
    );
    expect(find('Component', 'payments')?.spec.owner).toBe(
      'group:default/team-payments',
    );
  });

  it('selects what the application is labelled with', () => {
    const selector = find('Component', 'orders')?.metadata.annotations?.[
      'backstage.io/kubernetes-label-selector'
    ];
    expect(selector).toBe(
      Object.entries(PART_OF)
        .map(([key, value]) => `${key}=${value}`)
        .join(','),
    );
  });

  it('has an owner for everything', () => {
    const owners = entities.flatMap(({ spec }) =>
      spec.owner ? [spec.owner.split('/')[1]] : [],
    );
    expect(owners.length).toBeGreaterThan(4);
    expect(owners.filter(owner => !find('Group', owner))).toEqual([]);
  });
});

it('has a namespace that agrees to nothing', () => {
  const { metadata } = silentNamespace('newsletter');
  expect(metadata.annotations).toBeUndefined();
  expect(metadata.labels).toEqual(DEMO_LABEL);
});

describe('consentingNamespace', () => {
  it('agrees to entities by a JSON list', () => {
    expect(
      consentingNamespace('shop', ['component:default/orders']).metadata
        .annotations,
    ).toEqual({ 'lifeboat.dev/entities': '["component:default/orders"]' });
  });
});
