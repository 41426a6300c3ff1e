// Builds the library into lib/: ES modules and their types, file by file, so that a bundler takes only what is used.

import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { packageFolder } from "./modules.mjs";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
rmSync("lib", { recursive: true, force: true });
const { status } = spawnSync(process.execPath, [join(packageFolder("typescript"), "bin/tsc"), "-p", "tsconfig.lib.json"], {
  stdio: "inherit",
});
process.exit(status ?? 1);
