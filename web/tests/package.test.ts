import { execFileSync } from "node:child_process";
import {
  mkdirSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packageFolder } from "../scripts/modules.mjs";

const WEB = fileURLToPath(new URL("..", import.meta.url));
const manifest = JSON.parse(readFileSync(join(WEB, "package.json"), "utf8")) as {
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
};

/** A project that has installed the package: it sees what the package has and declares, and nothing else of ours. */
let project = "";
let packed: string[] = [];

const run = (command: string, ...parameters: string[]): string =>
  execFileSync(command, parameters, { cwd: project, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

function install(name: string): void {
  const at = join(project, "node_modules", name);
  mkdirSync(dirname(at), { recursive: true });
  symlinkSync(realpathSync(packageFolder(name)), at);
}

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), "pulse-package-"));
  execFileSync(process.execPath, ["scripts/build-lib.mjs"], { cwd: WEB, stdio: ["ignore", "ignore", "pipe"] });
  execFileSync("npm", ["pack", "--silent", "--pack-destination", project], { cwd: WEB });
  const archive = readdirSync(project).find((name) => name.endsWith(".tgz")) ?? "";
  packed = run("tar", "-tzf", archive).trim().split("\n");
  const at = join(project, "node_modules", "pulse-web");
  mkdirSync(at, { recursive: true });
  run("tar", "-xzf", archive, "-C", at, "--strip-components=1");
  for (const name of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })) install(name);
  writeFileSync(join(project, "package.json"), JSON.stringify({ type: "module", private: true }));
}, 60_000);
afterAll(() => rmSync(project, { recursive: true, force: true }));

test("the package has the library, its types and its manifest, and no page, test or source", () => {
  expect(packed).toEqual(expect.arrayContaining([
    "package/package.json", "package/lib/index.js", "package/lib/index.d.ts", "package/lib/react/index.js",
    "package/lib/services/index.d.ts",
  ]));
  const fits = /^package\/(package\.json|README\.md|lib\/[\w/-]+\.(js|d\.ts))$/;
  expect(packed.filter((path) => !fits.test(path))).toEqual([]);
});

test("Node imports it without a browser, and it opens nothing by itself", () => {
  writeFileSync(join(project, "use.mjs"), `
    import { createPulseClient, socketService } from "pulse-web";
    import { PulseProvider, useActivities } from "pulse-web/react";
    import { activityService } from "pulse-web/services";
    import { createElement } from "react";
    const client = createPulseClient({ url: "http://localhost:1/graphql", userId: "ada" });
    console.log(JSON.stringify([
      typeof window, client.connection.get().state, socketService.getSocket(), Object.keys(activityService),
      typeof PulseProvider, typeof useActivities, typeof createElement,
    ]));
  `);
  const began = Date.now();
  expect(JSON.parse(run(process.execPath, "use.mjs"))).toEqual([
    "undefined", "offline", null,
    ["getActivities", "getUnreadCount", "createActivity", "markAsRead", "markAllAsRead", "deleteActivity"],
    "function", "function", "function",
  ]);
  // Nothing keeps the process alive.
  expect(Date.now() - began).toBeLessThan(20_000);
});

test("a strict TypeScript project type-checks against it, and is told what is wrong", () => {
  for (const name of ["@types/react", "csstype"]) install(name);
  const source = (end: string): string => `
    import { PulseError, createPulseClient, type Activity } from "pulse-web";
    import { PulseProvider, useActivities, useConnection, useNotifications } from "pulse-web/react";
    import { activityService, socketService } from "pulse-web/services";
    const client = createPulseClient({ url: "https://pulse.example/graphql", getToken: async () => "token" });
    export function App() { return <PulseProvider client={client}><Feed /></PulseProvider>; }
    function Feed() {
      const { activities, createActivity, hasMore, loadMore } = useActivities({ type: "login", unreadOnly: true });
      const { unreadCount } = useNotifications("ada");
      const { state, since } = useConnection();
      const create = () => createActivity({ type: "goal_completed", title: "A goal", data: { any: ["thing"] } })
        .catch((error: unknown) => { if (error instanceof PulseError) console.log(error.code, error.field); });
      return <ul onClick={create}>{activities.map((item: Activity) => <li key={item._id}>{item.title}</li>)}
        <li>{state} {since} {unreadCount}{hasMore && <button onClick={() => void loadMore()}>more</button>}</li></ul>;
    }
    socketService.on("activity:created", (activity) => console.log(activity.title satisfies string));
    export const page: Promise<{ readonly total: number }> = activityService.getActivities("ada", 20, 0);
    ${end}
  `;
  for (const [module, resolution] of [["NodeNext", "NodeNext"], ["ESNext", "bundler"]] as const) {
    writeFileSync(join(project, "tsconfig.json"), JSON.stringify({
      compilerOptions: {
        strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, noEmit: true, jsx: "react-jsx",
        target: "ES2022", lib: ["ES2023", "DOM", "DOM.Iterable"], types: [], module, moduleResolution: resolution,
      },
      files: ["app.tsx"],
    }));
    const compiler = join(packageFolder("typescript"), "bin/tsc");
    const check = (): string => run(process.execPath, compiler, "-p", "tsconfig.json");
    writeFileSync(join(project, "app.tsx"), source(""));
    expect(check()).toBe("");
    const wrong = 'void activityService.createActivity({ type: "LOGIN", title: 1 });';
    writeFileSync(join(project, "app.tsx"), source(wrong));
    expect(check).toThrow();
  }
}, 60_000);
