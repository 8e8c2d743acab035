import yaml from 'yaml';

export const examples = [
  {
    description: 'Restore the newest recovery point as a copy',
    example: yaml.stringify({
      steps: [
        {
          id: 'restore',
          name: 'Restore a copy of orders',
          action: 'backup:restore',
          input: { entityRef: 'component:default/orders' },
        },
      ],
    }),
  },
  {
    description: 'Restore a recovery point made by an earlier step',
    example: yaml.stringify({
      steps: [
        {
          id: 'restore',
          name: 'Restore into a test namespace',
          action: 'backup:restore',
          input: {
            entityRef: 'component:default/orders',
            backup: '${{ steps.backup.output.name }}',
            targetNamespace: 'shop-test',
          },
        },
      ],
    }),
  },
  {
    description: 'Put back what is missing or was changed, in place',
    example: yaml.stringify({
      steps: [
        {
          id: 'restore',
          name: 'Restore in place',
          action: 'backup:restore',
          input: {
            entityRef: 'component:default/orders',
            backup: 'orders-20261123-0842-x7k2p',
            inPlace: true,
            existingResourcePolicy: 'update',
          },
        },
      ],
    }),
  },
];
