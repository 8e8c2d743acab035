// npm start: the portal with hot reload, for work on the plugins.
import { backstageCli } from '../process.mjs';

process.exitCode = await backstageCli(['repo', 'start', ...process.argv.slice(2)]);
