// First: the testing library looks for a document when it is loaded.
import "./dom.js";
import { cleanup, configure } from "@testing-library/react";
import { afterEach, beforeEach, vi } from "vitest";

configure({ reactStrictMode: true });

// Whatever React complains about (an update outside act or after the end) fails the test.
let complaints: unknown[][] = [];
beforeEach(() => {
  complaints = [];
  vi.spyOn(console, "error").mockImplementation((...words: unknown[]) => {
    complaints.push(words);
  });
});
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
  if (complaints.length > 0) throw new Error(`console.error was called: ${complaints.map(String).join("\n")}`);
});
