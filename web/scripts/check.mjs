// Everything that says whether the library is right: types, lint, generated code, the build, and the tests against the
// real server (PULSE_BIN, else ../target/debug/pulse).

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const STEPS = {
  "types": ["npm", "run", "--silent", "typecheck"],
  "lint": ["npm", "run", "--silent", "lint"],
  "generated code": ["npm", "run", "--silent", "codegen", "--", "--check"],
  "recipes in the docs": ["npm", "run", "--silent", "recipes", "--", "--check"],
  "build": ["npm", "run", "--silent", "build:lib"],
  "size": ["npm", "run", "--silent", "size"],
  "tests": ["npm", "run", "--silent", "test"],
};
for (const [name, [command, ...parameters]] of Object.entries(STEPS)) {
  const began = Date.now();
  const { status } = spawnSync(command, parameters, { stdio: "inherit" });
  console.log(`${status === 0 ? "ok" : "FAILED"}: ${name}, ${((Date.now() - began) / 1000).toFixed(1)} s`);
  if (status !== 0) process.exit(status ?? 1);
}
