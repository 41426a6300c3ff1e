// What every peer does at its start and end.
import { createSecretKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);

/** Where to listen. */
export const settings = { port: Number(process.env.PORT), host: '127.0.0.1' };

/**
 * The secret that tokens are signed with. jsonwebtoken tries to read a text as a public key for each token first, which
 * takes longer than all the rest; it is spared that by a key object.
 */
export const secret = createSecretKey(Buffer.from(process.env.JWT_SECRET ?? 'unset'));

/** Answers `--versions` with the versions of the packages that the peer is made of, and ends. */
export function versions(...names) {
  if (!process.argv.includes('--versions')) return;
  console.log([`Node ${process.versions.node}`, ...names.map((name) => `${name} ${version(name)}`)].join(', '));
  process.exit(0);
}

/** Packages do not always export their package.json: it is the first above their entry that has their name. */
function version(name) {
  let folder = dirname(require.resolve(name));
  for (;;) {
    try {
      const read = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      if (read.name === name) return read.version;
    } catch {
      // There is none here.
    }
    folder = dirname(folder);
  }
}

/** The token of an `Authorization` header or of what stands for one. */
export const bearer = (text) => text?.replace(/^Bearer /, '') ?? '';

/** Ends at SIGTERM, like the others. */
process.on('SIGTERM', () => process.exit(0));
