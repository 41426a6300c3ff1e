export * from "./client/index.js";
export * from "./services/index.js";
