import { readAwsCredentials } from './awsCredentials';

describe('readAwsCredentials', () => {
  it.each([
    ['plain', '[default]\naws_access_key_id=AK\naws_secret_access_key=SK\n'],
    [
      'with blanks',
      ' [default] \n aws_access_key_id = AK \n aws_secret_access_key = SK ',
    ],
    [
      'from Windows',
      '\uFEFF[default]\r\naws_access_key_id=AK\r\naws_secret_access_key=SK\r\n',
    ],
    [
      'with quotes',
      '[default]\naws_access_key_id="AK"\naws_secret_access_key=\'SK\'\n',
    ],
    [
      'with comments',
      '# mine\n[default]\n; key\naws_access_key_id=AK\nregion=x\naws_secret_access_key=SK',
    ],
    [
      'with upper-case names',
      '[default]\nAWS_ACCESS_KEY_ID=AK\nAWS_SECRET_ACCESS_KEY=SK',
    ],
    [
      'as a config profile',
      '[profile default]\naws_access_key_id=AK\naws_secret_access_key=SK',
    ],
  ])('reads a file %s', (_how, text) => {
    expect(readAwsCredentials(text, 'default')).toEqual({
      accessKeyId: 'AK',
      secretAccessKey: 'SK',
    });
  });

  it('keeps every character of a key', () => {
    const secret = 'a#b;c=d/e+f g';
    expect(
      readAwsCredentials(
        `[default]\naws_access_key_id=AK\naws_secret_access_key=${secret}\naws_session_token=T==\n`,
        'default',
      ),
    ).toEqual({
      accessKeyId: 'AK',
      secretAccessKey: secret,
      sessionToken: 'T==',
    });
  });

  it('chooses among profiles', () => {
    const text =
      '[default]\naws_access_key_id=1\naws_secret_access_key=2\n[team.a]\naws_access_key_id=3\naws_secret_access_key=4\n';
    expect(readAwsCredentials(text, 'team.a')).toEqual({
      accessKeyId: '3',
      secretAccessKey: '4',
    });
    expect(() => readAwsCredentials(text, 'other')).toThrow(
      'it has no profile [other], only [default], [team.a]',
    );
  });

  it('says what is missing', () => {
    expect(() => readAwsCredentials('', 'default')).toThrow(
      'it has no section [default]',
    );
    expect(() =>
      readAwsCredentials('[default]\naws_access_key_id=AK\n', 'default'),
    ).toThrow('has no aws_secret_access_key');
    expect(() =>
      readAwsCredentials(
        '[default]\nrole_arn=arn:aws:iam::1:role/x\n',
        'default',
      ),
    ).toThrow('uses a role');
  });
});
