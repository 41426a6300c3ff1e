// Puts the files of recipes/ into ../docs/RECIPES.md, where a fenced block names one.
//
//   node scripts/recipes.mjs           writes them
//   node scripts/recipes.mjs --check   fails when a block is not its file

import { readFile, readdir, writeFile } from "node:fs/promises";

const PAGE = new URL("../../docs/RECIPES.md", import.meta.url);
const FOLDER = new URL("../recipes/", import.meta.url);
const BLOCK = /^(```tsx? title="web\/recipes\/([\w.-]+)"\n)([\s\S]*?)^```$/gm;

const page = await readFile(PAGE, "utf8");
const files = new Map();
for (const name of await readdir(FOLDER)) files.set(name, await readFile(new URL(name, FOLDER), "utf8"));
const shown = new Set();
const fresh = page.replace(BLOCK, (block, fence, name) => {
  if (!files.has(name)) throw new Error(`docs/RECIPES.md names web/recipes/${name}, which is not there`);
  shown.add(name);
  return `${fence}${files.get(name)}\`\`\``;
});
const missing = [...files.keys()].filter((name) => !shown.has(name));
if (missing.length > 0) throw new Error(`docs/RECIPES.md does not show ${missing.join(", ")}`);

if (!process.argv.includes("--check")) await writeFile(PAGE, fresh);
else if (fresh !== page) {
  console.error("docs/RECIPES.md is stale: run `npm run recipes` in web/");
  process.exit(1);
}
