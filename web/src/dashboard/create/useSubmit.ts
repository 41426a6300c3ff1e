import { useState } from "react";
import { PulseError } from "../../index";
import { sentenceOf } from "../ui/Toasts";

/** A form that the visitor has filled in wrongly, before the server was asked. */
export class Mistake extends Error {
  readonly field: string;

  constructor(field: string, message: string) {
    super(message);
    this.field = field;
  }
}

interface Submit {
  readonly busy: boolean;
  /** What is wrong with a field of this name. */
  errorOf(field: string): string | undefined;
  /** What is wrong with none of the form's fields. */
  readonly otherError: string | undefined;
  /** Does it, and keeps what is wrong; whether it was done. */
  submit(work: () => Promise<unknown>): Promise<boolean>;
}

/** Sends a form once at a time, and sorts what is refused to its field. */
export function useSubmit(fields: readonly string[]): Submit {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<{ field: string | undefined; text: string } | null>(null);
  const submit = async (work: () => Promise<unknown>): Promise<boolean> => {
    if (busy) return false;
    setBusy(true);
    setError(null);
    try {
      await work();
      return true;
    } catch (thrown) {
      const field = thrown instanceof Mistake || thrown instanceof PulseError ? thrown.field : undefined;
      setError({ field, text: field === undefined ? sentenceOf(thrown) : atField(thrown) });
      return false;
    } finally {
      setBusy(false);
    }
  };
  const isKnown = error?.field !== undefined && fields.includes(error.field);
  return {
    busy,
    errorOf: (field) => (error?.field === field ? error.text : undefined),
    otherError: error && !isKnown ? error.text : undefined,
    submit,
  };
}

/** The server names the field and what it held, which both stand right above: what it must be is left to say. */
function atField(thrown: unknown): string {
  const sentence = sentenceOf(thrown);
  const rule = /^\S+ must (.+?)\.?(?:, but (?:is|has) .+)?$/s.exec(sentence)?.[1];
  return rule === undefined ? sentence : `Must ${rule}.`;
}

/** The number that a field holds. */
export function numberIn(field: string, text: string, what: string): number {
  const value = Number(text.replace(",", "."));
  if (text.trim() === "" || !Number.isFinite(value)) throw new Mistake(field, `${what} must be a number.`);
  return value;
}

/** The whole number that a field holds. */
export function wholeIn(field: string, text: string, what: string): number {
  const value = numberIn(field, text, what);
  if (!Number.isInteger(value)) throw new Mistake(field, `${what} must be a whole number.`);
  return value;
}

/** The text that a field holds, which must not be empty. */
export function textIn(field: string, text: string, what: string): string {
  if (text.trim() === "") throw new Mistake(field, `${what} is required.`);
  return text.trim();
}
