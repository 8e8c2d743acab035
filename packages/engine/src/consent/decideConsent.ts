import { lifeboatAnnotations, type BackupScope } from '@lifeboat/velero-api';
import type { ConfigConsent } from '../config/EngineConfig';
import {
  bothSelectors,
  parseRequirements,
  selectorProblem,
} from './labelSelector';
import {
  normalizeEntityRef,
  readConfigConsent,
  readConsent,
  type Consent,
  type ConsentEntry,
} from './readConsent';

/** A Namespace, as far as consent is concerned. @public */
export interface ConsentingNamespace {
  metadata: {
    name?: string;
    uid?: string;
    annotations?: Record<string, string>;
  };
}

/** @public */
export interface ConsentQuestion {
  cluster: string;
  /** The Namespace as read from the cluster. */
  namespace: ConsentingNamespace;
  /** Refs that stand for the entity, most specific first: itself, its system, its owning groups. */
  entityRefs: string[];
  /** The platform team's consent (`backup.consent`). */
  configConsent: readonly ConfigConsent[];
  /** The label selector that the entity claims in the catalog; undefined when it has none. */
  annotationSelector?: string;
}

/** @public */
export type ConsentDecision =
  | {
      allowed: true;
      source: 'namespace' | 'config';
      /** Refs that were agreed to and stand for the entity. */
      entities: string[];
      /** The selector that the consent itself gives the entity; undefined: none. */
      consentSelector?: string;
      /** Label selector of what may be touched; undefined: the whole namespace. */
      effectiveSelector?: string;
      reason: string;
    }
  | {
      allowed: false;
      code: ConsentRefusal;
      reason: string;
      /** What the platform team runs to agree. */
      command: string;
    };

/** @public */
export type ConsentRefusal =
  | 'consent-missing'
  | 'consent-invalid'
  | 'selector-missing'
  | 'selector-invalid'
  | 'namespace-missing'
  | 'namespace-replaced';

/**
 * Whether a namespace agrees that an entity is backed up from it, and which
 * objects belong to the entity: consent AND the entity's own selector. Denied
 * by default. The whole namespace only when consent names exactly one entity,
 * and neither it nor the entity has a selector.
 * @public
 */
export function decideConsent(question: ConsentQuestion): ConsentDecision {
  const { cluster, namespace, configConsent } = question;
  const name = namespace.metadata.name ?? '';
  const byNamespace = decideOne(readConsent(namespace), 'namespace', question);
  if (byNamespace.allowed) return byNamespace;
  const configured = readConfigConsent(configConsent, {
    cluster,
    namespace: name,
  });
  if (configured.entries.length === 0 && !configured.problem) {
    return byNamespace;
  }
  const byConfig = decideOne(configured, 'config', question);
  return byConfig.allowed || byNamespace.code === 'consent-missing'
    ? byConfig
    : byNamespace;
}

/** @public */
export interface RecordedConsentQuestion {
  cluster: string;
  /** The scope that was recorded when the Schedule, Backup or Restore was made. */
  scope: BackupScope;
  /** The Namespace as it is now; undefined when it does not exist. */
  namespace: ConsentingNamespace | undefined;
  configConsent: readonly ConfigConsent[];
}

/**
 * Whether consent that was recorded in a scope still holds: when a schedule
 * fires, a queued run starts, a download begins. The namespace must be the same
 * one (UID), one of the recorded refs must still be agreed to, and the recorded
 * selector must lie within what is agreed to now.
 * @public
 */
export function decideRecordedConsent(
  question: RecordedConsentQuestion,
): ConsentDecision {
  const { scope, namespace, cluster, configConsent } = question;
  const command = consentCommand(scope.namespace, [], {
    entity: scope.entityRef,
    ...(scope.selector ? { selector: scope.selector } : {}),
  });
  if (!namespace) {
    return {
      allowed: false,
      code: 'namespace-missing',
      reason: `Namespace ${scope.namespace} does not exist any more`,
      command: `kubectl create namespace ${scope.namespace}`,
    };
  }
  if (namespace.metadata.uid !== scope.namespaceUid) {
    return {
      allowed: false,
      code: 'namespace-replaced',
      reason: `Namespace ${scope.namespace} was deleted and made anew since ${scope.entityRef} was allowed to use it`,
      command,
    };
  }
  const decision = decideConsent({
    cluster,
    namespace,
    configConsent,
    entityRefs: [scope.entityRef, ...scope.consent.entities],
    ...(scope.selector ? { annotationSelector: scope.selector } : {}),
  });
  if (!decision.allowed) return decision;
  const agreed = decision.effectiveSelector
    ? parseRequirements(decision.effectiveSelector)
    : [];
  const recorded = new Set(
    scope.selector ? parseRequirements(scope.selector) : [],
  );
  const missing = agreed.filter(requirement => !recorded.has(requirement));
  if (missing.length > 0) {
    return {
      allowed: false,
      code: 'selector-invalid',
      reason: `Namespace ${
        scope.namespace
      } now agrees only to objects with ${missing.join(
        ',',
      )}; this was made for more than that`,
      command,
    };
  }
  return decision;
}

function decideOne(
  consent: Consent,
  source: 'namespace' | 'config',
  question: ConsentQuestion,
): ConsentDecision {
  const { namespace, annotationSelector } = question;
  const name = namespace.metadata.name ?? '';
  const refs = question.entityRefs
    .map(normalizeEntityRef)
    .filter((ref): ref is string => ref !== undefined);
  const wanted: ConsentEntry = {
    entity: refs[0] ?? question.entityRefs[0] ?? '',
    ...(annotationSelector ? { selector: annotationSelector } : {}),
  };
  const command = consentCommand(name, consent.entries, wanted);
  if (consent.problem) {
    return {
      allowed: false,
      code: 'consent-invalid',
      reason: consent.problem,
      command,
    };
  }
  const entry = refs
    .map(ref => consent.entries.find(known => known.entity === ref))
    .find(found => found !== undefined);
  if (!entry) {
    return {
      allowed: false,
      code: 'consent-missing',
      reason: `Namespace ${name} has not agreed that ${wanted.entity} is backed up from it`,
      command,
    };
  }
  if (annotationSelector !== undefined) {
    const problem = selectorProblem(annotationSelector);
    if (problem) {
      return {
        allowed: false,
        code: 'selector-invalid',
        reason: `The label selector of ${wanted.entity} in the catalog cannot be used: ${problem}`,
        command,
      };
    }
  }
  if (entry.selector === undefined && consent.entries.length > 1) {
    return {
      allowed: false,
      code: 'selector-missing',
      reason: `Namespace ${name} is shared by ${consent.entries.length} entities, so its consent must say by a label selector which objects belong to ${entry.entity}`,
      command,
    };
  }
  const effectiveSelector = bothSelectors(entry.selector, annotationSelector);
  return {
    allowed: true,
    source,
    entities: consent.entries
      .filter(known => refs.includes(known.entity))
      .map(known => known.entity),
    ...(entry.selector ? { consentSelector: entry.selector } : {}),
    ...(effectiveSelector ? { effectiveSelector } : {}),
    reason:
      source === 'namespace'
        ? `Namespace ${name} agreed to ${entry.entity}`
        : `The configuration agreed to ${entry.entity} for namespace ${name}`,
  };
}

/** The command that adds an entity to what a namespace agrees to already. */
function consentCommand(
  namespace: string,
  present: ConsentEntry[],
  wanted: ConsentEntry,
): string {
  const others = present.filter(entry => entry.entity !== wanted.entity);
  const shared = others.length > 0;
  const entries = [...others, wanted].map(entry =>
    entry.selector || shared
      ? {
          entity: entry.entity,
          selector: entry.selector ?? 'LABEL=VALUE',
        }
      : entry.entity,
  );
  return `kubectl annotate namespace ${namespace} --overwrite ${
    lifeboatAnnotations.consent
  }=${quote(JSON.stringify(entries))}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
