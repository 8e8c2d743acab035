/**
 * Static keys of one profile.
 *
 * @public
 */
export interface AwsCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

/**
 * Reads one profile from a credentials file of the AWS tools, as Velero's
 * Secrets hold it. Values are taken as they are to the end of the line, except
 * for blanks around them and quotes that people put there: keys may hold `#`,
 * `;` and `=`, at which general INI parsers cut.
 *
 * @param profile - section name; `[profile x]` is accepted for `x`
 * @throws Error that says what is missing; it never holds a value
 *
 * @public
 */
export function readAwsCredentials(
  text: string,
  profile: string,
): AwsCredentials {
  const sections = parseSections(text);
  const values = sections.get(profile) ?? sections.get(`profile ${profile}`);
  if (!values) {
    const names = [...sections.keys()].filter(name => name !== '');
    throw new Error(
      names.length > 0
        ? `it has no profile [${profile}], only ${names
            .map(name => `[${name}]`)
            .join(', ')}; correct config.profile`
        : `it has no section [${profile}]; its form is "[${profile}]", then "aws_access_key_id=…" and "aws_secret_access_key=…" on lines of their own`,
    );
  }
  const accessKeyId = values.get('aws_access_key_id');
  const secretAccessKey = values.get('aws_secret_access_key');
  if (!accessKeyId || !secretAccessKey) {
    if (values.has('role_arn') || values.has('web_identity_token_file')) {
      throw new Error(
        `profile [${profile}] uses a role (role_arn, web_identity_token_file); the engine needs static keys`,
      );
    }
    throw new Error(
      `profile [${profile}] has no ${
        accessKeyId ? 'aws_secret_access_key' : 'aws_access_key_id'
      }`,
    );
  }
  const sessionToken = values.get('aws_session_token');
  return {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken ? { sessionToken } : {}),
  };
}

function parseSections(text: string): Map<string, Map<string, string>> {
  const sections = new Map<string, Map<string, string>>();
  let current: Map<string, string> | undefined;
  for (const raw of text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/)) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;
    const section = /^\[\s*([^\]]+?)\s*\]/.exec(line);
    if (section) {
      current = sections.get(section[1]) ?? new Map<string, string>();
      sections.set(section[1], current);
      continue;
    }
    const equals = line.indexOf('=');
    if (equals < 0) continue;
    const name = line.slice(0, equals).trim().toLowerCase();
    const value = line
      .slice(equals + 1)
      .trim()
      .replace(/^(["'])(.*)\1$/, '$2');
    current?.set(name, value);
  }
  return sections;
}
