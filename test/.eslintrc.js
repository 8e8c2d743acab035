const config = require('../eslint-package')(__dirname);

module.exports = {
  ...config,
  rules: {
    ...config.rules,
    // Never built: the folder of a source file is where it is read.
    'no-restricted-syntax': 'off',
    // A story is a function that several test files call, each with its own cluster.
    'jest/no-export': 'off',
    // Loops of stories await each turn, and what they close over is set once, before the first test.
    'no-loop-func': 'off',
    // A fault may strike before or after the end: each outcome has its own expectations.
    'jest/no-conditional-expect': 'off',
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
