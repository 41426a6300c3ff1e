// Prints what the library adds to an app's bundle: minified and gzipped, without React.
//
//   npm run size          (after npm run build:lib)

import { gzipSync } from "node:zlib";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const ENTRIES = {
  "client": 'export { createPulseClient } from "/lib/client/index.js";',
  "client and hooks": 'export * from "/lib/client/index.js"; export * from "/lib/react/index.js";',
  "client, services and hooks": 'export * from "/lib/index.js"; export * from "/lib/react/index.js";',
};

for (const [name, source] of Object.entries(ENTRIES)) {
  const { output } = await build({
    configFile: false,
    logLevel: "error",
    root: fileURLToPath(new URL("..", import.meta.url)),
    plugins: [{
      name: "entry",
      resolveId: (id) => (id === "virtual:entry" ? id : undefined),
      load: (id) => (id === "virtual:entry" ? source : undefined),
    }],
    build: {
      write: false,
      minify: true,
      modulePreload: false,
      rolldownOptions: { input: "virtual:entry", preserveEntrySignatures: "strict", external: ["react", "react-dom"] },
    },
  });
  const size = (chunks) => chunks.reduce((sum, { code }) => sum + gzipSync(code, { level: 9 }).length, 0);
  const first = output.filter(({ type, isEntry }) => type === "chunk" && isEntry);
  const later = output.filter(({ type, isEntry }) => type === "chunk" && !isEntry);
  const kilobytes = (chunks) => `${(size(chunks) / 1000).toFixed(1)} KB`;
  console.log(`${name}: ${kilobytes(first)} gzip, and ${kilobytes(later)} when event streams are needed`);
}
