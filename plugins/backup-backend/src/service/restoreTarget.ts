import type { Problem } from '@lifeboat/backstage-plugin-backup-common';
import { targetNotAllowed } from '../problems/problems';
import type { NamespaceConsent } from '../tenancy/namespaceConsent';
import {
  fitsPattern,
  isReserved,
  namespaceNameProblem,
} from './namespacePatterns';

/** What is known about a namespace that somebody wants to restore into. */
export interface RestoreTargetFacts {
  source: string;
  target: string;
  controlNamespace: string;
  /** Patterns with the source filled in. */
  patterns: string[];
  createNamespaces: boolean;
  /** Whether the namespace exists now. */
  exists: boolean;
  /** What an existing namespace says about the entity. */
  consent: NamespaceConsent | undefined;
}

/** Whether a restore may write into a namespace. */
export interface RestoreTargetDecision {
  namespaceState: 'new' | 'existing' | 'forbidden';
  /** Absent when the restore is allowed. */
  problem?: Problem;
}

/**
 * Decides about a restore's target: a pattern only names namespaces to be
 * created; an existing namespace must consent to the same entity; the source
 * itself (in place) has consented already, and may be created anew when it is
 * gone.
 */
export function decideRestoreTarget(
  facts: RestoreTargetFacts,
): RestoreTargetDecision {
  const forbidden = (problem: Problem): RestoreTargetDecision => ({
    namespaceState: 'forbidden',
    problem,
  });
  const { source, target, patterns, exists, consent } = facts;
  const invalid = namespaceNameProblem(target);
  if (invalid) {
    return forbidden(targetNotAllowed(`${invalid}.`));
  }
  if (target === facts.controlNamespace) {
    return forbidden(
      targetNotAllowed(`"${target}" holds the backups themselves.`),
    );
  }
  const inPlace = target === source;
  if (exists && (inPlace || consent?.allowed)) {
    return { namespaceState: 'existing' };
  }
  // Whether somebody else's namespace exists is told to nobody: only names of our own patterns are looked at further.
  if (!inPlace && !patterns.some(pattern => fitsPattern(target, pattern))) {
    return forbidden(
      targetNotAllowed(
        patterns.length > 0
          ? `"${target}" cannot be restored into: a new namespace must be named ${patterns.join(
              ' or ',
            )} (* stands for anything), and an existing one must consent to this component.`
          : `"${target}" cannot be restored into: restores may not create namespaces here (backup.restore.targets is empty), and an existing one must consent to this component.`,
      ),
    );
  }
  if (exists) {
    return forbidden(
      targetNotAllowed(
        `Namespace "${target}" exists and does not consent to this component. Choose another name, or ask the platform team to run the command.`,
        consent && !consent.allowed ? consent.problem.command : undefined,
      ),
    );
  }
  if (isReserved(target)) {
    return forbidden(
      targetNotAllowed(`"${target}" is a name of the cluster itself.`),
    );
  }
  if (!facts.createNamespaces) {
    return forbidden(
      targetNotAllowed(
        `Namespace "${target}" does not exist, and restores may not create namespaces here (backup.restore.createNamespaces).`,
        `kubectl create namespace ${target}`,
      ),
    );
  }
  return { namespaceState: 'new' };
}
