import { asSentence } from './asSentence';

it.each([
  ['the time is over', 'The time is over.'],
  [' claim shop/db is gone. ', 'Claim shop/db is gone.'],
  ['Why?', 'Why?'],
])('writes %j as %j', (words, sentence) => {
  expect(asSentence(words)).toBe(sentence);
});
