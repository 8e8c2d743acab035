import { Answer } from '../ApiProbe';
import { Case, get, KubeObject, post, remove, silently, Step } from '../Case';
import { columnsAndCells } from './objects';

const configMaps = '/api/v1/namespaces/{ns}/configmaps';
const pods = '/api/v1/namespaces/{ns}/pods';
const table = 'application/json;as=Table;g=meta.k8s.io;v=v1,application/json';

const named = (name: string, labels: object) =>
  silently(post(`make ${name}`, configMaps, { metadata: { name, labels } }));

interface List {
  metadata: { continue?: string; remainingItemCount?: number };
  items?: KubeObject[];
}

/** Names and paging facts of a list. */
const names = (answer: Answer) => {
  const { metadata, items } = answer.body as List;
  return {
    names: items?.map(i => i.metadata.name),
    more: Boolean(metadata?.continue),
    remaining: metadata?.remainingItemCount ?? null,
  };
};
const listed = (name: string, query: string, path = configMaps): Step => ({
  ...get(name, `${path}?${query}`),
});
const onlyNames = (name: string, query: string, path = configMaps): Step => ({
  ...listed(name, query, path),
  record: names,
});
const selected = (selector: string) =>
  onlyNames(selector, `labelSelector=${encodeURIComponent(selector)}`);
const byField = (selector: string, path = configMaps): Step => ({
  ...onlyNames(
    `field ${selector}`,
    `fieldSelector=${encodeURIComponent(selector)}`,
    path,
  ),
});

/** Lists, selectors and pages. */
export const listCases: Case[] = [
  {
    name: 'lists: selectors',
    steps: [
      named('a', { app: 'x', tier: 'one' }),
      named('b', { app: 'x', tier: 'two' }),
      named('c', { app: 'y', n: '5' }),
      named('d', {}),
      get('all', configMaps),
      selected('app=x'),
      selected('app==x'),
      selected('app!=x'),
      selected('app'),
      selected('!app'),
      selected('app in (x,y),tier'),
      selected('tier notin (one)'),
      selected('app=x,tier=two'),
      selected('app='),
      selected('n>4'),
      selected('n<4'),
      selected(' app = x '),
      listed(
        'bad label selector',
        `labelSelector=${encodeURIComponent('app=x=y')}`,
      ),
      listed(
        'worse label selector',
        `labelSelector=${encodeURIComponent('(a')}`,
      ),
      listed('bad label value', `labelSelector=${encodeURIComponent('a=b c')}`),
      byField('metadata.name=b'),
      byField('metadata.name!=b'),
      byField('metadata.namespace={ns}'),
      listed('unknown field', 'fieldSelector=data.a%3Db'),
      listed('bad field selector', 'fieldSelector=metadata.name'),
      {
        name: 'empty list of nothing',
        call: { verb: 'GET', path: pods },
      },
      {
        ...get('table', configMaps, table),
        record: a => columnsAndCells(a.body),
      },
      get(
        'metadata only',
        configMaps,
        'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
      ),
      get(
        'metadata of one',
        `${configMaps}/a`,
        'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
      ),
    ],
  },
  {
    name: 'lists: pages',
    steps: [
      ...['a', 'b', 'c', 'd', 'e'].map(name =>
        named(name, { app: name < 'd' ? 'x' : 'y' }),
      ),
      onlyNames('first', 'limit=2'),
      {
        name: 'second',
        record: names,
        call: seen => ({
          verb: 'GET',
          path: `${configMaps}?limit=2&continue=${continueOf(seen.first)}`,
        }),
      },
      silently(remove('delete between', `${configMaps}/e`)),
      {
        name: 'third, as it was at the first',
        record: names,
        call: seen => ({
          verb: 'GET',
          path: `${configMaps}?limit=2&continue=${continueOf(seen.second)}`,
        }),
      },
      onlyNames('selected', 'limit=1&labelSelector=app%3Dx'),
      onlyNames('exactly all', 'limit=4'),
      onlyNames('no limit', 'limit=0'),
      listed('bad limit', 'limit=x'),
      listed('bad continue', 'continue=x'),
      {
        name: 'continue with a version',
        call: seen => ({
          verb: 'GET',
          path: `${configMaps}?limit=2&resourceVersion=1&continue=${continueOf(
            seen.first,
          )}`,
        }),
      },
    ],
  },
  {
    name: 'lists: versions',
    steps: [
      named('a', {}),
      // Any version may be older than the last write; a list of the newest brings the server's cache up to it.
      silently(onlyNames('newest', '')),
      onlyNames('any', 'resourceVersion=0'),
      listed('bad version', 'resourceVersion=x'),
      listed('future', 'resourceVersion=99999999'),
      listed('match without version', 'resourceVersionMatch=Exact'),
      listed('unknown match', 'resourceVersion=1&resourceVersionMatch=Nearly'),
      listed('exact zero', 'resourceVersion=0&resourceVersionMatch=Exact'),
    ],
  },
  {
    name: 'lists: delete collection',
    steps: [
      named('a', { app: 'x' }),
      named('b', { app: 'x' }),
      named('c', { app: 'y' }),
      {
        ...remove('chosen', `${configMaps}?labelSelector=app%3Dx`),
        record: a => ({ kind: (a.body as KubeObject).kind, ...names(a) }),
      },
      onlyNames('left', ''),
      { ...remove('all', configMaps), record: names },
      onlyNames('nothing left', ''),
      remove('all namespaces at once', '/api/v1/configmaps'),
      remove('namespaces', '/api/v1/namespaces'),
    ],
  },
];

function continueOf(answer: Answer): string {
  return encodeURIComponent((answer.body as List).metadata.continue ?? '');
}
