const mask = '••••••';

const rules: [RegExp, string][] = [
  // Signed URLs of object storage: their query is a credential.
  [
    /([?&](?:X-Amz-(?:Signature|Credential|Security-Token)|Signature|AWSAccessKeyId|sig|sv)=)[^&\s"']+/gi,
    `$1${mask}`,
  ],
  [/(\bBearer\s+)[A-Za-z0-9._~+/=-]{8,}/gi, `$1${mask}`],
  [/\b(https?:\/\/)[^\s/:@"']+:[^\s/@"']+@/gi, `$1${mask}@`],
  [
    /(["']?\b(?:[\w.-]*(?:password|passwd|secret[-_]?(?:access)?[-_]?key|api[-_]?key|access[-_]?token|auth[-_]?token|client[-_]?secret|private[-_]?key))["']?\s*[:=]\s*)(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s,;}"'\\]+)/gi,
    `$1${mask}`,
  ],
  [
    /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
    mask,
  ],
  // JSON Web Tokens, such as those of service accounts.
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g, mask],
];

/**
 * Takes what looks like a credential out of a text that goes to a user: log
 * lines and findings hold what API servers, storage and applications said.
 */
export function maskSecrets(text: string): string {
  return rules.reduce(
    (masked, [pattern, replacement]) => masked.replace(pattern, replacement),
    text,
  );
}
