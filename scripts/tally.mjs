// The closing line that every command prints.

/** Prints `N passed, N failed[, N skipped]` alone on a line and sets the exit code. */
export function closeWith({ passed, failed, skipped = 0 }) {
  const tail = skipped > 0 ? `, ${skipped} skipped` : '';
  console.log(`\n${passed} passed, ${failed} failed${tail}`);
  process.exitCode = failed > 0 || passed + skipped === 0 ? 1 : 0;
}

/** Runs named checks one after the other; each resolves or throws an Error whose message is shown. */
export async function runChecks(checks) {
  let passed = 0;
  let failed = 0;
  for (const [name, check] of checks) {
    try {
      await check();
      passed += 1;
      console.log(`ok    ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`FAIL  ${name}\n${error.message}`);
    }
  }
  closeWith({ passed, failed });
}
