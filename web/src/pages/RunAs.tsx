import { type FormEvent, useCallback, useEffect, useId, useRef, useState } from "react";
import { fetchToken, fetchUsers, isDevelopment } from "./development";

/** Where the name is kept from one visit to the next. Tokens are never kept. */
const CHOICE = "pulse:run-as";
/** Who nobody has to create first. */
const ANYBODY = "demo";

interface RunAsProps {
  /** Is told the value for `Authorization` whenever it changes; none where requests carry no token. */
  onChange(authorization: string | undefined): void;
  /** The value that the server did not take last, as after a restart with another secret. */
  refused: string | undefined;
}

/** Says as whom the page calls: in development any user by name, elsewhere by a token that the person has. */
export function RunAs(props: RunAsProps) {
  return isDevelopment ? <RunAsUser {...props} /> : <UseToken {...props} />;
}

function RunAsUser({ onChange, refused }: RunAsProps) {
  const [users, setUsers] = useState<string[]>([]);
  const [name, setName] = useState("");
  const [status, setStatus] = useState<{ text: string; failed?: boolean }>({ text: "" });
  const [id, list] = [useId(), useId()];
  const latest = useRef(0);
  const touched = useRef(false);
  const inUse = useRef<{ user: string; authorization: string | undefined }>(undefined);

  const runAs = useCallback(
    async (user: string, said = user === "" ? "No token: as a service" : `As ${user}`) => {
      latest.current += 1;
      const turn = latest.current;
      setStatus({ text: "" });
      try {
        const authorization = user === "" ? undefined : `Bearer ${(await fetchToken(user)).token}`;
        if (turn !== latest.current) return;
        remember(user);
        inUse.current = { user, authorization };
        onChange(authorization);
        setStatus({ text: said });
      } catch (reason) {
        if (turn === latest.current) setStatus({ text: sentence(reason), failed: true });
      }
    },
    [onChange],
  );

  useEffect(() => {
    let gone = false;
    fetchUsers().then(
      (found) => {
        if (gone) return;
        setUsers(found);
        // Who was faster than the server has chosen already.
        if (touched.current) return;
        const first = remembered() ?? found[0] ?? ANYBODY;
        setName(first);
        void runAs(first);
      },
      (reason: unknown) => {
        if (!gone) setStatus({ text: sentence(reason), failed: true });
      },
    );
    return () => {
      gone = true;
    };
  }, [runAs]);

  useEffect(() => {
    const { user, authorization } = inUse.current ?? {};
    if (user === undefined || refused === undefined || refused !== authorization) return;
    void runAs(user, `New token for ${user}: try again`);
  }, [refused, runAs]);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    touched.current = true;
    void runAs(name);
  };
  return (
    <form className="run-as" onSubmit={submit}>
      <label htmlFor={id}>Run as</label>
      <input
        id={id}
        list={list}
        value={name}
        placeholder="nobody (service)"
        maxLength={128}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        onChange={(event) => {
          touched.current = true;
          setName(event.target.value);
        }}
      />
      <datalist id={list}>
        {users.map((user) => (
          <option key={user} value={user} />
        ))}
      </datalist>
      <button type="submit">Use</button>
      <output className={status.failed ? "run-as-status failed" : "run-as-status"}>{status.text}</output>
    </form>
  );
}

function UseToken({ onChange, refused }: RunAsProps) {
  const [token, setToken] = useState("");
  const [given, setGiven] = useState<string>();
  const [status, setStatus] = useState("");
  const failed = given !== undefined && refused === given;
  const id = useId();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const bare = token.trim().replace(/^bearer\s+/i, "");
    const authorization = bare === "" ? undefined : `Bearer ${bare}`;
    setGiven(authorization);
    onChange(authorization);
    setStatus(bare === "" ? "No token" : "In use");
  };
  return (
    <form className="run-as" onSubmit={submit}>
      <label htmlFor={id}>Token</label>
      <input
        id={id}
        type="password"
        value={token}
        placeholder="pulse token --user U"
        autoComplete="off"
        onChange={(event) => setToken(event.target.value)}
      />
      <button type="submit">Use</button>
      <output className={failed ? "run-as-status failed" : "run-as-status"}>{failed ? "Refused" : status}</output>
    </form>
  );
}

function sentence(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}

// A browser may refuse to store anything; then the choice lasts as long as the page.
function remember(user: string): void {
  try {
    localStorage.setItem(CHOICE, user);
  } catch {
    /* as said above */
  }
}

function remembered(): string | undefined {
  try {
    return localStorage.getItem(CHOICE) ?? undefined;
  } catch {
    return undefined;
  }
}
