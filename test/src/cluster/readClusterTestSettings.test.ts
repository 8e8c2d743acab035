import { readSettings, readStorage } from './readClusterTestSettings';

describe('settings of test:cluster', () => {
  it('reads a bucket, its prefix and its endpoint', () => {
    expect(
      readStorage(
        's3://bucket/a/b/?endpoint=http://10.88.0.1:9000/&region=noobaa&ca=/ca.crt',
      ),
    ).toEqual({
      bucket: 'bucket',
      prefix: 'a/b',
      endpoint: 'http://10.88.0.1:9000',
      region: 'noobaa',
      caFile: '/ca.crt',
    });
    expect(readStorage('s3://bucket')).toEqual({
      bucket: 'bucket',
      region: 'us-east-1',
    });
  });

  it.each([
    ['https://bucket', 'not "https://bucket"'],
    ['s3://bucket?endpint=x', 'does not know endpint'],
  ])('refuses %s', (text, message) => {
    expect(() => readStorage(text)).toThrow(message);
  });

  it('names what is missing', () => {
    expect(() => readSettings({})).toThrow('npm run test:cluster');
    const some = {
      LIFEBOAT_CLUSTER_TEST: JSON.stringify({
        kubeconfig: '/f',
        'storage-class': 'sc',
        'mover-image': 'mover:1',
        storage: 's3://bucket',
      }),
    };
    expect(() => readSettings(some)).toThrow('AWS_ACCESS_KEY_ID is not set');
    expect(
      readSettings({
        ...some,
        AWS_ACCESS_KEY_ID: 'a',
        AWS_SECRET_ACCESS_KEY: 'b',
      }),
    ).toMatchObject({
      controlNamespace: 'openshift-adp',
      keep: false,
      storage: { bucket: 'bucket', accessKey: 'a', secretKey: 'b' },
    });
  });
});
