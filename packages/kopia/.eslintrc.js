const config = require('../../eslint-package')(__dirname);

module.exports = {
  ...config,
  // AssemblyScript: the syntax of TypeScript, another language.
  ignorePatterns: [...(config.ignorePatterns ?? []), 'assembly/**'],
  overrides: [
    ...(config.overrides ?? []),
    {
      files: ['src/**/*.test.ts'],
      rules: {
        // Tests that need fixtures or the real program run only where these are at hand.
        'jest/no-standalone-expect': [
          'error',
          {
            additionalTestBlockFunctions: [
              'beforeAll',
              'afterAll',
              'withFixtures',
              'afterEach',
            ],
          },
        ],
        // Property and kill tests check what a random history led to.
        'jest/no-conditional-expect': 'off',
      },
    },
    { files: ['src/testing/**'], rules: { 'jest/no-export': 'off' } },
  ],
};
