import { Window } from "happy-dom";

// A page for React to render into. Only that: fetch, timers and WebSockets stay those of Node.js, because what is
// tested is the traffic with a real server.
const page = new Window({ url: "http://localhost/" });
for (const name of [
  "window", "document", "Node", "Element", "HTMLElement", "HTMLIFrameElement", "SVGElement", "MutationObserver",
  "getComputedStyle",
] as const) {
  const value: unknown = name === "window" ? page : page[name];
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}
Object.defineProperty(globalThis, "navigator", { value: page.navigator, configurable: true });
