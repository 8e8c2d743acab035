import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** One element of ASN.1 DER. */
function der(tag: number, ...contents: Buffer[]): Buffer {
  const body = Buffer.concat(contents);
  let length: number[];
  if (body.length < 0x80) length = [body.length];
  else if (body.length < 0x100) length = [0x81, body.length];
  else length = [0x82, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}

const sequence = (...contents: Buffer[]) => der(0x30, ...contents);
const oid = (hex: string) => der(0x06, Buffer.from(hex, 'hex'));
const octets = (content: Buffer) => der(0x04, content);
const yes = der(0x01, Buffer.from([0xff]));
const bits = (content: Buffer, unused = 0) =>
  der(0x03, Buffer.from([unused]), content);
const time = (date: Date) =>
  der(
    0x18,
    Buffer.from(
      `${date.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`,
      'ascii',
    ),
  );

const names = {
  ecdsaWithSha256: '2a8648ce3d040302',
  commonName: '550403',
  basicConstraints: '551d13',
  keyUsage: '551d0f',
  extendedKeyUsage: '551d25',
  serverAuth: '2b06010505070301',
  subjectAltName: '551d11',
};

const tenYears = 10 * 365 * 24 * 3600 * 1000;

/**
 * A P-256 key and a certificate for 127.0.0.1 and localhost that is its own authority (RFC 5280). kubectl sends a token
 * over TLS only, so even a server on the loopback address needs one.
 */
export function selfSignedCertificate(now: Date): {
  key: string;
  cert: string;
} {
  const { privateKey, publicKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
  });
  const algorithm = sequence(oid(names.ecdsaWithSha256));
  const name = sequence(
    der(
      0x31,
      sequence(
        oid(names.commonName),
        der(0x0c, Buffer.from('lifeboat-dev-cluster')),
      ),
    ),
  );
  const serial = randomBytes(16);
  serial[0] = (serial[0] & 0x7f) | 0x40;
  const extension = (id: string, critical: boolean, value: Buffer) =>
    sequence(oid(id), ...(critical ? [yes] : []), octets(value));
  const extensions = sequence(
    extension(names.basicConstraints, true, sequence(yes)),
    // digitalSignature and keyCertSign
    extension(names.keyUsage, true, bits(Buffer.from([0x84]), 2)),
    extension(names.extendedKeyUsage, false, sequence(oid(names.serverAuth))),
    extension(
      names.subjectAltName,
      false,
      sequence(
        der(0x87, Buffer.from([127, 0, 0, 1])),
        der(0x82, Buffer.from('localhost')),
      ),
    ),
  );
  const unsigned = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    algorithm,
    name,
    sequence(
      time(new Date(now.getTime() - 3_600_000)),
      time(new Date(now.getTime() + tenYears)),
    ),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, extensions),
  );
  const signature = sign('sha256', unsigned, privateKey);
  const certificate = sequence(unsigned, algorithm, bits(signature));
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    cert: `-----BEGIN CERTIFICATE-----\n${lines.join(
      '\n',
    )}\n-----END CERTIFICATE-----\n`,
  };
}
