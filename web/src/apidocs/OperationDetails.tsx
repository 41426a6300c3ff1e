import { bounds, type Document, jsonSchema, type Operation, resolve, typeText } from "./openapi";
import { Prose } from "./Prose";
import { SchemaTable } from "./SchemaTable";
import { TryIt } from "./TryIt";

interface OperationDetailsProps {
  api: Document;
  operation: Operation;
  authorization: string | undefined;
  /** Is told which `Authorization` the server did not take. */
  onRefused(authorization: string): void;
  open: boolean;
  onToggle(open: boolean): void;
}

/** One method of one path: what it takes, what it answers, and a form to try it. */
export function OperationDetails(props: OperationDetailsProps) {
  const { api, operation, authorization, onRefused, open, onToggle } = props;
  const { id, method, path, summary = "", description } = operation;
  return (
    <details id={id} className="operation" open={open} onToggle={(event) => onToggle(event.currentTarget.open)}>
      <summary>
        <h3>
          <span className={`method ${method}`}>{method}</span> <code className="path">{path}</code>
        </h3>
        <span className="what">{summary}</span>
      </summary>
      {/* What nobody looks at is not built: the page has many of these. */}
      {open && (
        <div className="inside">
          {description && <Prose text={description} />}
          {operation.open && <p className="soft">Needs no token.</p>}
          <Takes api={api} operation={operation} />
          <Answers api={api} operation={operation} />
          <TryIt api={api} operation={operation} authorization={authorization} onRefused={onRefused} />
        </div>
      )}
    </details>
  );
}

function Takes({ api, operation: { id, parameters = [], requestBody } }: { api: Document; operation: Operation }) {
  const body = jsonSchema(requestBody?.content);
  return (
    <>
      {parameters.length > 0 && (
        <div className="table" role="region" aria-label={`Parameters of ${id}`} tabIndex={0}>
          <table>
            <caption>Parameters</caption>
            <thead>
              <tr>
                <th scope="col">name</th>
                <th scope="col">type</th>
                <th scope="col">meaning</th>
              </tr>
            </thead>
            <tbody>
              {parameters.map(({ name, in: place, required, description, schema = {} }) => (
                <tr key={name}>
                  <th scope="row">
                    <code>{name}</code>
                  </th>
                  <td>
                    {typeText(api, schema)}
                    <span className="soft">
                      {" "}
                      in the {place}
                      {required ? ", required" : ""}
                    </span>
                  </td>
                  <td>{[description, ...bounds(schema)].filter(Boolean).join("; ")}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {body && <SchemaTable api={api} schema={body} caption="Body (application/json)" label={`Body of ${id}`} />}
    </>
  );
}

function Answers({ api, operation: { id, responses } }: { api: Document; operation: Operation }) {
  const all = Object.entries(responses).map(([status, { description, content }]) => {
    const schema = jsonSchema(content);
    return { status, description, schema, name: schema && typeText(api, schema) };
  });
  const answers = all.filter(({ status, schema }) => status.startsWith("2") && schema);
  const shown = answers.filter(({ name }, index) => answers.findIndex((other) => other.name === name) === index);
  return (
    <>
      <h4>Answers</h4>
      <ul className="answers">
        {all.map(({ status, description, name }) => (
          <li key={status}>
            <span className={status.startsWith("2") ? "status good" : "status"}>{status}</span> {description}
            {name && <span className="soft"> ({name})</span>}
          </li>
        ))}
      </ul>
      {shown.map(({ schema = {}, name }) => (
        <SchemaTable
          key={name}
          api={api}
          schema={schema}
          caption={resolve(api, schema).name ?? "Answer"}
          label={`${name} of ${id}`}
        />
      ))}
    </>
  );
}
