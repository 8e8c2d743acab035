import {
  Case,
  changed,
  get,
  patch,
  post,
  put,
  remove,
  seenObject,
  silently,
  taking,
} from '../Case';

const configMaps = '/api/v1/namespaces/{ns}/configmaps';
const leases = '/apis/coordination.k8s.io/v1/namespaces/{ns}/leases';
const one = (name: string, extra: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...extra },
  data: { a: '1' },
});

/** Create, read, update, delete: what holds for every kind. */
export const objectCases: Case[] = [
  {
    name: 'objects: life',
    steps: [
      post('create', configMaps, one('first', { labels: { app: 'x' } })),
      post('create again', configMaps, one('first')),
      get('read', `${configMaps}/first`),
      get('read missing', `${configMaps}/missing`),
      put('replace', `${configMaps}/first`, seen =>
        changed(seen, 'read', o => {
          o.data = { a: '2' };
        }),
      ),
      put('replace with an old version', `${configMaps}/first`, seen =>
        changed(seen, 'read', o => {
          o.data = { a: '3' };
        }),
      ),
      put('replace without a version', `${configMaps}/first`, one('first')),
      put('replace missing', `${configMaps}/missing`, one('missing')),
      put('replace with another name', `${configMaps}/first`, one('other')),
      put('replace another uid', `${configMaps}/first`, {
        ...one('first'),
        metadata: {
          name: 'first',
          uid: '00000000-0000-0000-0000-000000000000',
        },
      }),
      remove('delete', `${configMaps}/first`),
      remove('delete missing', `${configMaps}/first`),
    ],
  },
  {
    name: 'objects: bad requests',
    steps: [
      post('no name', configMaps, { apiVersion: 'v1', kind: 'ConfigMap' }),
      post('bad name', configMaps, one('Not_A_Name')),
      post('bad label', configMaps, one('x', { labels: { a: 'b c' } })),
      post('bad label key', configMaps, one('x', { labels: { 'a b': 'c' } })),
      post(
        'bad annotation key',
        configMaps,
        one('x', { annotations: { 'a b': 'c' } }),
      ),
      post(
        'bad finalizer',
        configMaps,
        one('x', { finalizers: ['not valid'] }),
      ),
      post(
        'bad owner',
        configMaps,
        one('x', { ownerReferences: [{ kind: 'A' }] }),
      ),
      post('other kind', configMaps, { ...one('x'), kind: 'Secret' }),
      post('other version', configMaps, { ...one('x'), apiVersion: 'v2' }),
      post('other namespace', configMaps, one('x', { namespace: 'default' })),
      post('with a version', configMaps, one('x', { resourceVersion: '1' })),
      post('wrong type', configMaps, { ...one('x'), data: { a: 1 } }),
      post('not JSON', configMaps, '{"a":'),
      post('not an object', configMaps, '[]'),
      post('no body', configMaps, ''),
      {
        name: 'unknown media type',
        call: {
          verb: 'POST',
          path: configMaps,
          body: 'x',
          contentType: 'text/plain',
        },
      },
      post('unknown field', configMaps, { ...one('warned'), bogus: 1 }),
      post('unknown field, strict', `${configMaps}?fieldValidation=Strict`, {
        ...one('strict'),
        bogus: 1,
      }),
      post('unknown field, ignored', `${configMaps}?fieldValidation=Ignore`, {
        ...one('ignored'),
        bogus: 1,
      }),
      post(
        'unknown validation',
        `${configMaps}?fieldValidation=Maybe`,
        one('x'),
      ),
      post(
        'missing namespace',
        '/api/v1/namespaces/contract-absent/configmaps',
        one('x'),
      ),
      post('without a namespace', '/api/v1/configmaps', one('x')),
      post('create by name', `${configMaps}/x`, one('x')),
      get('unknown resource', '/api/v1/namespaces/{ns}/gizmos'),
      get('unknown group', '/apis/gizmos.example.com/v1/gizmos'),
      get('unknown version', '/apis/apps/v9/deployments'),
      get('unknown subresource', `${configMaps}/warned/status`),
      get('unknown path', '/gizmos'),
      get('not acceptable', configMaps, 'text/html'),
      {
        name: 'method that is not there',
        call: { verb: 'PATCH', path: configMaps, body: {} },
      },
    ],
  },
  {
    name: 'objects: names',
    steps: [
      {
        ...post('generated', configMaps, {
          metadata: { generateName: 'generated-' },
        }),
      },
      post('name wins', configMaps, {
        metadata: { name: 'named', generateName: 'generated-' },
      }),
      post('bad prefix', configMaps, { metadata: { generateName: 'Bad_' } }),
    ],
  },
  {
    name: 'objects: dry run',
    steps: [
      post('create', `${configMaps}?dryRun=All`, one('dry')),
      get('not there', `${configMaps}/dry`),
      silently(post('base', configMaps, one('wet'))),
      put('replace', `${configMaps}/wet?dryRun=All`, {
        ...one('wet'),
        data: { a: '2' },
      }),
      patch('patch', `${configMaps}/wet?dryRun=All`, 'merge', {
        data: { b: '2' },
      }),
      remove('delete', `${configMaps}/wet?dryRun=All`),
      remove('delete by body', `${configMaps}/wet`, { dryRun: ['All'] }),
      get('unchanged', `${configMaps}/wet`),
      post('some', `${configMaps}?dryRun=Some`, one('dry')),
      post('conflict', `${configMaps}?dryRun=All`, one('wet')),
      post('invalid', `${configMaps}?dryRun=All`, one('In_Valid')),
    ],
  },
  {
    name: 'objects: preconditions and finalizers',
    steps: [
      post(
        'create',
        configMaps,
        one('held', { finalizers: ['example.com/hold'] }),
      ),
      remove('wrong uid', `${configMaps}/held`, {
        preconditions: { uid: '00000000-0000-0000-0000-000000000000' },
      }),
      remove('wrong version', `${configMaps}/held`, {
        preconditions: { resourceVersion: '1' },
      }),
      {
        name: 'right uid',
        call: seen => ({
          verb: 'DELETE',
          path: `${configMaps}/held`,
          body: {
            preconditions: { uid: seenObject(seen, 'create').metadata.uid },
          },
        }),
      },
      remove('delete again', `${configMaps}/held`),
      patch('another finalizer', `${configMaps}/held`, 'merge', {
        metadata: { finalizers: ['example.com/hold', 'example.com/more'] },
      }),
      patch('change while going', `${configMaps}/held`, 'merge', {
        data: { a: '2' },
      }),
      post('create while going', configMaps, one('held')),
      patch('release', `${configMaps}/held`, 'json', [
        { op: 'remove', path: '/metadata/finalizers' },
      ]),
      get('gone', `${configMaps}/held`),
      silently(post('second', configMaps, one('second'))),
      remove('foreground', `${configMaps}/second`, {
        propagationPolicy: 'Foreground',
      }),
      remove('orphan after foreground', `${configMaps}/second`, {
        propagationPolicy: 'Orphan',
      }),
      silently(post('third', configMaps, one('third'))),
      remove('orphan', `${configMaps}/third?propagationPolicy=Orphan`),
      silently(post('fourth', configMaps, one('fourth'))),
      remove('unknown policy', `${configMaps}/fourth`, {
        propagationPolicy: 'Sideways',
      }),
      remove('background', `${configMaps}/fourth`, {
        propagationPolicy: 'Background',
      }),
    ],
  },
  {
    name: 'objects: what cannot be set',
    steps: [
      post('system fields on create', configMaps, {
        ...one('own'),
        metadata: {
          name: 'own',
          uid: '11111111-1111-1111-1111-111111111111',
          creationTimestamp: '2001-01-01T00:00:00Z',
          deletionTimestamp: '2001-01-01T00:00:00Z',
          generation: 7,
          selfLink: '/x',
          managedFields: [],
        },
      }),
      patch('deletionTimestamp', `${configMaps}/own`, 'merge', {
        metadata: { deletionTimestamp: '2001-01-01T00:00:00Z' },
      }),
      patch('creationTimestamp', `${configMaps}/own`, 'merge', {
        metadata: { creationTimestamp: null },
      }),
      patch('uid', `${configMaps}/own`, 'merge', { metadata: { uid: 'x' } }),
      patch('name', `${configMaps}/own`, 'merge', { metadata: { name: 'x' } }),
      patch('namespace', `${configMaps}/own`, 'merge', {
        metadata: { namespace: 'default' },
      }),
      patch('kind', `${configMaps}/own`, 'merge', { kind: 'Secret' }),
    ],
  },
  {
    name: 'objects: leases',
    steps: [
      post('create', leases, {
        metadata: { name: 'leader' },
        spec: {
          holderIdentity: 'a',
          leaseDurationSeconds: 15,
          renewTime: '2026-01-01T00:00:00.123456Z',
        },
      }),
      put('replace without a version', `${leases}/leader`, {
        metadata: { name: 'leader' },
        spec: { holderIdentity: 'b' },
      }),
      put('replace', `${leases}/leader`, seen =>
        changed(seen, 'create', o => {
          o.spec = { ...o.spec, holderIdentity: 'b' };
        }),
      ),
      put('stale', `${leases}/leader`, seen =>
        changed(seen, 'create', o => {
          o.spec = { ...o.spec, holderIdentity: 'c' };
        }),
      ),
      put('made by replace', `${leases}/second`, {
        metadata: { name: 'second' },
        spec: {},
      }),
      post('bad duration', leases, {
        metadata: { name: 'third' },
        spec: { leaseDurationSeconds: 0, leaseTransitions: -1 },
      }),
      taking(
        get('table', leases, 'application/json;as=Table;g=meta.k8s.io;v=v1'),
        a => columnsAndCells(a.body),
      ),
    ],
  },
];

interface Table {
  columnDefinitions: { name: string; type: string; priority: number }[];
  rows: { cells: unknown[] }[];
}

/** Names and order of columns, and cells without ages. */
export function columnsAndCells(body: unknown) {
  const { columnDefinitions = [], rows = [] } = body as Table;
  return {
    columns: columnDefinitions.map(c => [c.name, c.type, c.priority]),
    rows: rows.map(row =>
      row.cells.map((cell, index) =>
        ['Age', 'Last Seen', 'Created At', 'Duration'].includes(
          columnDefinitions[index]?.name,
        )
          ? typeof cell
          : cell,
      ),
    ),
  };
}
