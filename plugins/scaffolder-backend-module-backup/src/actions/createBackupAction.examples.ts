import yaml from 'yaml';

export const examples = [
  {
    description: 'Back up a component before it is changed',
    example: yaml.stringify({
      steps: [
        {
          id: 'backup',
          name: 'Back up orders',
          action: 'backup:create',
          input: {
            entityRef: 'component:default/orders',
            note: 'Before the upgrade to 1.8',
          },
        },
      ],
    }),
  },
  {
    description:
      'Keep the recovery point for 90 days, and accept one that is not complete',
    example: yaml.stringify({
      steps: [
        {
          id: 'backup',
          name: 'Back up the chosen component',
          action: 'backup:create',
          input: {
            entityRef: '${{ parameters.component }}',
            ttl: '2160h',
            allowIncomplete: true,
          },
        },
      ],
    }),
  },
  {
    description: 'Start a backup on one of several clusters without waiting',
    example: yaml.stringify({
      steps: [
        {
          id: 'backup',
          name: 'Start a backup',
          action: 'backup:create',
          input: {
            entityRef: 'component:default/orders',
            cluster: 'production',
            wait: false,
          },
        },
      ],
    }),
  },
];
