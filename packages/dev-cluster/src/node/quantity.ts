const factors: Record<string, number> = {
  '': 1,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
};

/** A Kubernetes quantity as a number; 0 for what is none. */
export function parseQuantity(text: string): number {
  const match = /^([0-9.]+(?:[eE][+-]?\d+)?)([a-zA-Z]*)$/.exec(String(text));
  const factor = match && factors[match[2]];
  return match && factor !== undefined && factor !== null
    ? Number(match[1]) * factor
    : 0;
}

const binarySuffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi'];

/** Bytes as the quantity that Kubernetes writes: the largest binary unit without a fraction. */
export function formatBytes(bytes: number): string {
  let value = Math.round(bytes);
  let unit = 0;
  while (value > 0 && value % 1024 === 0 && unit < binarySuffixes.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value}${binarySuffixes[unit]}`;
}
