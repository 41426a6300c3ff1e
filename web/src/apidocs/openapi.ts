/** The part of OpenAPI 3.1 that this server's document uses, and what the page reads out of it. */

export interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  description?: string;
  enum?: unknown[];
  example?: unknown;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
}

export interface Parameter {
  name: string;
  in: string;
  description?: string;
  required?: boolean;
  schema?: Schema;
}

type Content = Record<string, { schema?: Schema }>;

interface RawOperation {
  operationId?: string;
  tags?: string[];
  summary?: string;
  description?: string;
  parameters?: Parameter[];
  requestBody?: { description?: string; content: Content };
  responses: Record<string, { description: string; content?: Content }>;
  security?: Record<string, string[]>[];
}

export interface Document {
  openapi: string;
  info: { title: string; version: string; description?: string };
  tags?: { name: string; description?: string }[];
  paths: Record<string, Record<string, RawOperation>>;
  components?: { schemas?: Record<string, Schema>; securitySchemes?: Record<string, { description?: string }> };
}

/** One method of one path. */
export interface Operation extends RawOperation {
  id: string;
  method: string;
  path: string;
  /** Whether it answers without a token. */
  open: boolean;
}

/** Operations that belong together. */
export interface Group {
  name: string;
  description: string;
  operations: Operation[];
}

const ORDER = ["get", "post", "put", "patch", "delete"];

/** Reads the document of the server. */
export async function fetchDocument(): Promise<Document> {
  const response = await fetch("/api/openapi.json");
  if (!response.ok) throw new Error(`/api/openapi.json answered ${response.status}`);
  return (await response.json()) as Document;
}

/** Every operation, by its first tag, in the order of the document's tags; what has no such tag comes last. */
export function groups(document: Document): Group[] {
  const found = new Map<string, Group>();
  for (const { name, description = "" } of document.tags ?? []) found.set(name, { name, description, operations: [] });
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const method of ORDER) {
      const raw = methods[method];
      if (!raw) continue;
      const name = raw.tags?.[0] ?? "other";
      const group = found.get(name) ?? { name, description: "", operations: [] };
      found.set(name, group);
      const open = raw.security?.some((needs) => Object.keys(needs).length === 0) ?? false;
      group.operations.push({ ...raw, id: raw.operationId ?? `${method}-${path}`, method, path, open });
    }
  }
  return [...found.values()].filter(({ operations }) => operations.length > 0);
}

/** The name of the schema that `schema` refers to, and what it refers to. */
export function resolve(document: Document, schema: Schema): { name: string | undefined; schema: Schema } {
  const name = schema.$ref?.split("/").pop();
  const target = name === undefined ? undefined : document.components?.schemas?.[name];
  return target === undefined ? { name: undefined, schema } : { name, schema: target };
}

/** A type in a few words: `string (date-time)`, `list of Activity`, `integer or null`. */
export function typeText(document: Document, schema: Schema): string {
  const { name, schema: target } = resolve(document, schema);
  if (name !== undefined && target.enum === undefined) return name;
  if (target.items) return `list of ${typeText(document, target.items)}`;
  const types = target.type === undefined ? ["any JSON"] : [target.type].flat();
  const format = target.format === undefined || /^(int|double|float)/.test(target.format) ? "" : ` (${target.format})`;
  return types.map((type) => (type === "null" ? type : type + format)).join(" or ");
}

/** What a value has to keep to. */
export function bounds({ minimum, maximum, minLength, maxLength, default: initial }: Schema): string[] {
  const between = (low: number | undefined, high: number | undefined, what: string) => {
    if (low !== undefined && high !== undefined) return [`${low} to ${high}${what}`];
    if (low !== undefined) return [`at least ${low}${what}`];
    return high === undefined ? [] : [`up to ${high}${what}`];
  };
  return [
    ...between(minimum, maximum, ""),
    ...between(minLength, maxLength, " characters"),
    ...(initial === undefined ? [] : [`default ${JSON.stringify(initial)}`]),
  ];
}

/** A value that fits a schema; of an object that is sent, only what is required or has an example. */
export function example(document: Document, given: Schema, sent: boolean): unknown {
  const { schema } = resolve(document, given);
  if (schema.example !== undefined) return schema.example;
  if (schema.default !== undefined) return schema.default;
  if (schema.enum) return schema.enum[0];
  if (schema.items) return [example(document, schema.items, sent)];
  if (schema.properties) {
    const wanted = Object.entries(schema.properties).filter(
      ([name, property]) => !sent || schema.required?.includes(name) || property.example !== undefined,
    );
    return Object.fromEntries(wanted.map(([name, property]) => [name, example(document, property, sent)]));
  }
  const type = [schema.type].flat().find((name) => name !== "null");
  if (schema.format === "date-time") return "2026-01-31T09:30:00.000Z";
  if (schema.format === "date") return "2026-01-31";
  if (type === "integer" || type === "number") return schema.minimum ?? 1;
  if (type === "boolean") return false;
  return type === "string" ? "text" : {};
}

/** The schema of the JSON of a body or response. */
export function jsonSchema(content: Content | undefined): Schema | undefined {
  return content?.["application/json"]?.schema;
}
