import { bounds, type Document, resolve, type Schema, typeText } from "./openapi";
import { Prose } from "./Prose";

interface SchemaTableProps {
  api: Document;
  schema: Schema;
  caption: string;
  /** For who cannot see where the table stands. */
  label: string;
}

interface Row {
  path: string;
  schema: Schema;
  required: boolean;
}

/** How deep the fields of fields are listed. */
const DEPTH = 3;

/** The fields of an object, and those of the objects inside it, a row each. */
export function SchemaTable({ api, schema, caption, label }: SchemaTableProps) {
  const rows = fields(api, schema, "", DEPTH);
  const { description } = resolve(api, schema).schema;
  return (
    <div className="table" role="region" aria-label={label} tabIndex={0}>
      <table>
        <caption>
          {caption}
          {description && <span className="soft"> – {description}</span>}
        </caption>
        <thead>
          <tr>
            <th scope="col">field</th>
            <th scope="col">type</th>
            <th scope="col">meaning</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ path, schema: field, required }) => (
            <tr key={path}>
              <th scope="row">
                <code>{path}</code>
              </th>
              <td>
                {typeText(api, field)}
                {required ? "" : <span className="soft"> optional</span>}
              </td>
              <td>
                <Meaning schema={resolve(api, field).schema} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Meaning({ schema }: { schema: Schema }) {
  return (
    <>
      {schema.description && <Prose inline text={schema.description} />}
      {schema.enum && <Words words={schema.enum} />}
      {bounds(schema).length > 0 && <span className="soft"> {bounds(schema).join("; ")}</span>}
    </>
  );
}

function Words({ words }: { words: unknown[] }) {
  return (
    <>
      {words.map((word) => (
        <span key={String(word)}>
          {" "}
          <code>{String(word)}</code>
        </span>
      ))}
    </>
  );
}

function fields(api: Document, given: Schema, prefix: string, depth: number): Row[] {
  const { schema } = resolve(api, given);
  if (schema.items) return fields(api, schema.items, `${prefix}[]`, depth);
  if (!schema.properties || depth === 0) return [];
  return Object.entries(schema.properties).flatMap(([name, property]) => {
    const path = prefix === "" ? name : `${prefix}.${name}`;
    const row = { path, schema: property, required: schema.required?.includes(name) ?? false };
    return [row, ...fields(api, property, path, depth - 1)];
  });
}
