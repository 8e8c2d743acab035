const binary = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 } as const;
const decimal = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
} as const;

// Exponents beyond it are no capacities, and would make numbers of any length.
const largestExponent = 30;

/**
 * A Kubernetes quantity (`10Gi`, `1.5G`, `2e3`) as a whole number of billionths, so that any two can be compared without
 * rounding.
 *
 * @throws Error when the text is no quantity
 */
export function parseQuantity(text: string): bigint {
  const match =
    /^([+-]?)(\d+)?(?:\.(\d*))?(?:(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE])|[eE]([+-]?\d{1,3}))?$/.exec(
      text,
    );
  const [, sign, whole = '', fraction = '', suffix = '', exponent] =
    match ?? [];
  if (!match || (whole === '' && fraction === '')) {
    throw new Error(`"${text}" is not a quantity such as 10Gi`);
  }
  const digits = BigInt(`${whole}${fraction}`);
  const power = exponent
    ? Number(exponent)
    : decimal[suffix as keyof typeof decimal] ?? 0;
  if (Math.abs(power) > largestExponent || fraction.length > largestExponent) {
    throw new Error(`"${text}" is out of range`);
  }
  const shift =
    suffix in binary ? BigInt(binary[suffix as keyof typeof binary]) : 0n;
  const tens = power + 9 - fraction.length;
  const scaled =
    tens >= 0
      ? (digits << shift) * 10n ** BigInt(tens)
      : (digits << shift) / 10n ** BigInt(-tens);
  return sign === '-' ? -scaled : scaled;
}

/** The larger of two quantities, as it was written. A text that is no quantity loses. */
export function largerQuantity(
  left: string | undefined,
  right: string | undefined,
): string | undefined {
  const value = (text: string | undefined) => {
    try {
      return parseQuantity(text ?? '');
    } catch {
      return -1n;
    }
  };
  return value(right) > value(left) ? right : left;
}

/** Whole bytes of a quantity, 0 when it is none. */
export function bytesOf(text: string | undefined): number {
  try {
    return Number(parseQuantity(text ?? '') / 10n ** 9n);
  } catch {
    return 0;
  }
}
