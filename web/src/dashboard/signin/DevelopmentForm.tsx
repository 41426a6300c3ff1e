import { type FormEvent, useEffect, useState } from "react";
import { fetchUsers } from "../../pages/development";
import { developmentSession } from "../session/session";
import { useSession } from "../session/SessionProvider";
import { Avatar } from "../ui/Avatar";
import { TextField } from "../ui/Field";
import { sentenceOf } from "../ui/Toasts";

/** In development anybody may be anybody: a user to pick, or a name to type. */
export function DevelopmentForm() {
  const { signIn } = useSession();
  const [users, setUsers] = useState<readonly string[] | null>(null);
  const [name, setName] = useState("");
  const [service, setService] = useState(false);
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState<string | null>(null);

  useEffect(() => {
    let gone = false;
    fetchUsers().then(
      (found) => !gone && setUsers(found),
      // The field says it when a name is used.
      () => !gone && setUsers([]),
    );
    return () => {
      gone = true;
    };
  }, []);

  const enter = async (user: string) => {
    setBusy(user);
    setError(undefined);
    try {
      signIn(await developmentSession(user, service ? "service" : "user"));
    } catch (thrown) {
      setError(sentenceOf(thrown));
      setBusy(null);
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() === "") setError("Type a name, such as ada.");
    else void enter(name.trim());
  };
  return (
    <form className="signin-form" onSubmit={submit} noValidate>
      <p className="soft signin-lead">
        This is a development server: it lets you in as anybody.
      </p>
      {users === null && <UsersSkeleton />}
      {users !== null && users.length > 0 && (
        <fieldset className="signin-users">
          <legend className="field-label">Pick a user</legend>
          <div className="user-chips">
            {users.slice(0, 8).map((user) => (
              <button
                key={user}
                type="button"
                className="user-chip"
                disabled={busy !== null}
                onClick={() => void enter(user)}
              >
                <Avatar user={user} />
                <span className="user-chip-name">{user}</span>
              </button>
            ))}
          </div>
        </fieldset>
      )}
      <TextField
        label={users?.length ? "Or be somebody else" : "Who are you?"}
        hint={users?.length ? undefined : "Any name will do: a user begins with the first thing they do."}
        value={name}
        error={error}
        placeholder="ada"
        maxLength={128}
        autoCapitalize="none"
        spellCheck={false}
        onChange={(event) => setName(event.target.value)}
      />
      <label className="check">
        <input type="checkbox" checked={service} onChange={(event) => setService(event.target.checked)} />
        <span>
          Act as a service <span className="soft">(may write for everybody)</span>
        </span>
      </label>
      <button type="submit" className="button button-primary button-wide" disabled={busy !== null}>
        {busy !== null && <span className="spinner" />}
        {busy === null ? "Sign in" : "Signing in…"}
      </button>
    </form>
  );
}

function UsersSkeleton() {
  return (
    <div className="user-chips" role="status">
      <span className="visually-hidden">Looking for users</span>
      {Array.from({ length: 4 }, (_, index) => (
        <span key={index} className="skeleton user-chip-skeleton" aria-hidden="true" />
      ))}
    </div>
  );
}
