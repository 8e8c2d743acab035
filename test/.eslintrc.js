const config = require('../eslint-package')(__dirname);

module.exports = {
  ...config,
  rules: {
    ...config.rules,
    // Never built: the folder of a source file is where it is read.
    'no-restricted-syntax': 'off',
    // A story is a function that several test files call, each with its own cluster.
    'jest/no-export': 'off',
    'jest/expect-expect': [
      'error',
      { assertFunctionNames: ['expect', 'eventually'] },
    ],
    'jest/no-standalone-expect': [
      'error',
      { additionalTestBlockFunctions: ['beforeAll', 'afterAll', 'afterEach'] },
    ],
  },
};
