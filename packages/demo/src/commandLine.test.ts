import { parseCommandLine } from './commandLine';

describe('parseCommandLine', () => {
  it('has defaults', () => {
    expect(parseCommandLine([])).toEqual({ port: 7007, once: false });
  });

  it('reads everything', () => {
    expect(
      parseCommandLine([
        '--port',
        '7008',
        '--once',
        '--kubeconfig',
        '/k',
        '--storage',
        's3://bucket/a/b/?endpoint=https://s3.example.com&region=eu-1',
      ]),
    ).toEqual({
      port: 7008,
      once: true,
      kubeconfig: '/k',
      storage: {
        bucket: 'bucket',
        prefix: 'a/b',
        endpoint: 'https://s3.example.com',
        region: 'eu-1',
      },
    });
  });

  it.each([
    [['--port', 'x'], 'is not a port'],
    [['--port', '70000'], 'is not a port'],
    [['--storage', 'bucket'], 'is not a URL'],
    [['--storage', 'https://bucket'], 'must begin with s3://'],
    [['--nonsense'], "Unknown option '--nonsense'"],
  ])('refuses %j', (args, message) => {
    expect(() => parseCommandLine(args)).toThrow(message);
  });
});
