import { Answer } from '../ApiProbe';
import { Case, get, Step } from '../Case';

interface ApiResource {
  name: string;
  kind: string;
  namespaced: boolean;
  verbs: string[];
  shortNames?: string[];
  singularName: string;
}

/** Left out of the embedded server on purpose: nothing there could carry them out. */
const left = [
  'bindings',
  'componentstatuses',
  'nodes/proxy',
  'pods/attach',
  'pods/ephemeralcontainers',
  'pods/portforward',
  'pods/resize',
  'ipaddresses',
  'servicecidrs',
  'servicecidrs/status',
];

const resources = (version: string): Step => ({
  ...get(version, version),
  record: (answer: Answer) => {
    const {
      kind,
      groupVersion,
      resources: list = [],
    } = answer.body as {
      kind: string;
      groupVersion: string;
      resources: ApiResource[];
    };
    return {
      kind,
      groupVersion,
      resources: list
        .filter(r => !left.includes(r.name))
        .map(
          ({
            storageVersionHash,
            ...r
          }: ApiResource & { storageVersionHash?: string }) => r,
        )
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    };
  },
});

/** Which resources there are, and how a client learns of them. */
export const discoveryCases: Case[] = [
  {
    name: 'discovery: documents',
    namespace: false,
    steps: [
      {
        ...get('core versions', '/api'),
        record: a => (a.body as { versions: string[] }).versions,
      },
      ...[
        '/api/v1',
        '/apis/apps/v1',
        '/apis/batch/v1',
        '/apis/autoscaling/v1',
        '/apis/autoscaling/v2',
        '/apis/policy/v1',
        '/apis/networking.k8s.io/v1',
        '/apis/rbac.authorization.k8s.io/v1',
        '/apis/storage.k8s.io/v1',
        '/apis/coordination.k8s.io/v1',
        '/apis/discovery.k8s.io/v1',
        '/apis/events.k8s.io/v1',
        '/apis/scheduling.k8s.io/v1',
        '/apis/apiextensions.k8s.io/v1',
        '/apis/authentication.k8s.io/v1',
        '/apis/authorization.k8s.io/v1',
      ].map(resources),
      get('group', '/apis/autoscaling'),
      get('unknown group', '/apis/nothing.example.com'),
      get('unknown version', '/apis/apps/v2'),
      {
        ...get(
          'aggregated',
          '/apis',
          'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
        ),
        record: a => {
          const body = a.body as {
            kind: string;
            apiVersion: string;
            items: {
              metadata: { name: string };
              versions: {
                version: string;
                resources: { resource: string }[];
              }[];
            }[];
          };
          const apps = body.items.find(i => i.metadata.name === 'apps');
          return {
            kind: body.kind,
            apiVersion: body.apiVersion,
            contentType: a.contentType.split(';')[0],
            apps: apps?.versions,
          };
        },
      },
    ],
  },
];
