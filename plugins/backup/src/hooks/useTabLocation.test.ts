import { readTabLocation, writeTabLocation } from './useTabLocation';

describe('readTabLocation', () => {
  it('has defaults', () => {
    expect(readTabLocation(new URLSearchParams())).toEqual({
      view: 'points',
      q: '',
      sort: '-created',
      page: 1,
    });
  });

  it('reads what a link says', () => {
    const query = new URLSearchParams(
      'view=restores&restore=r1&q=a+b&state=done&sort=into&page=3&cluster=prod&flow=restore&form=schedule',
    );
    expect(readTabLocation(query)).toEqual({
      view: 'restores',
      restore: 'r1',
      q: 'a b',
      state: 'done',
      sort: 'into',
      page: 3,
      cluster: 'prod',
      flow: 'restore',
      form: 'schedule',
    });
  });

  it('takes nonsense for absent', () => {
    const query = new URLSearchParams('view=x&page=-1&flow=delete&form=x');
    expect(readTabLocation(query)).toEqual(
      readTabLocation(new URLSearchParams()),
    );
  });
});

describe('writeTabLocation', () => {
  it('leaves foreign parameters alone and drops defaults', () => {
    const query = new URLSearchParams('theme=dark&page=4&q=x');
    expect(
      writeTabLocation(query, { page: 1, q: '', point: 'p' }).toString(),
    ).toBe('theme=dark&point=p');
  });
});
