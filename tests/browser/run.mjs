// Opens the pages of a Pulse server in Chromium and uses them as people do.
//
//   node run.mjs [BINARY] [--screenshots DIR] [--only NAME]...
//
// Exit code: 0 all passed, 1 not, 2 wrong usage.

import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DEFAULT_BINARY } from '../conformance/server.mjs';
import { findChromium } from './chromium.mjs';

const SCENARIOS = fileURLToPath(new URL('scenarios', import.meta.url));
const NAMES = readdirSync(SCENARIOS).filter((name) => name.endsWith('.mjs')).map((name) => path.basename(name, '.mjs'));

function readArguments() {
  const options = { screenshots: { type: 'string' }, only: { type: 'string', multiple: true } };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  if (positionals.length > 1) throw new Error('give one binary');
  const unknown = values.only?.find((name) => !NAMES.includes(name));
  if (unknown !== undefined) throw new Error(`there is no scenario '${unknown}'`);
  return { binary: positionals[0] ?? DEFAULT_BINARY, names: values.only ?? NAMES, screenshots: values.screenshots };
}

let options;
try {
  options = readArguments();
} catch (error) {
  console.error(`${error.message}\nusage: node run.mjs [BINARY] [--screenshots DIR] [--only ${NAMES.join('|')}]...`);
  process.exit(2);
}

const browser = findChromium();
const missing = [
  [existsSync(options.binary), `there is no ${options.binary}: build it with cargo build, or name another one`],
  [browser, 'there is no Chromium: scripts/chromium install, or name one with CHROMIUM=/path/to/it'],
].filter(([there]) => !there);
for (const [, line] of missing) console.error(line);
if (missing.length > 0) process.exit(1);

// Node takes the reporter on its command line only.
const suite = spawn(
  process.execPath,
  ['--test-reporter=spec', fileURLToPath(new URL('suite.mjs', import.meta.url))],
  {
    stdio: 'inherit',
    env: {
      ...process.env,
      CHROMIUM: browser,
      PULSE_BINARY: path.resolve(options.binary),
      PULSE_SCENARIOS: [...options.names].sort().join(),
      ...(options.screenshots === undefined ? {} : { PULSE_SCREENSHOTS: path.resolve(options.screenshots) }),
    },
  },
);
for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM']) process.on(signal, () => suite.kill(signal));
suite.on('exit', (code) => {
  process.exitCode = code ?? 1;
});
