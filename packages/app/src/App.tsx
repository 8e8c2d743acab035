import { createApp } from '@backstage/frontend-defaults';

/**
 * The demo's portal. Plugins are found among this package's dependencies
 * (`app.packages: all`); guest sign-in and the light and dark themes are the
 * framework's own.
 */
export default createApp();
