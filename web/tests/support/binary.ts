import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const REPOSITORY = fileURLToPath(new URL("../../..", import.meta.url));

/** The server that is tested. */
export const BINARY = resolve(
  process.env["PULSE_BIN"] ?? join(process.env["CARGO_TARGET_DIR"] ?? join(REPOSITORY, "target"), "debug", "pulse"),
);

/** Says plainly what is missing before any test runs. */
export default function setup(): void {
  if (!existsSync(BINARY)) {
    throw new Error(`${BINARY} is not there: run \`cargo build\`, or give a binary by PULSE_BIN`);
  }
}
