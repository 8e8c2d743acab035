import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  coreTypes,
  type ClusterClient,
  type KubernetesObject,
  type ResourceTypeRef,
} from '@lifeboat/engine';
import { parseAllDocuments } from 'yaml';
import { root } from '../cluster/childProcess';

const rbac = (resource: string): ResourceTypeRef => ({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  resource,
  namespaced: true,
});

const types: { readonly [kind: string]: ResourceTypeRef } = {
  ServiceAccount: coreTypes.serviceAccounts,
  Role: rbac('roles'),
  RoleBinding: rbac('rolebindings'),
};

/** Makes the account of movers with its rights, word by word as deploy/ has them, where a platform team has not. */
export async function applyMoverAccount(client: ClusterClient): Promise<void> {
  for (const file of ['service-account.yaml', 'role.yaml']) {
    const text = readFileSync(
      path.join(root, 'deploy/engine/mover', file),
      'utf8',
    );
    for (const document of parseAllDocuments(text)) {
      const object = document.toJS() as KubernetesObject | null;
      const type = object && types[object.kind];
      if (type) {
        await client.create<KubernetesObject>(type, object).catch(error => {
          if (error.code !== 409) throw error;
        });
      }
    }
  }
}
