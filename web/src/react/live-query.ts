import { useCallback, useSyncExternalStore } from "react";
import type { Resource } from "../client/index.js";

const nothing = (): void => undefined;

/**
 * Shows something live: what all hooks here are made of. The resource runs while at least one component shows it.
 *
 * @param resource what to show, or null to show `idle` and run nothing
 * @param idle what is shown by a server that renders, and while there is no resource
 */
export function useLiveQuery<T>(resource: Resource<T> | null, idle: T): T {
  const subscribe = useCallback(
    (listener: () => void) => (resource ? resource.subscribe(listener) : nothing),
    [resource],
  );
  const snapshot = useCallback(() => (resource ? resource.get() : idle), [resource, idle]);
  return useSyncExternalStore(subscribe, snapshot, () => idle);
}
