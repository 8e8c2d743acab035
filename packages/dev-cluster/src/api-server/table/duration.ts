/** How long ago a time is, as kubectl shows ages (apimachinery, pkg/util/duration, HumanDuration). */
export function age(time: unknown, now: Date): string {
  if (typeof time !== 'string') return '<unknown>';
  const seconds = Math.floor((now.getTime() - Date.parse(time)) / 1000);
  return Number.isNaN(seconds) ? '<unknown>' : humanDuration(seconds);
}

export function humanDuration(seconds: number): string {
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) {
    return seconds % 60 === 0 ? `${minutes}m` : `${minutes}m${seconds % 60}s`;
  }
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) {
    return minutes % 60 === 0 ? `${hours}h` : `${hours}h${minutes % 60}m`;
  }
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (hours < 192) {
    return hours % 24 === 0 ? `${days}d` : `${days}d${hours % 24}h`;
  }
  if (days < 730) return `${days}d`;
  const years = Math.floor(days / 365);
  if (days < 8 * 365) {
    return days % 365 === 0 ? `${years}y` : `${years}y${days % 365}d`;
  }
  return `${years}y`;
}
