import { setTimeout as delay } from 'node:timers/promises';
import { ApiProbe, type Answer, type Call } from './ApiProbe';
import type { Case, Seen, Step } from './Case';
import { normalise, normaliseValue, type Recorded } from './normalise';

export type CaseRecord = { [step: string]: Recorded };

function placed<T>(value: T, namespace: string): T {
  return value === undefined
    ? value
    : (JSON.parse(JSON.stringify(value).replaceAll('{ns}', namespace)) as T);
}

/** Plays one case against a server and records what it answered. */
export async function runCase(
  probe: ApiProbe,
  contractCase: Case,
): Promise<CaseRecord> {
  const namespace = `contract-${contractCase.name.replace(/[^a-z0-9]+/gi, '-')}`
    .toLowerCase()
    .slice(0, 50)
    .replace(/-$/, '');
  if (contractCase.namespace !== false) await prepare(probe, namespace);
  const record: CaseRecord = {};
  const seen: Seen = {};
  for (const step of contractCase.steps) {
    const wanted = placed(
      typeof step.call === 'function' ? step.call(seen) : step.call,
      namespace,
    );
    if (record[step.name]) throw new Error(`two steps "${step.name}"`);
    if (step.watch) {
      record[step.name] = await runWatch(probe, step, wanted, seen, namespace);
      continue;
    }
    const answer = await patiently(probe, wanted, [
      ...(step.onceAllowed ? [403] : []),
      ...(step.onceServed ? [404] : []),
    ]);
    seen[step.name] = answer;
    if (step.silent) {
      if (answer.code >= 300) {
        throw new Error(
          `${contractCase.name}: ${step.name}: ${answer.code} ${answer.text}`,
        );
      }
      continue;
    }
    record[step.name] = step.record
      ? { code: answer.code, object: normaliseValue(step.record(answer)) }
      : normalise(answer);
  }
  return record;
}

/** Repeats a call while the answer has one of the codes. */
async function patiently(
  probe: ApiProbe,
  call: Call,
  codes: number[],
): Promise<Answer> {
  const end = Date.now() + 10_000;
  for (;;) {
    const answer = await probe.call(call);
    if (!codes.includes(answer.code) || Date.now() > end) return answer;
    await delay(100);
  }
}

async function prepare(probe: ApiProbe, namespace: string) {
  const calls: Call[] = [
    {
      verb: 'POST',
      path: '/api/v1/namespaces',
      body: { metadata: { name: namespace } },
    },
    {
      verb: 'POST',
      path: `/api/v1/namespaces/${namespace}/serviceaccounts`,
      body: { metadata: { name: 'default' } },
    },
  ];
  for (const call of calls) {
    const answer = await probe.call(call);
    if (answer.code !== 201) throw new Error(answer.text);
  }
}

async function runWatch(
  probe: ApiProbe,
  step: Step,
  call: Call,
  seen: Seen,
  namespace: string,
): Promise<Recorded> {
  const { count, meanwhile } = step.watch ?? { count: 0 };
  const answers: Answer[] = [];
  const events = await probe.watch(call, count, async () => {
    for (const next of meanwhile?.(seen) ?? []) {
      answers.push(await probe.call(placed(next, namespace)));
    }
  });
  const failed = answers.find(a => a.code >= 300);
  if (failed) throw new Error(`${step.name}: ${failed.code} ${failed.text}`);
  return {
    code: 200,
    object: (events as { type: string; object: unknown }[]).map(event => ({
      type: event.type,
      ...normalise({
        code: 200,
        contentType: '',
        warnings: [],
        text: '',
        body: event.object,
      }),
    })),
  };
}
