import type { DocumentTypeDecoration } from "@graphql-typed-document-node/core";

/** A document with the types of its result and variables: as text, or as what `graphql-tag` and others make. */
export type PulseDocument<Data, Variables> = DocumentTypeDecoration<Data, Variables> & { toString(): string };
