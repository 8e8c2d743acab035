import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { User } from '../ApiContext';
import { isObject, stringAt } from '../json';
import { ObjectStorage } from '../storage/ObjectStorage';

export const issuer = 'https://kubernetes.default.svc.cluster.local';

const admin: User = {
  name: 'dev-cluster-admin',
  groups: ['system:masters', 'system:authenticated'],
};
const kubeletClient: User = {
  name: 'kube-apiserver-kubelet-client',
  groups: ['system:masters', 'system:authenticated'],
};

export interface TokenClaims {
  namespace: string;
  name: string;
  uid: string;
  audiences: string[];
  expires: Date;
  pod?: { name: string; uid: string };
}

/** The bearer tokens of one run: the admin's, the one that the API server shows to kubelets, and those of ServiceAccounts. */
export class Tokens {
  readonly admin = randomBytes(32).toString('hex');
  readonly kubelet = randomBytes(32).toString('hex');
  private readonly secret = randomBytes(32);

  constructor(
    private readonly storage: ObjectStorage,
    private readonly clock: () => Date,
  ) {}

  /** Whose token it is; undefined for one that is not valid (any more). */
  authenticate(token: string): User | undefined {
    if (same(token, this.admin)) return admin;
    if (same(token, this.kubelet)) return kubeletClient;
    return this.serviceAccount(token);
  }

  /** Signs a token for a ServiceAccount, as TokenRequest answers. */
  issue(claims: TokenClaims): string {
    const now = Math.floor(this.clock().getTime() / 1000);
    const payload = {
      aud: claims.audiences,
      exp: Math.floor(claims.expires.getTime() / 1000),
      iat: now,
      nbf: now,
      iss: issuer,
      sub: `system:serviceaccount:${claims.namespace}:${claims.name}`,
      'kubernetes.io': {
        namespace: claims.namespace,
        serviceaccount: { name: claims.name, uid: claims.uid },
        ...(claims.pod ? { pod: claims.pod } : {}),
      },
    };
    const unsigned = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(
      payload,
    )}`;
    return `${unsigned}.${this.sign(unsigned)}`;
  }

  private sign(text: string): string {
    return createHmac('sha256', this.secret).update(text).digest('base64url');
  }

  private serviceAccount(token: string): User | undefined {
    const end = token.lastIndexOf('.');
    if (
      end < 0 ||
      !same(token.slice(end + 1), this.sign(token.slice(0, end)))
    ) {
      return undefined;
    }
    const claims: unknown = JSON.parse(
      Buffer.from(token.split('.')[1], 'base64url').toString('utf8'),
    );
    if (
      !isObject(claims) ||
      Number(claims.exp) * 1000 <= this.clock().getTime()
    ) {
      return undefined;
    }
    const namespace = stringAt(claims, 'kubernetes.io', 'namespace');
    const name = stringAt(claims, 'kubernetes.io', 'serviceaccount', 'name');
    const uid = stringAt(claims, 'kubernetes.io', 'serviceaccount', 'uid');
    const account = this.storage.get('serviceaccounts', namespace, name);
    if (!account || account.metadata.uid !== uid) return undefined;
    const pod = stringAt(claims, 'kubernetes.io', 'pod', 'name');
    if (pod && !this.storage.get('pods', namespace, pod)) return undefined;
    return {
      name: `system:serviceaccount:${namespace}:${name}`,
      uid,
      groups: [
        'system:serviceaccounts',
        `system:serviceaccounts:${namespace}`,
        'system:authenticated',
      ],
      ...(pod
        ? { extra: { 'authentication.kubernetes.io/pod-name': [pod] } }
        : {}),
    };
  }
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function same(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
