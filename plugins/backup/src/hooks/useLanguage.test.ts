import { regionalLanguage } from './useLanguage';

it.each([
  ['en', ['en-GB', 'en'], 'en-GB'],
  ['en', ['de-CH', 'en-US'], 'en-US'],
  ['de', ['en-GB'], 'de'],
  ['en', ['en-US@posix', 'en-AU'], 'en-AU'],
  ['en', ['en-US@posix'], 'en'],
  ['en', [], 'en'],
])('%s of %j is %s', (language, candidates, expected) => {
  expect(regionalLanguage(language, candidates)).toBe(expected);
});
