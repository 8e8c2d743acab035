import { Pod } from '../controllers/Workload';
import {
  containerEnvironment,
  expand,
  fieldOf,
  References,
} from './containerEnvironment';

const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'n', uid: 'u', labels: { 'a/b': 'c' } },
  spec: { containers: [], nodeName: 'dev-node' },
};
const references: References = {
  configMap: name =>
    name === 'conf'
      ? {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name },
          data: { greeting: 'hello' },
        }
      : undefined,
  secret: name =>
    name === 'sec'
      ? {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name },
          data: { password: Buffer.from('geheim').toString('base64') },
        }
      : undefined,
};
const from = (container: object) =>
  containerEnvironment({ name: 'c', ...container }, pod, references, {
    BASE: '1',
  });

describe('containerEnvironment', () => {
  it('takes values, ConfigMaps, Secrets and fields', () => {
    expect(
      from({
        envFrom: [{ prefix: 'C_', configMapRef: { name: 'conf' } }],
        env: [
          { name: 'A', value: '$(BASE)$(C_greeting) $$(BASE) $(NONE)' },
          {
            name: 'P',
            valueFrom: { secretKeyRef: { name: 'sec', key: 'password' } },
          },
          {
            name: 'N',
            valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } },
          },
        ],
      }),
    ).toEqual({
      BASE: '1',
      C_greeting: 'hello',
      A: '1hello $(BASE) $(NONE)',
      P: 'geheim',
      N: 'n',
    });
  });

  it.each([
    [{ envFrom: [{ configMapRef: { name: 'x' } }] }, 'configmap "x" not found'],
    [{ envFrom: [{ secretRef: { name: 'x' } }] }, 'secret "x" not found'],
    [
      {
        env: [
          {
            name: 'A',
            valueFrom: { configMapKeyRef: { name: 'conf', key: 'z' } },
          },
        ],
      },
      "couldn't find key z in ConfigMap n/conf",
    ],
  ])('names what is missing: %j', (container, message) => {
    expect(() => from(container)).toThrow(message);
  });

  it('does without optional references', () => {
    expect(
      from({ envFrom: [{ secretRef: { name: 'x', optional: true } }] }),
    ).toEqual({ BASE: '1' });
  });
});

describe('expand', () => {
  it('leaves unknown names', () => {
    expect(expand('$(A)-$(B)', { A: 'x' })).toBe('x-$(B)');
  });
});

describe('fieldOf', () => {
  it('reads one label', () => {
    expect(fieldOf(pod, "metadata.labels['a/b']")).toBe('c');
  });

  it('refuses unknown fields', () => {
    expect(() => fieldOf(pod, 'spec.x')).toThrow('is not supported');
  });
});
