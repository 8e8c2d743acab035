import { User } from '../ApiContext';
import { KubeObject } from '../KubeObject';
import { forbidden } from '../StatusError';
import { JsonObject, listAt, objectAt, stringAt } from '../json';
import { ObjectStorage } from '../storage/ObjectStorage';
import { objects } from '../strategies/podDefaults';

const api = 'rbac.authorization.k8s.io';
const collections = {
  roles: `roles.${api}`,
  clusterRoles: `clusterroles.${api}`,
  roleBindings: `rolebindings.${api}`,
  clusterRoleBindings: `clusterrolebindings.${api}`,
};

/** One thing that somebody wants to do. */
export type Attributes =
  | {
      verb: string;
      group: string;
      resource: string;
      subresource?: string;
      namespace?: string;
      name?: string;
    }
  | { verb: string; path: string };

export interface Rule {
  verbs: string[];
  apiGroups: string[];
  resources: string[];
  resourceNames: string[];
  nonResourceURLs: string[];
}

function toRule(value: JsonObject): Rule {
  const list = (field: string) => listAt(value, field).map(String);
  return {
    verbs: list('verbs'),
    apiGroups: list('apiGroups'),
    resources: list('resources'),
    resourceNames: list('resourceNames'),
    nonResourceURLs: list('nonResourceURLs'),
  };
}

function rulesOf(role: KubeObject | undefined): Rule[] {
  return role ? objects(role.rules).map(toRule) : [];
}

/** Whether one rule allows something (kubernetes plugin/pkg/auth/authorizer/rbac). */
export function allows(rule: Rule, wanted: Attributes): boolean {
  const has = (list: string[], value: string) =>
    list.includes('*') || list.includes(value);
  if (!has(rule.verbs, wanted.verb)) return false;
  if ('path' in wanted) {
    return rule.nonResourceURLs.some(
      url =>
        url === '*' ||
        url === wanted.path ||
        (url.endsWith('*') && wanted.path.startsWith(url.slice(0, -1))),
    );
  }
  const { resource, subresource } = wanted;
  const full = subresource ? `${resource}/${subresource}` : resource;
  return (
    has(rule.apiGroups, wanted.group) &&
    rule.resources.some(
      r => r === '*' || r === full || (subresource && r === `*/${subresource}`),
    ) &&
    (rule.resourceNames.length === 0 ||
      (wanted.name !== undefined && rule.resourceNames.includes(wanted.name)))
  );
}

/** Role-based access control from the roles and bindings that are stored. */
export class RoleBasedAccess {
  constructor(private readonly storage: ObjectStorage) {}

  isAllowed(user: User, wanted: Attributes): boolean {
    if (user.groups.includes('system:masters')) return true;
    const namespace = 'path' in wanted ? undefined : wanted.namespace;
    return this.rules(user, namespace).some(rule => allows(rule, wanted));
  }

  /** The rules that hold for a user in a namespace, and those that hold everywhere. */
  rules(user: User, namespace: string | undefined): Rule[] {
    const found: Rule[] = [];
    for (const binding of this.storage.list(collections.clusterRoleBindings)) {
      if (appliesTo(binding, user, undefined)) {
        found.push(...this.referenced(binding, undefined));
      }
    }
    if (namespace) {
      for (const binding of this.storage.list(collections.roleBindings)) {
        if (
          binding.metadata.namespace === namespace &&
          appliesTo(binding, user, namespace)
        ) {
          found.push(...this.referenced(binding, namespace));
        }
      }
    }
    return found;
  }

  private referenced(binding: KubeObject, namespace: string | undefined) {
    const { kind, name } = objectAt(binding, 'roleRef');
    return rulesOf(
      kind === 'ClusterRole'
        ? this.clusterRole(String(name))
        : this.storage.get(collections.roles, namespace, String(name)),
    );
  }

  private clusterRole(name: string): KubeObject | undefined {
    return this.storage.get(collections.clusterRoles, undefined, name);
  }

  /**
   * Nobody gives away more than he has: rules of roles, and roles by bindings, unless he may `escalate` or `bind`
   * (pkg/registry/rbac). Throws 403.
   */
  checkEscalation(user: User, object: KubeObject, collection: string) {
    if (user.groups.includes('system:masters')) return;
    const { namespace, name } = object.metadata;
    const isRole =
      collection === collections.roles ||
      collection === collections.clusterRoles;
    const isBinding =
      collection === collections.roleBindings ||
      collection === collections.clusterRoleBindings;
    if (!isRole && !isBinding) return;
    const plural = collection.slice(0, collection.indexOf('.'));
    const may = (verb: string, resource: string, of: string) =>
      this.isAllowed(user, {
        verb,
        group: api,
        resource,
        namespace,
        name: of,
      });
    let wanted: Rule[];
    if (isRole) {
      if (may('escalate', plural, name)) return;
      wanted = rulesOf(object);
    } else {
      const ref = objectAt(object, 'roleRef');
      const roles = ref.kind === 'ClusterRole' ? 'clusterroles' : 'roles';
      if (may('bind', roles, stringAt(ref, 'name'))) return;
      wanted = this.referenced(object, namespace);
    }
    const held = this.rules(user, namespace);
    const missing = wanted.filter(rule => !covers(held, rule));
    if (missing.length > 0) {
      throw forbidden(
        { group: api, plural },
        name,
        `user ${JSON.stringify(user.name)} (groups=${JSON.stringify(
          user.groups,
        )}) is attempting to grant RBAC permissions not currently held:\n${missing
          .map(describe)
          .join('\n')}`,
      );
    }
  }
}

function describe(rule: Rule): string {
  const list = (values: string[]) =>
    `[${values.map(v => JSON.stringify(v)).join(' ')}]`;
  return rule.nonResourceURLs.length > 0
    ? `{NonResourceURLs:${list(rule.nonResourceURLs)}, Verbs:${list(
        rule.verbs,
      )}}`
    : `{APIGroups:${list(rule.apiGroups)}, Resources:${list(
        rule.resources,
      )}, Verbs:${list(rule.verbs)}}`;
}

function appliesTo(
  binding: KubeObject,
  user: User,
  namespace: string | undefined,
): boolean {
  return objects(binding.subjects).some(subject => {
    switch (subject.kind) {
      case 'User':
        return subject.name === user.name;
      case 'Group':
        return user.groups.includes(String(subject.name));
      case 'ServiceAccount':
        return (
          user.name ===
          `system:serviceaccount:${subject.namespace ?? namespace}:${
            subject.name
          }`
        );
      default:
        return false;
    }
  });
}

/** Whether the rules together allow all that one rule allows: every combination is looked at by itself. */
function covers(held: Rule[], rule: Rule): boolean {
  const names =
    rule.resourceNames.length > 0 ? rule.resourceNames : [undefined];
  for (const verb of rule.verbs) {
    for (const path of rule.nonResourceURLs) {
      if (!held.some(h => allows(h, { verb, path }))) return false;
    }
    for (const group of rule.apiGroups) {
      for (const full of rule.resources) {
        for (const name of names) {
          const [resource, subresource] = full.split('/');
          const wanted = { verb, group, resource, subresource, name };
          if (!held.some(h => allows(h, wanted))) return false;
        }
      }
    }
  }
  return true;
}
