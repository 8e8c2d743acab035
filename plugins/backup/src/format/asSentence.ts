/** Words of the engine as a sentence: with a capital letter and a full stop. */
export function asSentence(words: string): string {
  const text = words.trim();
  const sentence = text.charAt(0).toLocaleUpperCase('en-US') + text.slice(1);
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}
