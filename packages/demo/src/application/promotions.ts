import { Manifest } from './Manifest';

/** An integer that JavaScript's numbers cannot hold: it must come back exactly. */
export const LARGEST_BUDGET = BigInt('9007199254740993');

/** The custom resource type of the sample application. */
export const promotionDefinition: Manifest = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'promotions.shop.lifeboat.dev' },
  spec: {
    group: 'shop.lifeboat.dev',
    scope: 'Namespaced',
    names: {
      kind: 'Promotion',
      listKind: 'PromotionList',
      plural: 'promotions',
      singular: 'promotion',
      shortNames: ['promo'],
    },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        additionalPrinterColumns: [
          { name: 'Code', type: 'string', jsonPath: '.spec.code' },
          { name: 'Percent', type: 'integer', jsonPath: '.spec.percent' },
        ],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                required: ['code', 'percent'],
                properties: {
                  code: { type: 'string', maxLength: 40 },
                  percent: { type: 'integer', minimum: 1, maximum: 100 },
                  budgetMicros: { type: 'integer', format: 'int64' },
                  rules: {
                    type: 'object',
                    'x-kubernetes-preserve-unknown-fields': true,
                  },
                },
              },
            },
          },
        },
      },
    ],
  },
};

/** A promotion with fields that its schema does not know. */
export function promotion(
  namespace: string,
  labels: Record<string, string>,
): Manifest {
  return {
    apiVersion: 'shop.lifeboat.dev/v1',
    kind: 'Promotion',
    metadata: { name: 'spring-sale', namespace, labels },
    spec: {
      code: 'SPRING',
      percent: 15,
      budgetMicros: LARGEST_BUDGET,
      rules: {
        minimumBasket: '25.00',
        countries: ['DE', 'CZ', 'AT'],
        experiment: { bucket: 7, holdout: 0.05, enabled: true },
      },
    },
  };
}
