import type { Session } from "../session/session";
import { TextField } from "../ui/Field";

interface ForWhomProps {
  readonly session: Session;
  readonly value: string;
  readonly error: string | undefined;
  onChange(value: string): void;
}

/** Whose it is to be: a service and an admin write for everybody. */
export function ForWhom({ session, value, error, onChange }: ForWhomProps) {
  if (session.role === "user") return null;
  return (
    <TextField
      label="For"
      optional
      value={value}
      error={error}
      placeholder={session.user}
      autoCapitalize="none"
      spellCheck={false}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}

/** The part of an input that says whose it is. */
export function whomOf(text: string): { readonly userId?: string } {
  return text.trim() === "" ? {} : { userId: text.trim() };
}
