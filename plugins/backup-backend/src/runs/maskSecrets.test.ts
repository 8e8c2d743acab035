import { maskSecrets } from './maskSecrets';

it.each([
  ['https://s3/b/k?X-Amz-Signature=abc123&x=1', 'abc123'],
  ['https://s3/b/k?X-Amz-Credential=AKIA%2F2026&X-Amz-Signature=ff', 'AKIA'],
  ['Authorization: Bearer abcdefghijkl', 'abcdefghijkl'],
  ['postgres at https://user:hunter2@db.example', 'hunter2'],
  ['POSTGRES_PASSWORD=hunter2 was set', 'hunter2'],
  ['{"password":"hunter 2"}', 'hunter'],
  ['aws_secret_access_key = wJalrXUtnFEMI', 'wJalrXUtnFEMI'],
  ["api-key: 'sk-12345'", 'sk-12345'],
  [
    '-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----',
    'MIIabc',
  ],
  ['-----BEGIN PRIVATE KEY-----\nMIIcut', 'MIIcut'],
  ['token eyJhbGciOiJIUzI1.eyJzdWIiOiIx.c2ln', 'eyJzdWIiOiIx'],
])('hides the secret in %j', (text, secret) => {
  expect(maskSecrets(text)).not.toContain(secret);
});

it.each([
  'ConfigMap "web" could not be read: it is too large',
  'Secret db-password was restored',
  'https://s3.example.com/bucket/backups/orders?list-type=2',
  'resource: secrets namespace=shop name=db',
])('leaves %j as it is', text => {
  expect(maskSecrets(text)).toBe(text);
});
