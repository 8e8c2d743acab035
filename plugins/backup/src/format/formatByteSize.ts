const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/**
 * A size in IEC units with at most three significant digits: `1.3 GiB`, `96 MiB`, `512 B`. The space does not break, so
 * that number and unit stay on one line.
 *
 * @param bytes - size in bytes, not negative
 * @param locale - BCP 47 language for the decimal separator
 */
export function formatByteSize(bytes: number, locale: string = 'en'): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1023.5 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  const text = new Intl.NumberFormat(locale, {
    maximumFractionDigits: digits,
    useGrouping: false,
  }).format(value);
  return `${text}\u00a0${units[unit]}`;
}
