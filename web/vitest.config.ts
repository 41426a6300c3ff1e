import { defineConfig } from "vitest/config";

// The tests drive the real server binary: PULSE_BIN, else the debug build of this repository.
export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts", "tests/**/*.test.tsx"],
    globalSetup: ["tests/support/binary.ts"],
    setupFiles: ["tests/support/setup.ts"],
    // They wait for a server most of the time.
    maxWorkers: 4,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
