// The post hook.
import fs from 'node:fs';

fs.rmSync('/state/freeze', { force: true });
