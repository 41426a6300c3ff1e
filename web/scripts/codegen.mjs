// Makes src/generated/operations.ts of ../schema.graphql and src/client/operations.graphql.
//
//   node scripts/codegen.mjs           writes it
//   node scripts/codegen.mjs --check   fails when it is not what would be written
//
// The plugins are called without the command line of graphql-codegen, which would bring several hundred packages.
// One helper of theirs is held back by `overrides` in package.json: its version 2 wants Node.js 22.

import { codegen } from "@graphql-codegen/core";
import * as typedDocumentNode from "@graphql-codegen/typed-document-node";
import * as typescript from "@graphql-codegen/typescript";
import * as typescriptOperations from "@graphql-codegen/typescript-operations";
import { buildSchema, parse } from "graphql";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const OUTPUT = new URL("../src/generated/operations.ts", import.meta.url);
const read = (path) => readFile(new URL(path, import.meta.url), "utf8");

const schema = buildSchema(await read("../../schema.graphql"));
const operations = parse(await read("../src/client/operations.graphql"));
const config = {
  scalars: { ID: "string", Date: "string", DateTime: "string", JSON: "unknown" },
  strictScalars: true,
  enumsAsTypes: true,
  useTypeImports: true,
  skipTypename: true,
  immutableTypes: true,
  inputMaybeValue: "T | null | undefined",
  // Documents as strings: what is sent, without a parser or a printer in the bundle.
  documentMode: "string",
  pureMagicComment: true,
  dedupeFragments: true,
};
const generated = await codegen({
  filename: fileURLToPath(OUTPUT),
  schema: undefined,
  schemaAst: schema,
  documents: [{ location: "operations.graphql", document: operations }],
  plugins: [{ operations: {} }, { documents: {} }],
  pluginMap: { typescript, operations: typescriptOperations, documents: typedDocumentNode },
  config,
});
const content = [
  "// Made by `npm run codegen` of schema.graphql and src/client/operations.graphql. Do not edit.",
  "",
  generated.trim(),
  "",
].join("\n");

if (process.argv.includes("--check")) {
  const current = await readFile(OUTPUT, "utf8").catch(() => "");
  if (current !== content) {
    console.error("src/generated/operations.ts is stale: run `npm run codegen` in web/");
    process.exit(1);
  }
  console.log("src/generated/operations.ts is fresh");
} else {
  await writeFile(OUTPUT, content);
}
