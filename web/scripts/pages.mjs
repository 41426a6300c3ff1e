// Builds the pages into dist/ when one of their sources is newer than the last build, and installs packages when
// package-lock.json is newer than the installation. The callers (build.rs, scripts/pages) hold web/.build-lock.

import { spawnSync } from "node:child_process";
import { existsSync, lstatSync, readFileSync, readdirSync, utimesSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const WEB = fileURLToPath(new URL("..", import.meta.url));
const ROOT = dirname(join(WEB, "."));
const DIST = join(WEB, "dist");
/** A page that every build writes: its time is the time of the build. */
const WITNESS = join(DIST, "graphiql.html");
const LOCK = join(ROOT, "package-lock.json");
/** npm writes this file at the end of an installation. */
const INSTALLED = join(ROOT, "node_modules/.package-lock.json");

/** When a file, or anything in a folder, was changed last, in ms; -Infinity where there is none. */
function newestIn(path) {
  if (!existsSync(path)) return -Infinity;
  const { mtimeMs } = lstatSync(path);
  return entries(path).reduce((newest, entry) => Math.max(newest, newestIn(entry)), mtimeMs);
}

function entries(path) {
  return lstatSync(path).isDirectory() ? readdirSync(path).map((name) => join(path, name)) : [];
}

/** Gives a folder and everything in it one time, in ms. */
function stamp(path, time) {
  for (const entry of entries(path)) stamp(entry, time);
  utimesSync(path, time / 1000, time / 1000);
}

function npm(cwd, ...parameters) {
  const { status, error } = spawnSync("npm", parameters, { cwd, stdio: "inherit" });
  if (status !== 0) {
    console.error(error?.message ?? `npm ${parameters.join(" ")} failed with exit code ${status}`);
    process.exit(1);
  }
}

/** Whether every workspace is installed as package-lock.json says. */
function isInstalled() {
  if (newestIn(LOCK) > newestIn(INSTALLED)) return false;
  const { packages } = JSON.parse(readFileSync(LOCK, "utf8"));
  return Object.keys(packages).every((path) => !packages[path].link || existsSync(join(ROOT, path)));
}

const pages = readdirSync(WEB).filter((name) => name.endsWith(".html"));
const sources = ["src", "package.json", "tsconfig.json", "vite.config.ts", ...pages].map((name) => join(WEB, name));
const newest = Math.max(...[...sources, LOCK].map(newestIn));
const isStale = newest > newestIn(WITNESS);
if ((isStale || process.argv.includes("--install")) && !isInstalled()) npm(ROOT, "ci");
if (isStale) {
  npm(WEB, "run", "build");
  if (!existsSync(WITNESS)) throw new Error(`the build of the pages did not write ${WITNESS}`);
  // A source that changed during the build stays newer than the pages. Cargo must not see its own build as a change.
  stamp(DIST, Math.ceil(newest) + 1);
}
