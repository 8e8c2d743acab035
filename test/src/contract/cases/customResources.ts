import {
  Case,
  changed,
  get,
  patch,
  post,
  put,
  remove,
  silently,
  Step,
  taking,
} from '../Case';
import { columnsAndCells } from './objects';

const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const widgets = '/apis/contract.example.com/v1/namespaces/{ns}/widgets';
const table = 'application/json;as=Table;g=meta.k8s.io;v=v1,application/json';

const schema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      required: ['size'],
      properties: {
        size: { type: 'integer', minimum: 1, maximum: 10 },
        big: { type: 'integer', format: 'int64' },
        color: { type: 'string', enum: ['red', 'blue'], default: 'red' },
        name: {
          type: 'string',
          pattern: '^[a-z]+$',
          minLength: 2,
          maxLength: 5,
        },
        note: { type: 'string', nullable: true },
        port: { 'x-kubernetes-int-or-string': true },
        any: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        list: {
          type: 'array',
          maxItems: 2,
          items: {
            type: 'object',
            properties: { a: { type: 'string', default: 'x' } },
          },
        },
        map: { type: 'object', additionalProperties: { type: 'number' } },
        nested: {
          type: 'object',
          default: {},
          properties: { deep: { type: 'boolean', default: true } },
        },
        embedded: {
          type: 'object',
          'x-kubernetes-embedded-resource': true,
          properties: { spec: { type: 'object' } },
        },
        when: { type: 'string', format: 'date-time' },
      },
    },
    status: {
      type: 'object',
      properties: {
        replicas: { type: 'integer' },
        phase: { type: 'string', enum: ['New', 'Done'] },
      },
    },
  },
};
const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.contract.example.com' },
  spec: {
    group: 'contract.example.com',
    scope: 'Namespaced',
    names: {
      plural: 'widgets',
      kind: 'Widget',
      shortNames: ['wdg'],
      categories: ['all'],
    },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: schema },
        subresources: {
          status: {},
          scale: {
            specReplicasPath: '.spec.size',
            statusReplicasPath: '.status.replicas',
          },
        },
        additionalPrinterColumns: [
          { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
          {
            name: 'Phase',
            type: 'string',
            jsonPath: '.status.phase',
            description: 'How far',
          },
          {
            name: 'Color',
            type: 'string',
            jsonPath: '.spec.color',
            priority: 1,
          },
          {
            name: 'Age',
            type: 'date',
            jsonPath: '.metadata.creationTimestamp',
          },
        ],
      },
      {
        name: 'v1beta1',
        served: true,
        storage: false,
        deprecated: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            'x-kubernetes-preserve-unknown-fields': true,
          },
        },
      },
      {
        name: 'v1alpha1',
        served: false,
        storage: false,
        schema: { openAPIV3Schema: { type: 'object' } },
      },
    ],
  },
};
const plain = {
  ...definition,
  metadata: { name: 'gizmos.contract.example.com' },
  spec: {
    group: 'contract.example.com',
    scope: 'Cluster',
    names: { plural: 'gizmos', kind: 'Gizmo' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            'x-kubernetes-preserve-unknown-fields': true,
          },
        },
      },
    ],
  },
};
const widget = (name: string, spec: object, more: object = {}) => ({
  apiVersion: 'contract.example.com/v1',
  kind: 'Widget',
  metadata: { name },
  spec,
  ...more,
});

const waiting = (name: string, path: string): Step =>
  silently({
    ...get(name, `${path}?watch=true&timeoutSeconds=5&resourceVersion=0`),
  });

/** A version as text, with integers that JavaScript rounds. */
const precise = `{"apiVersion":"contract.example.com/v1","kind":"Widget","metadata":{"name":"precise"},"spec":{"size":1,"big":9007199254740993,"any":{"huge":9223372036854775807,"low":-9223372036854775808,"float":1.0,"exponent":1e3,"small":0.1}}}`;

/** Custom resource definitions and the objects they bring. */
export const customResourceCases: Case[] = [
  {
    name: 'custom: definitions',
    namespace: false,
    steps: [
      { ...post('create', crds, definition), record: specOf },
      silently(post('create plain', crds, plain)),
      waiting('until established', crds),
      { ...get('established', `${crds}/widgets.contract.example.com`) },
      post('create again', crds, definition),
      post('wrong name', crds, {
        ...definition,
        metadata: { name: 'x.contract.example.com' },
      }),
      post(
        'no schema',
        crds,
        badDefinition({ name: 'v1', served: true, storage: true }),
      ),
      post(
        'no storage version',
        crds,
        badDefinition({
          name: 'v1',
          served: true,
          storage: false,
          schema: { openAPIV3Schema: { type: 'object' } },
        }),
      ),
      post(
        'no type',
        crds,
        badDefinition({
          name: 'v1',
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: { type: 'object', properties: { spec: {} } },
          },
        }),
      ),
      post(
        'no root type',
        crds,
        badDefinition({
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: {} },
        }),
      ),
      patch('another scope', `${crds}/widgets.contract.example.com`, 'merge', {
        spec: { scope: 'Cluster' },
      }),
      {
        ...get('its resources', '/apis/contract.example.com/v1'),
        record: sortedResources,
      },
      get('its group', '/apis/contract.example.com'),
      get(
        'a version that is not served',
        '/apis/contract.example.com/v1alpha1',
      ),
    ],
  },
  {
    name: 'custom: objects',
    steps: [
      post(
        'create',
        widgets,
        widget(
          'one',
          {
            size: 1,
            list: [{}],
            note: null,
            any: { x: [1, { y: null }] },
            port: '80',
            map: { a: 1.5 },
          },
          { status: { phase: 'Done' } },
        ),
      ),
      {
        ...post('precise', widgets, precise),
        record: a =>
          a.text.match(/"(big|huge|low|float|exponent|small)":[^,}]+/g)?.sort(),
      },
      post('create again', widgets, widget('one', { size: 1 })),
      post(
        'unknown fields',
        widgets,
        widget(
          'loose',
          { size: 1, bogus: { x: 1 }, nested: { deep: false, more: 1 } },
          { extra: 1 },
        ),
      ),
      post(
        'unknown fields, strict',
        `${widgets}?fieldValidation=Strict`,
        widget('strict', { size: 1, bogus: 1 }, { extra: 1 }),
      ),
      post('missing field', widgets, widget('bad', {})),
      post('wrong type', widgets, widget('bad', { size: 'x' })),
      post('too small', widgets, widget('bad', { size: 0 })),
      post('too large', widgets, widget('bad', { size: 11 })),
      post('no integer', widgets, widget('bad', { size: 1.5 })),
      post(
        'not in the list',
        widgets,
        widget('bad', { size: 1, color: 'green' }),
      ),
      post('pattern', widgets, widget('bad', { size: 1, name: 'AB' })),
      post('too short', widgets, widget('bad', { size: 1, name: 'a' })),
      post('too long', widgets, widget('bad', { size: 1, name: 'abcdef' })),
      post('too many', widgets, widget('bad', { size: 1, list: [{}, {}, {}] })),
      post(
        'null where none may be',
        widgets,
        widget('bad', { size: 1, any: null }),
      ),
      post(
        'null with a default',
        widgets,
        widget('nulled', { size: 1, color: null }),
      ),
      post('int or string', widgets, widget('bad', { size: 1, port: 1.5 })),
      post('bad time', widgets, widget('bad', { size: 1, when: 'noon' })),
      post(
        'several errors',
        widgets,
        widget('bad', { size: 'x', color: 'green', map: { a: 'x' } }),
      ),
      post('without kind', widgets, {
        metadata: { name: 'bad' },
        spec: { size: 1 },
      }),
      post('bad name', widgets, widget('Not_A_Name', { size: 1 })),
      post(
        'embedded',
        widgets,
        widget('embedded', {
          size: 1,
          embedded: {
            apiVersion: 'v1',
            kind: 'Pod',
            metadata: { name: 'x', labels: { a: 'b' } },
            spec: { gone: 1 },
          },
        }),
      ),
      get('read', `${widgets}/one`),
      get(
        'read in another version',
        '/apis/contract.example.com/v1beta1/namespaces/{ns}/widgets/one',
      ),
      put(
        'replace without a version',
        `${widgets}/one`,
        widget('one', { size: 2 }),
      ),
      put('replace', `${widgets}/one`, seen =>
        changed(seen, 'read', o => {
          o.spec = { size: 2 };
          o.status = { phase: 'New' };
        }),
      ),
      put('stale', `${widgets}/one`, seen =>
        changed(seen, 'read', o => {
          o.spec = { size: 3 };
        }),
      ),
      patch('merge', `${widgets}/one`, 'merge', {
        spec: { size: 4, color: null },
      }),
      patch('merge to invalid', `${widgets}/one`, 'merge', {
        spec: { size: 40 },
      }),
      patch('JSON patch', `${widgets}/one`, 'json', [
        { op: 'add', path: '/spec/note', value: 'x' },
      ]),
      patch('strategic', `${widgets}/one`, 'strategic', { spec: { size: 5 } }),
      patch('labels do not count', `${widgets}/one`, 'merge', {
        metadata: { labels: { a: 'b' } },
      }),
      patch('status', `${widgets}/one/status`, 'merge', {
        metadata: { labels: { ignored: 'x' } },
        spec: { size: 9 },
        status: { phase: 'New', replicas: 2 },
      }),
      patch('bad status', `${widgets}/one/status`, 'merge', {
        status: { phase: 'Odd' },
      }),
      put('replace status', `${widgets}/one/status`, seen =>
        changed(seen, 'status', o => {
          o.status = { phase: 'Done' };
        }),
      ),
      get('scale', `${widgets}/one/scale`),
      patch('scale up', `${widgets}/one/scale`, 'merge', {
        spec: { replicas: 7 },
      }),
      patch('scale too far', `${widgets}/one/scale`, 'merge', {
        spec: { replicas: 70 },
      }),
      { ...get('table', widgets, table), record: a => columnsAndCells(a.body) },
      get('list', `${widgets}?limit=1`),
      get('by field', `${widgets}?fieldSelector=metadata.name%3Done`),
      get('by another field', `${widgets}?fieldSelector=spec.size%3D7`),
      remove('delete', `${widgets}/one`),
      {
        ...remove('delete all', widgets),
        record: a => (a.body as { kind: string }).kind,
      },
      patch(
        'at cluster scope',
        '/apis/contract.example.com/v1/widgets/one',
        'merge',
        {},
      ),
      get('at cluster scope, all', '/apis/contract.example.com/v1/widgets'),
    ],
  },
  {
    name: 'custom: plain ones',
    namespace: false,
    steps: [
      post('create', '/apis/contract.example.com/v1/gizmos', {
        apiVersion: 'contract.example.com/v1',
        kind: 'Gizmo',
        metadata: { name: 'one' },
        anything: { goes: [1] },
        status: { ok: true },
      }),
      patch(
        'status counts',
        '/apis/contract.example.com/v1/gizmos/one',
        'merge',
        { status: { ok: false } },
      ),
      get('no status door', '/apis/contract.example.com/v1/gizmos/one/status'),
      {
        ...get('table', '/apis/contract.example.com/v1/gizmos', table),
        record: a => columnsAndCells(a.body),
      },
      post(
        'in a namespace',
        '/apis/contract.example.com/v1/namespaces/default/gizmos',
        {},
      ),
      taking(
        remove('delete definition', `${crds}/gizmos.contract.example.com`),
        () => null,
      ),
    ],
  },
];

function badDefinition(version: object) {
  return {
    ...plain,
    metadata: { name: 'bads.contract.example.com' },
    spec: {
      ...plain.spec,
      names: { plural: 'bads', kind: 'Bad' },
      versions: [version],
    },
  };
}

function specOf(answer: { body: unknown }) {
  return (answer.body as { spec: unknown }).spec;
}

function sortedResources(answer: { body: unknown }) {
  const { resources } = answer.body as { resources: { name: string }[] };
  return resources
    .map(
      ({
        storageVersionHash,
        ...r
      }: {
        name: string;
        storageVersionHash?: string;
      }) => r,
    )
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
