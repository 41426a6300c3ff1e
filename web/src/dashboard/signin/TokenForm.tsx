import { type FormEvent, useState } from "react";
import { readClaims } from "../session/claims";
import { checkToken, sessionOf } from "../session/session";
import { useSession } from "../session/SessionProvider";
import { TextField } from "../ui/Field";
import { useNow } from "../ui/now";
import { exactTime, relativeTime } from "../ui/time";
import { sentenceOf } from "../ui/Toasts";

/** Takes a token, shows whose it is, and asks the server whether it is good. */
export function TokenForm() {
  const { signIn } = useSession();
  const [text, setText] = useState("");
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);
  const token = text.trim().replace(/^bearer\s+/i, "");

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const session = sessionOf(token);
    if (!session) {
      setError(token === "" ? "Paste a token." : "This is not a token: a JWT that names a user is expected.");
      return;
    }
    setBusy(true);
    setError(undefined);
    try {
      await checkToken(token);
      signIn(session);
    } catch (thrown) {
      setError(sentenceOf(thrown));
      setBusy(false);
    }
  };
  return (
    <form className="signin-form" onSubmit={(event) => void submit(event)} noValidate>
      <TextField
        label="Token"
        hint={
          <>
            <code>pulse token --user ada</code> prints one. It stays in this window and is forgotten with it.
          </>
        }
        error={error}
        type="password"
        value={text}
        spellCheck={false}
        onChange={(event) => {
          setText(event.target.value);
          setError(undefined);
        }}
      />
      <WhoseToken token={token} />
      <button type="submit" className="button button-primary button-wide" disabled={busy}>
        {busy && <span className="spinner" />}
        {busy ? "Asking the server…" : "Sign in with this token"}
      </button>
    </form>
  );
}

function WhoseToken({ token }: { token: string }) {
  const now = useNow();
  const claims = readClaims(token);
  if (!claims) return null;
  const { user, role, expires } = claims;
  const over = expires !== null && expires <= now;
  return (
    <dl className="whose">
      <div>
        <dt>User</dt>
        <dd>{role === "user" ? user : `${user} (${role})`}</dd>
      </div>
      <div>
        <dt>{over ? "Ended" : "Ends"}</dt>
        <dd className={over ? "whose-over" : undefined}>
          {expires === null ? "never" : <time title={exactTime(expires)}>{relativeTime(expires, now)}</time>}
        </dd>
      </div>
    </dl>
  );
}
