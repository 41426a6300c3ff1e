import { createContext, createElement, useContext, type ReactElement, type ReactNode } from "react";
import type { PulseClient } from "../client/index.js";

const Context = createContext<PulseClient | null>(null);

export interface PulseProviderProps {
  /** The client of the signed-in user. Another user is another client. */
  readonly client: PulseClient;
  readonly children?: ReactNode;
}

/** Gives a client to the hooks below. It opens nothing and closes nothing: what is shown decides. */
export function PulseProvider({ client, children }: PulseProviderProps): ReactElement {
  return createElement(Context.Provider, { value: client }, children);
}

/** The client of the nearest PulseProvider. */
export function usePulseClient(): PulseClient {
  const client = useContext(Context);
  if (!client) throw new Error("there is no <PulseProvider client={...}> above this component");
  return client;
}
