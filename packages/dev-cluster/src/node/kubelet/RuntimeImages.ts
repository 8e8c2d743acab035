import { readFileSync } from 'node:fs';

/** How the containers of an image run as processes of this machine. */
export interface Runtime {
  /** Program and first arguments; `{node}` stands for the running Node.js. */
  command: string[];
  env?: Record<string, string>;
  /** `unprivileged`: never as root, even when the node runs as root. */
  user?: 'unprivileged';
}

/** The images that have a local runtime. */
export class RuntimeImages {
  constructor(private readonly images: Record<string, Runtime>) {}

  /** @throws when the file is not JSON of the documented shape. */
  static fromFile(file: string | undefined): RuntimeImages {
    if (!file) return new RuntimeImages({});
    const content = JSON.parse(readFileSync(file, 'utf8')) as {
      images?: Record<string, Runtime>;
    };
    const images = content.images ?? {};
    for (const [image, runtime] of Object.entries(images)) {
      if (!Array.isArray(runtime.command) || runtime.command.length === 0) {
        throw new Error(`${file}: image ${image} needs a "command" list`);
      }
    }
    return new RuntimeImages(images);
  }

  /** The runtime of an image, whatever its tag or digest. */
  find(image: string | undefined): Runtime | undefined {
    if (!image) return undefined;
    return this.images[image] ?? this.images[withoutTag(image)];
  }
}

function withoutTag(image: string): string {
  const [name] = image.split('@');
  const slash = name.lastIndexOf('/');
  const colon = name.lastIndexOf(':');
  return colon > slash ? name.slice(0, colon) : name;
}
