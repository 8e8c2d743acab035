import { createHash } from 'node:crypto';
import { entityLabelValue, nameOrHash, validLabelValue } from './labels';

const sha256 = (text: string) =>
  createHash('sha256').update(text).digest('hex');

describe('validLabelValue', () => {
  it('leaves up to 63 characters alone', () => {
    expect(validLabelValue('')).toBe('');
    expect(validLabelValue('a'.repeat(63))).toBe('a'.repeat(63));
  });

  it('ends longer ones with six digits of their SHA-256', () => {
    const long = 'a'.repeat(64);
    expect(validLabelValue(long)).toBe(
      'a'.repeat(57) + sha256(long).slice(0, 6),
    );
    expect(validLabelValue(long)).toHaveLength(63);
  });

  it('tells names apart that begin alike', () => {
    expect(validLabelValue(`${'a'.repeat(70)}1`)).not.toBe(
      validLabelValue(`${'a'.repeat(70)}2`),
    );
  });
});

describe('nameOrHash', () => {
  it('uses SHA3-224, as Velero does', () => {
    const long = 'b'.repeat(64);
    expect(nameOrHash(long)).toBe(
      createHash('sha3-224').update(long).digest('hex'),
    );
    expect(nameOrHash('short')).toBe('short');
  });
});

describe('entityLabelValue', () => {
  it('is a label value, whatever the entity ref looks like', () => {
    const value = entityLabelValue(`component:default/${'x'.repeat(200)}`);
    expect(value).toMatch(/^[0-9a-f]{40}$/);
  });

  it('does not depend on upper and lower case', () => {
    expect(entityLabelValue('Component:Default/Orders')).toBe(
      entityLabelValue('component:default/orders'),
    );
  });
});
