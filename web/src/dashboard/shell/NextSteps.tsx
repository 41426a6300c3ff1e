import { useState } from "react";
import { isDevelopment } from "../../pages/development";
import type { Session } from "../session/session";
import { Icon } from "../ui/Icon";
import { useToasts } from "../ui/Toasts";

/** What to try after a first look. */
export function NextSteps({ session }: { session: Session }) {
  const body = `{"userId": ${JSON.stringify(session.user)},\n       "type": "log_created", "title": "From a terminal"}`;
  const command = [
    `curl ${location.origin}/api/activities`,
    "-H 'Content-Type: application/json'",
    ...(isDevelopment ? [] : ['-H "Authorization: Bearer $TOKEN"']),
    `-d '${body.replaceAll("'", "'\\''")}'`,
  ].join(" \\\n  ");
  return (
    <section className="panel steps" data-part="create" aria-labelledby="steps-title">
      <h2 id="steps-title">Next steps</h2>
      <ol>
        <li>
          <h3>Send something from a terminal</h3>
          <p>It arrives here while you look.</p>
          <Command text={command} />
        </li>
        <li>
          <h3>Fill it with a demo</h3>
          <p>
            <code>pulse seed</code> makes users with months of activities. Sign in as one of them.
          </p>
        </li>
        <li>
          <h3>Use the API</h3>
          <p>
            <a href="/graphiql">GraphiQL</a> runs queries and subscriptions, <a href="/docs/api">the REST docs</a> try
            every route. docs/WEB.md describes the React hooks that this page is made of.
          </p>
        </li>
      </ol>
    </section>
  );
}

function Command({ text }: { text: string }) {
  const toasts = useToasts();
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      toasts.done("Copied.");
    } catch {
      toasts.failed(new Error("The browser does not let this page copy."));
    }
  };
  return (
    <div className="command">
      <pre>{text}</pre>
      {/* There is no clipboard on pages that came over plain HTTP from another machine. */}
      {"clipboard" in navigator && (
        <button type="button" className="icon-button icon-button-small" aria-label="Copy" onClick={() => void copy()}>
          <Icon name={copied ? "check" : "copy"} size={16} />
        </button>
      )}
    </div>
  );
}
