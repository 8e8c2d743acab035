import { readFinding } from './readFinding';

describe('readFinding', () => {
  it('finds the object in a result as Velero writes it', () => {
    expect(
      readFinding(
        'resource: /persistentvolumeclaims name: /data-db-0 message: /Objects only',
      ),
    ).toEqual({
      object: 'persistentvolumeclaims data-db-0',
      message: 'Objects only',
    });
    expect(
      readFinding('resource: /pods name: /web error: /a: b/c\nmore'),
    ).toEqual({ object: 'pods web', message: 'a: b/c\nmore' });
    expect(
      readFinding(
        'resource: /pods name: /web message: /It broke error: /the disk is full',
      ).message,
    ).toBe('It broke: the disk is full');
  });

  it('leaves other messages alone', () => {
    expect(readFinding('The bucket is gone')).toEqual({
      message: 'The bucket is gone',
    });
  });
});
