// What many checks do.

import { show } from '../peer.mjs';
import { Unexpected } from '../socket.mjs';

/** A field that makes every document invalid. */
export const MISSING_FIELD = 'thisFieldDoesNotExistAnywhere';

/** Runs an operation that has one result: exactly one `next`, then `complete`. Gives the result. */
export async function single(peer, id, payload) {
  peer.subscribe(id, payload);
  const { payload: result } = await peer.receive('next', id);
  await peer.receive('complete', id);
  return result;
}

/** The result of `single`, which has to have no errors. */
export async function succeeds(peer, id, payload) {
  const result = await single(peer, id, payload);
  if (result.errors) throw new Unexpected(show(result));
  return result.data;
}

/** An operation fails before it starts: one `error`, and nothing after it. */
export async function fails(peer, id, payload) {
  peer.subscribe(id, payload);
  await peer.receive('error', id);
  await peer.nothing();
}
