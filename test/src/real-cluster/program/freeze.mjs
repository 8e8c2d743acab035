// The pre hook: asks the application to stand still, and waits until it does.
import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

fs.writeFileSync('/state/freeze', '');
for (let tries = 0; !fs.existsSync('/state/frozen'); tries += 1) {
  if (tries > 500) throw new Error('the application does not stand still');
  await sleep(20);
}
