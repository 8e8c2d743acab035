import { parameters } from './parameters';
import { paths } from './paths';
import { schemas } from './schemas';

/**
 * The REST API of plugin `backup`, one OpenAPI 3.0 description for everybody:
 * the backend validates requests against it, the client's types are generated
 * from it. Base path: `/api/backup`.
 *
 * @public
 */
export const openApiDocument = {
  openapi: '3.0.3',
  info: {
    title: 'backup',
    version: '1',
    description:
      'Backups and restores of catalog entities. Every route needs a signed-in user who owns the entity.',
    license: {
      name: 'Apache-2.0',
      url: 'https://www.apache.org/licenses/LICENSE-2.0.html',
    },
  },
  servers: [{ url: '/' }],
  paths,
  components: {
    schemas,
    parameters,
    responses: {
      Error: {
        description: 'An error, with the problem where a person can solve it',
        content: {
          'application/json': {
            schema: { $ref: '#/components/schemas/Error' },
          },
        },
      },
      NotModified: { description: 'Nothing has changed since that ETag' },
    },
    securitySchemes: {
      jwt: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
    },
  },
  security: [{ jwt: [] }],
} as const;
