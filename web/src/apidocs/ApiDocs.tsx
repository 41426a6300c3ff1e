// Own code, because no library fits this server's policy: of those that are kept up, RapiDoc 9.3 and OpenAPI Explorer 2.4
// (218 and 222 KB compressed) and Redoc 3.0 write styles inline, which the policy of this page forbids; Swagger UI 5.35
// (485 KB) fails the contrast check 48 times; Scalar and Stoplight Elements are larger still. All that is shown comes
// from the document.
import "./apidocs.css";

import { useEffect, useMemo, useState } from "react";
import { RunAs } from "../pages/RunAs";
import { TopBar } from "../pages/TopBar";
import { OperationDetails } from "./OperationDetails";
import { type Document, type Group, groups } from "./openapi";
import { Prose } from "./Prose";

/** Every route of the server's OpenAPI document, to read and to try. */
export function ApiDocs({ document: api }: { document: Document }) {
  const all = useMemo(() => groups(api), [api]);
  const [authorization, setAuthorization] = useState<string>();
  const [refused, setRefused] = useState<string>();
  const [open, setOpen] = useState<ReadonlySet<string>>(() => new Set([fragment()]));

  // A link to an operation opens it, from this page or another one.
  useEffect(() => {
    const show = () => {
      const id = fragment();
      setOpen((shown) => new Set(shown).add(id));
      requestAnimationFrame(() => window.document.getElementById(id)?.scrollIntoView());
    };
    show();
    window.addEventListener("hashchange", show);
    return () => window.removeEventListener("hashchange", show);
  }, []);

  const toggle = (id: string, isOpen: boolean) =>
    setOpen((shown) => {
      if (shown.has(id) === isOpen) return shown;
      const next = new Set(shown);
      if (isOpen) next.add(id);
      else next.delete(id);
      return next;
    });

  return (
    <>
      <TopBar current="/docs/api">
        <RunAs onChange={setAuthorization} refused={refused} />
      </TopBar>
      <div className="docs">
        <Contents groups={all} />
        <main>
          <Introduction api={api} count={all.reduce((sum, { operations }) => sum + operations.length, 0)} />
          {all.map((group) => (
            <section key={group.name} aria-labelledby={`tag-${group.name}`}>
              <h2 id={`tag-${group.name}`}>{group.name}</h2>
              <p className="soft">{group.description}</p>
              {group.operations.map((operation) => (
                <OperationDetails
                  key={operation.id}
                  api={api}
                  operation={operation}
                  authorization={authorization}
                  onRefused={setRefused}
                  open={open.has(operation.id)}
                  onToggle={(isOpen) => toggle(operation.id, isOpen)}
                />
              ))}
            </section>
          ))}
        </main>
      </div>
    </>
  );
}

function Introduction({ api, count }: { api: Document; count: number }) {
  const bearer = api.components?.securitySchemes?.bearer?.description;
  return (
    <>
      <h1>
        {api.info.title} REST API <small>{api.info.version}</small>
      </h1>
      {api.info.description && <Prose text={api.info.description} />}
      {bearer && (
        <p>
          A token goes into the header <code>Authorization: Bearer</code>. <Prose inline text={bearer} />
        </p>
      )}
      <p className="soft">
        {count} routes, as <a href="/api/openapi.json">OpenAPI {api.openapi}</a> has them. The same services over GraphQL:{" "}
        <a href="/graphiql">GraphiQL</a>.
      </p>
    </>
  );
}

function Contents({ groups: all }: { groups: Group[] }) {
  return (
    <nav className="contents" aria-label="Routes">
      {all.map(({ name, operations }) => (
        <section key={name}>
          <h2>
            <a href={`#tag-${name}`}>{name}</a>
          </h2>
          <ul>
            {operations.map(({ id, method, path }) => (
              <li key={id}>
                <a href={`#${id}`}>
                  <span className={`method ${method}`}>{method}</span> <Path text={path.replace(/^\/api/, "")} />
                </a>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </nav>
  );
}

/** A path that breaks before a slash where it has to. */
function Path({ text }: { text: string }) {
  const parts = text.split(/(?=\/)/);
  return (
    <span>
      {parts.map((part, index) => (
        <span key={index}>
          <wbr />
          {part}
        </span>
      ))}
    </span>
  );
}

function fragment(): string {
  return decodeURIComponent(location.hash.slice(1));
}
