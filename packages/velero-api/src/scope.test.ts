import { lifeboatAnnotations } from './labels';
import { type BackupScope, readScope, writeScope } from './scope';

const scope: BackupScope = {
  entityRef: 'component:default/orders',
  cluster: 'demo',
  namespace: 'shop',
  namespaceUid: 'b6f1',
  selector: 'app=orders',
  consent: { source: 'namespace', entities: ['component:default/orders'] },
};

const withText = (text: string) => ({
  metadata: { annotations: { [lifeboatAnnotations.scope]: text } },
});

describe('scope', () => {
  it('is read as it was written, and nothing else is changed', () => {
    const backup = {
      kind: 'Backup',
      metadata: { name: 'b', annotations: { other: 'kept' } },
    };
    const written = writeScope(backup, scope);
    expect(readScope(written)).toEqual(scope);
    expect(written.metadata.annotations.other).toBe('kept');
    expect(written.kind).toBe('Backup');
    expect(backup.metadata.annotations).toEqual({ other: 'kept' });
  });

  it('may have no selector: then it is the whole namespace', () => {
    const { selector: _, ...whole } = scope;
    expect(readScope(writeScope({}, whole))).toEqual(whole);
  });

  it.each([
    ['nothing', ''],
    ['no JSON', '{'],
    ['null', 'null'],
    ['a list', '[]'],
    ['no namespace', JSON.stringify({ ...scope, namespace: undefined })],
    ['an empty selector', JSON.stringify({ ...scope, selector: '' })],
    ['a blank UID', JSON.stringify({ ...scope, namespaceUid: ' ' })],
    ['no consent', JSON.stringify({ ...scope, consent: undefined })],
    ['null consent', JSON.stringify({ ...scope, consent: null })],
    [
      'a consent of nobody',
      JSON.stringify({
        ...scope,
        consent: { source: 'tenant', entities: ['component:default/orders'] },
      }),
    ],
    [
      'entities that are no list',
      JSON.stringify({
        ...scope,
        consent: { source: 'config', entities: 'all' },
      }),
    ],
  ])('is not there with %s', (_name, text) => {
    expect(readScope(withText(text))).toBeUndefined();
  });

  it('is not there without annotations', () => {
    expect(readScope({})).toBeUndefined();
    expect(readScope({ metadata: {} })).toBeUndefined();
  });
});
