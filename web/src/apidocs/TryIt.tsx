import { type FormEvent, useId, useRef, useState } from "react";
import { type Document, example, jsonSchema, type Operation, type Parameter, type Schema } from "./openapi";

interface TryItProps {
  api: Document;
  operation: Operation;
  authorization: string | undefined;
  onRefused(authorization: string): void;
}

interface Answer {
  status: string;
  good: boolean;
  text: string;
}

/** A form that sends the request to this server, as whom the page calls, and shows what came back. */
export function TryIt({ api, operation, authorization, onRefused }: TryItProps) {
  const { id, method, parameters = [], requestBody } = operation;
  const schema = jsonSchema(requestBody?.content);
  const [values, setValues] = useState<Record<string, string>>({});
  const [written, setWritten] = useState<string>();
  const body = written ?? (schema ? sample(api, schema, authorization) : "");
  const [answer, setAnswer] = useState<Answer>();
  const [busy, setBusy] = useState(false);
  const latest = useRef(0);
  const field = useId();
  const url = urlOf(operation, values);

  const send = async (event: FormEvent) => {
    event.preventDefault();
    latest.current += 1;
    const turn = latest.current;
    setBusy(true);
    const came = await call(method, url, authorization, schema ? body : undefined);
    if (turn !== latest.current) return;
    setBusy(false);
    setAnswer(came);
    if (came.status.startsWith("401 ") && authorization !== undefined) onRefused(authorization);
  };
  return (
    <form className="try" onSubmit={send} aria-label={`Try ${id}`}>
      <h4>Try it</h4>
      {parameters.map((parameter) => (
        <div key={parameter.name} className="row">
          <label htmlFor={`${field}-${parameter.name}`}>{parameter.name}</label>
          <input
            id={`${field}-${parameter.name}`}
            value={values[parameter.name] ?? ""}
            placeholder={hint(parameter)}
            required={parameter.required ?? false}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            onChange={(event) => setValues({ ...values, [parameter.name]: event.target.value })}
          />
        </div>
      ))}
      {schema && (
        <div className="row wide">
          <label htmlFor={`${field}-body`}>Body</label>
          <textarea
            id={`${field}-body`}
            rows={Math.min(14, body.split("\n").length + 1)}
            value={body}
            spellCheck={false}
            onChange={(event) => setWritten(event.target.value)}
          />
        </div>
      )}
      <div className="row">
        <button type="submit" disabled={busy}>
          {busy ? "Sending…" : "Send"}
        </button>
        <code className="url">
          {method.toUpperCase()} {url}
        </code>
      </div>
      <div aria-live="polite">
        {answer && (
          <>
            <p className={answer.good ? "status good" : "status bad"}>{answer.status}</p>
            {answer.text !== "" && (
              <pre tabIndex={0} aria-label={`Answer of ${id}`}>
                {answer.text}
              </pre>
            )}
          </>
        )}
      </div>
    </form>
  );
}

/** A body to begin with. Who has a token need not name themselves. */
function sample(api: Document, schema: Schema, authorization: string | undefined): string {
  const value = example(api, schema, true);
  const named = typeof value === "object" && value !== null && "userId" in value;
  const sent = named && authorization !== undefined ? { ...value, userId: undefined } : value;
  return JSON.stringify(sent, null, 2);
}

function hint({ description, schema }: Parameter): string {
  return schema?.default === undefined ? (description ?? "") : String(schema.default);
}

function urlOf({ path, parameters = [] }: Operation, values: Record<string, string>): string {
  const filled = path.replace(/\{(\w+)\}/g, (hole, name: string) => {
    const value = values[name] ?? "";
    return value === "" ? hole : encodeURIComponent(value);
  });
  const query = new URLSearchParams();
  for (const { name, in: place } of parameters) {
    const value = values[name] ?? "";
    if (place === "query" && value !== "") query.set(name, value);
  }
  return query.size === 0 ? filled : `${filled}?${query}`;
}

async function call(
  method: string,
  url: string,
  authorization: string | undefined,
  body: string | undefined,
): Promise<Answer> {
  const headers = new Headers();
  if (authorization !== undefined) headers.set("authorization", authorization);
  if (body !== undefined) headers.set("content-type", "application/json");
  const began = performance.now();
  try {
    const response = await fetch(url, { method: method.toUpperCase(), headers, ...(body === undefined ? {} : { body }) });
    const text = await response.text();
    const took = Math.max(1, Math.round(performance.now() - began));
    const status = `${response.status} ${response.statusText}`.trimEnd();
    return { status: `${status}, ${took} ms`, good: response.ok, text: pretty(text) };
  } catch (reason) {
    return { status: `No answer: ${reason instanceof Error ? reason.message : reason}`, good: false, text: "" };
  }
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
