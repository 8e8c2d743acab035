import { Translate } from '../translations/useTranslate';
import { humanName } from './humanName';

/** Why a run ended as it did, in the reader's language where the engine's words are known. */
export function describeReason(
  reason: string | undefined,
  t: Translate,
): string | undefined {
  const [, who] = /^cancell?ed by (.+)$/i.exec(reason ?? '') ?? [];
  return who ? t('state.cancelledBy', { who: humanName(who) }) : reason;
}
