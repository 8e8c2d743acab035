import { translate } from '../__testUtils__/translate';
import { describeReason } from './describeReason';

describe('describeReason', () => {
  it('names who cancelled a run', () => {
    expect(describeReason('Canceled by user:default/ada', translate)).toBe(
      'Cancelled by ada',
    );
  });

  it('leaves other reasons as they are', () => {
    expect(describeReason('The bucket is full', translate)).toBe(
      'The bucket is full',
    );
    expect(describeReason(undefined, translate)).toBeUndefined();
  });
});
