import { jsonLog, withoutSecrets } from './log';

describe('log', () => {
  it('never says a secret, also one that becomes known later', () => {
    const lines: string[] = [];
    const secrets: string[] = [];
    const log = jsonLog(line => lines.push(line), secrets);
    secrets.push('hush');
    log('error', 'The password is hush', { detail: { key: 'hush-hush' } });
    expect(lines[0]).not.toContain('hush');
    expect(JSON.parse(lines[0])).toMatchObject({
      level: 'error',
      message: 'The password is ***',
      detail: { key: '***-***' },
    });
  });

  it('hides a secret that holds another one as a whole', () => {
    expect(withoutSecrets('abcdef', ['cd', 'abcdef', ''])).toBe('***');
  });
});
