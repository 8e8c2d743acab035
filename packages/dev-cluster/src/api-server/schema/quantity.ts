const decimal: { [suffix: string]: number } = {
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
};
const binary = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const form =
  /^([+-]?)(\d+(?:\.\d*)?|\.\d+)(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d+))?$/;

interface Quantity {
  /** In billionths, rounded up as apimachinery does. */
  nano: bigint;
  format: 'decimal' | 'binary' | 'exponent';
}

function parse(text: string): Quantity | undefined {
  const parts = form.exec(text);
  if (!parts) return undefined;
  const [, sign, number, suffix = '', exponent] = parts;
  const [whole, fraction = ''] = number.split('.');
  let scaled = BigInt(whole + fraction || '0');
  let power = 9 - fraction.length;
  let format: Quantity['format'] = 'decimal';
  if (suffix.endsWith('i')) {
    scaled *= 1024n ** BigInt(binary.indexOf(suffix));
    format = 'binary';
  } else if (exponent !== undefined) {
    power += Number(exponent);
    format = 'exponent';
  } else {
    power += decimal[suffix];
  }
  if (Math.abs(power) > 1000) return undefined;
  const nano =
    power >= 0
      ? scaled * 10n ** BigInt(power)
      : ceilDivide(scaled, 10n ** BigInt(-power));
  return { nano: sign === '-' ? -nano : nano, format };
}

function ceilDivide(a: bigint, b: bigint): bigint {
  return (a + b - 1n) / b;
}

/**
 * The canonical form in which the API server answers: no fraction, the largest suffix that keeps the value exact
 * (apimachinery, pkg/api/resource). Undefined for a text that is no quantity.
 */
export function canonicalQuantity(text: string): string | undefined {
  const quantity = parse(text);
  if (!quantity) return undefined;
  const { nano } = quantity;
  const giga = 1_000_000_000n;
  if (nano === 0n) return '0';
  if (quantity.format === 'binary') {
    const magnitude = nano < 0n ? -nano : nano;
    if (nano % giga === 0n && magnitude >= 1024n * giga) {
      let value = nano / giga;
      let step = 0;
      while (value % 1024n === 0n && step < binary.length - 1) {
        value /= 1024n;
        step += 1;
      }
      return `${value}${binary[step]}`;
    }
  }
  let value = nano;
  let power = -9;
  while (value % 1000n === 0n && power < 18) {
    value /= 1000n;
    power += 3;
  }
  if (quantity.format === 'exponent') {
    return power === 0 ? `${value}` : `${value}e${power}`;
  }
  const suffix = Object.keys(decimal).find(s => decimal[s] === power);
  return `${value}${suffix}`;
}

/** The value as a number (rounded); undefined for a text that is no quantity. */
export function quantityValue(text: string): number | undefined {
  const quantity = parse(text);
  return quantity && Number(quantity.nano) / 1e9;
}
