// Who may import whom. One table for the whole repository; every package's .eslintrc.js calls this with its folder.
const path = require('path');
const factory = require('@backstage/cli/config/eslint-factory');

const own = [
  '@lifeboat/velero-api',
  '@lifeboat/engine',
  '@lifeboat/kopia',
  '@lifeboat/data-mover',
  '@lifeboat/dev-cluster',
  '@lifeboat/demo',
  '@lifeboat/backstage-plugin-backup',
  '@lifeboat/backstage-plugin-backup-backend',
  '@lifeboat/backstage-plugin-backup-common',
  '@lifeboat/backstage-plugin-scaffolder-backend-module-backup',
];

const mayImport = {
  'packages/velero-api': [],
  'packages/engine': [
    '@lifeboat/velero-api',
    '@lifeboat/kopia',
    '@lifeboat/data-mover',
  ],
  'packages/kopia': [],
  'packages/data-mover': ['@lifeboat/velero-api', '@lifeboat/kopia'],
  'packages/dev-cluster': [],
  'packages/demo': [
    '@lifeboat/velero-api',
    '@lifeboat/backstage-plugin-backup-common',
  ],
  'packages/app': ['@lifeboat/backstage-plugin-backup'],
  'packages/backend': [
    '@lifeboat/backstage-plugin-backup-backend',
    '@lifeboat/backstage-plugin-backup-common',
    '@lifeboat/backstage-plugin-scaffolder-backend-module-backup',
  ],
  'plugins/backup': ['@lifeboat/backstage-plugin-backup-common'],
  'plugins/backup-backend': [
    '@lifeboat/velero-api',
    '@lifeboat/engine',
    '@lifeboat/backstage-plugin-backup-common',
  ],
  'plugins/backup-common': [],
  'plugins/scaffolder-backend-module-backup': [
    '@lifeboat/backstage-plugin-backup-common',
  ],
  test: own.filter(name => name !== '@lifeboat/dev-cluster'),
};

const withoutBackstage = [
  'packages/velero-api',
  'packages/engine',
  'packages/kopia',
  'packages/data-mover',
  'packages/dev-cluster',
];

module.exports = directory => {
  const folder = path.relative(__dirname, directory).split(path.sep).join('/');
  const allowed = mayImport[folder];
  if (!allowed) {
    throw new Error(
      `eslint-package.js has no import rule for ${folder}: add one`,
    );
  }
  const forbidden = own.filter(name => !allowed.includes(name));
  const restrictedImportPatterns = [
    ...forbidden.flatMap(name => [name, `${name}/*`]),
    ...(withoutBackstage.includes(folder) ? ['@backstage/*'] : []),
    '**/packages/*/src/**',
    '**/plugins/*/src/**',
  ];
  return factory(directory, {
    restrictedImportPatterns,
    ignorePatterns: ['assets/**', 'packed-app/**'],
  });
};
