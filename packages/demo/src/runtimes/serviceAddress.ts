import { readFileSync } from 'node:fs';

interface Services {
  [name: string]: { host: string; ports: Record<string, number> };
}

/**
 * Where a Service of the own namespace listens. On a real cluster DNS knows its name; the embedded cluster writes a
 * file instead, which changes as Services come and go.
 */
export function serviceAddress(
  name: string,
  port: number,
  servicesFile: string | undefined,
): { host: string; port: number } {
  if (!servicesFile) return { host: name, port };
  try {
    const services = JSON.parse(readFileSync(servicesFile, 'utf8')) as Services;
    const real = services[name]?.ports[String(port)];
    if (real) return { host: services[name].host, port: real };
  } catch {
    // Not written yet: the caller reports that the Service cannot be reached.
  }
  return { host: name, port };
}
