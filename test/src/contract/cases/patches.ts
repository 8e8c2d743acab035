import { Case, get, patch, post, silently } from '../Case';

const configMaps = '/api/v1/namespaces/{ns}/configmaps';
const deployments = '/apis/apps/v1/namespaces/{ns}/deployments';
const cm = `${configMaps}/target`;
const web = `${deployments}/web`;

const deployment = {
  metadata: { name: 'web', labels: { app: 'web' } },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        containers: [
          {
            name: 'web',
            image: 'web:1',
            env: [
              { name: 'A', value: '1' },
              { name: 'B', value: '2' },
            ],
            ports: [{ containerPort: 80 }],
          },
          { name: 'side', image: 'side:1' },
        ],
        volumes: [{ name: 'data', emptyDir: {} }],
      },
    },
  },
};

/** The kinds of PATCH. */
export const patchCases: Case[] = [
  {
    name: 'patches: merge and JSON',
    steps: [
      silently(
        post('target', configMaps, {
          metadata: { name: 'target', labels: { a: '1', b: '2' } },
          data: { x: '1', y: '2' },
        }),
      ),
      patch('merge', cm, 'merge', {
        metadata: { labels: { a: null, c: '3' } },
        data: { x: '9', z: '3' },
      }),
      patch('merge nothing', cm, 'merge', {}),
      patch('merge all away', cm, 'merge', { data: null }),
      patch('merge a non-object', cm, 'merge', '[]'),
      patch('merge not JSON', cm, 'merge', '{'),
      patch('merge a wrong type', cm, 'merge', { data: 'x' }),
      patch('merge an unknown field', cm, 'merge', { bogus: 1 }),
      patch('merge an old version', cm, 'merge', {
        metadata: { resourceVersion: '1' },
      }),
      patch('add', cm, 'json', [
        { op: 'add', path: '/data', value: { k: 'v' } },
        { op: 'add', path: '/metadata/labels/q~1w', value: 'x' },
      ]),
      patch('test, replace, copy, move', cm, 'json', [
        { op: 'test', path: '/data/k', value: 'v' },
        { op: 'replace', path: '/data/k', value: 'w' },
        { op: 'copy', from: '/data/k', path: '/data/l' },
        { op: 'move', from: '/data/l', path: '/data/m' },
        { op: 'remove', path: '/data/k' },
      ]),
      patch('test that fails', cm, 'json', [
        { op: 'test', path: '/data/m', value: 'other' },
      ]),
      patch('remove what is not there', cm, 'json', [
        { op: 'remove', path: '/data/none' },
      ]),
      patch('replace what is not there', cm, 'json', [
        { op: 'replace', path: '/data/none', value: 'x' },
      ]),
      patch('no list', cm, 'json', { op: 'add' }),
      patch('unknown operation', cm, 'json', [{ op: 'swap', path: '/data' }]),
      patch('missing', `${configMaps}/missing`, 'merge', {}),
      {
        name: 'unknown kind of patch',
        call: {
          verb: 'PATCH',
          path: cm,
          body: {},
          contentType: 'application/json',
        },
      },
      patch('to invalid', cm, 'merge', { metadata: { labels: { a: 'b c' } } }),
    ],
  },
  {
    name: 'patches: strategic merge',
    steps: [
      silently(post('target', deployments, deployment)),
      patch('one container by name', web, 'strategic', {
        spec: {
          template: { spec: { containers: [{ name: 'web', image: 'web:2' }] } },
        },
      }),
      patch('a variable by name', web, 'strategic', {
        spec: {
          template: {
            spec: {
              containers: [
                {
                  name: 'web',
                  env: [
                    { name: 'B', value: '3' },
                    { name: 'C', value: '4' },
                  ],
                },
              ],
            },
          },
        },
      }),
      patch('a container more', web, 'strategic', {
        spec: {
          template: {
            spec: { containers: [{ name: 'third', image: 'third:1' }] },
          },
        },
      }),
      patch('a container less', web, 'strategic', {
        spec: {
          template: {
            spec: { containers: [{ name: 'side', $patch: 'delete' }] },
          },
        },
      }),
      patch('in another order', web, 'strategic', {
        spec: {
          template: {
            spec: {
              '$setElementOrder/containers': [
                { name: 'third' },
                { name: 'web' },
              ],
              containers: [
                { name: 'third', image: 'third:2' },
                { name: 'web' },
              ],
            },
          },
        },
      }),
      patch('another strategy', web, 'strategic', {
        spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } },
      }),
      patch('labels', web, 'strategic', {
        metadata: { labels: { app: null, tier: 'x' }, annotations: { a: 'b' } },
      }),
      patch('replace a list', web, 'strategic', {
        spec: {
          template: {
            spec: {
              containers: [
                { $patch: 'replace' },
                { name: 'only', image: 'only:1' },
              ],
            },
          },
        },
      }),
      patch('without merge key', web, 'strategic', {
        spec: { template: { spec: { containers: [{ image: 'x' }] } } },
      }),
      patch('change the selector', web, 'strategic', {
        spec: { selector: { matchLabels: { app: 'other' } } },
      }),
      get('at the end', web),
    ],
  },
];
