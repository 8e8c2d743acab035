import { Case, get, patch, post, put, remove, silently, taking } from '../Case';

const namespaces = '/api/v1/namespaces';
const own = 'contract-lifecycle';

/** Namespaces: their finalizer, their end. */
export const namespaceCases: Case[] = [
  {
    name: 'namespaces: life',
    namespace: false,
    steps: [
      post('create', namespaces, {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: own, labels: { a: 'b' } },
      }),
      post('bad name', namespaces, { metadata: { name: 'a.b' } }),
      post('again', namespaces, { metadata: { name: own } }),
      patch('relabel', `${namespaces}/${own}`, 'merge', {
        metadata: { labels: { a: null, 'kubernetes.io/metadata.name': 'x' } },
      }),
      patch('finalizers by spec', `${namespaces}/${own}`, 'merge', {
        spec: { finalizers: [] },
      }),
      silently(
        post('content', `${namespaces}/${own}/configmaps`, {
          metadata: { name: 'a' },
        }),
      ),
      remove('delete', `${namespaces}/${own}`),
      remove('delete again', `${namespaces}/${own}`),
      get('terminating', `${namespaces}/${own}`),
      post('create inside', `${namespaces}/${own}/configmaps`, {
        metadata: { name: 'b' },
      }),
      patch('update inside', `${namespaces}/${own}/configmaps/a`, 'merge', {
        data: { a: 'b' },
      }),
      patch('status', `${namespaces}/${own}/status`, 'merge', {
        status: {
          conditions: [
            {
              type: 'NamespaceContentRemaining',
              status: 'True',
              reason: 'x',
              lastTransitionTime: '2026-01-01T00:00:00Z',
            },
          ],
        },
      }),
      taking(
        remove('empty it', `${namespaces}/${own}/configmaps`),
        a => (a.body as { kind: string }).kind,
      ),
      put('finalize', `${namespaces}/${own}/finalize`, {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: own },
        spec: { finalizers: [] },
      }),
      get('gone', `${namespaces}/${own}`),
      remove('default', `${namespaces}/default`),
    ],
  },
];
