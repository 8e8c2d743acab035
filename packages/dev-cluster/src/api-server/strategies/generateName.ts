import { randomBytes } from 'node:crypto';

const letters = 'bcdfghjklmnpqrstvwxz2456789';
const suffixLength = 5;
const longestBase = 63 - suffixLength;

/** Five characters that spell no word, as apimachinery's rand.String. */
export function randomSuffix(): string {
  return [...randomBytes(suffixLength)]
    .map(byte => letters[byte % letters.length])
    .join('');
}

/** A name from metadata.generateName. */
export function generatedName(base: string): string {
  return base.slice(0, longestBase) + randomSuffix();
}
