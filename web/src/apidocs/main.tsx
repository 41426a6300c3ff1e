import { load } from "../pages/load";
import { fetchDocument } from "./openapi";

const parts = Promise.all([import("./ApiDocs"), fetchDocument()]);
load(
  "apidocs",
  "The REST docs",
  parts.then(([{ ApiDocs }, document]) => <ApiDocs document={document} />),
);
