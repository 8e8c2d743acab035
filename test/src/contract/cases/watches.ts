import { Case, post, seenObject, silently, Step } from '../Case';

const configMaps = '/api/v1/namespaces/{ns}/configmaps';

const make = (name: string, labels: object = {}) => ({
  verb: 'POST' as const,
  path: configMaps,
  body: { metadata: { name, labels } },
});
const label = (name: string, app: string | null) => ({
  verb: 'PATCH' as const,
  path: `${configMaps}/${name}`,
  contentType: 'application/merge-patch+json',
  body: { metadata: { labels: { app } } },
});
const drop = (name: string) => ({
  verb: 'DELETE' as const,
  path: `${configMaps}/${name}`,
});
const query = (name: string, text: string): Step => ({
  name,
  call: {
    verb: 'GET',
    path: `${configMaps}?watch=true&timeoutSeconds=1&${text}`,
  },
});

/** Watches, what they begin with, and what they cannot. */
export const watchCases: Case[] = [
  {
    name: 'watches: changes',
    steps: [
      silently(post('base', configMaps, { metadata: { name: 'base' } })),
      {
        name: 'from the present',
        call: {
          verb: 'GET',
          path: `${configMaps}?watch=true&timeoutSeconds=10`,
        },
        watch: {
          count: 4,
          meanwhile: () => [make('a'), label('a', 'x'), drop('a')],
        },
      },
      {
        name: 'from a version',
        call: seen => ({
          verb: 'GET',
          path: `${configMaps}?watch=true&timeoutSeconds=10&resourceVersion=${
            seenObject(seen, 'base').metadata.resourceVersion
          }`,
        }),
        watch: { count: 4, meanwhile: () => [make('b')] },
      },
      {
        name: 'selected: begins and ceases to match',
        call: seen => ({
          verb: 'GET',
          path: `${configMaps}?watch=true&timeoutSeconds=10&labelSelector=app%3Dx&resourceVersion=${
            seenObject(seen, 'base').metadata.resourceVersion
          }`,
        }),
        watch: {
          count: 5,
          meanwhile: () => [
            label('b', 'x'),
            make('c', { app: 'x' }),
            label('b', 'y'),
            drop('c'),
          ],
        },
      },
      {
        name: 'one object by its name',
        call: {
          verb: 'GET',
          path: `${configMaps}?watch=1&timeoutSeconds=10&fieldSelector=metadata.name%3Db`,
        },
        watch: { count: 2, meanwhile: () => [make('d'), label('b', 'z')] },
      },
      {
        name: 'initial events, then a bookmark',
        call: {
          verb: 'GET',
          path: `${configMaps}?watch=true&timeoutSeconds=10&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`,
        },
        watch: { count: 4 },
      },
      {
        name: 'as metadata',
        call: {
          verb: 'GET',
          path: `${configMaps}?watch=true&timeoutSeconds=10&fieldSelector=metadata.name%3Db`,
          accept:
            'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
        },
        watch: { count: 1 },
      },
    ],
  },
  {
    name: 'watches: refused',
    steps: [
      query('bad version', 'resourceVersion=x'),
      query('bad selector', 'labelSelector=%28a'),
      query(
        'match without initial events',
        'resourceVersionMatch=NotOlderThan',
      ),
      query('initial events without match', 'sendInitialEvents=true'),
      query(
        'initial events without bookmarks',
        'sendInitialEvents=true&resourceVersionMatch=NotOlderThan',
      ),
    ],
  },
];
