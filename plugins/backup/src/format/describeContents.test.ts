import { translate } from '../__testUtils__/translate';
import { describeContents, volumesNotIncluded } from './describeContents';
import { humanName } from './humanName';

describe('describeContents', () => {
  it('says what is known, with units', () => {
    expect(describeContents({ objects: 47, volumes: 2 }, translate)).toBe(
      '47 objects, 2 volumes',
    );
    expect(describeContents({ objects: 1, volumes: 0 }, translate)).toBe(
      '1 object',
    );
    expect(describeContents({}, translate)).toBeUndefined();
  });
});

describe('volumesNotIncluded', () => {
  it('counts the volumes without data', () => {
    expect(volumesNotIncluded({ volumes: { count: 3, included: 1 } })).toBe(2);
    expect(volumesNotIncluded({})).toBe(0);
  });
});

describe('humanName', () => {
  it('takes the name of an entity ref and leaves other texts alone', () => {
    expect(humanName('user:default/ada')).toBe('ada');
    expect(humanName('system:serviceaccount:ci:bot')).toBe(
      'system:serviceaccount:ci:bot',
    );
  });
});
