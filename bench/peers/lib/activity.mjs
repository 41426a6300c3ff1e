// What an activity is, and what a client may ask for: the bounds of Pulse.
import { randomBytes } from 'node:crypto';
import { GraphQLError } from 'graphql';

export const TYPES = ['login', 'log_created', 'goal_completed', 'skill_added', 'portfolio_updated', 'email_sent'];

/** A field that cannot be used. GraphQL servers hide the text of other errors. */
export class BadInput extends GraphQLError {
  constructor(field, message) {
    super(message, { extensions: { code: 'BAD_USER_INPUT', field } });
  }
}

/** Checks the body of a creation; gives what is stored. */
export function newActivity(body) {
  if (typeof body !== 'object' || body === null) throw new BadInput('body', 'the body is no object');
  const userId = text('userId', body.userId, 1, 128);
  if (/[\u0000-\u001f\u007f]/.test(userId)) throw new BadInput('userId', 'userId holds a control character');
  if (!TYPES.includes(body.type)) throw new BadInput('type', `type takes one of ${TYPES.join(', ')}`);
  return {
    id: objectId(),
    userId,
    type: body.type,
    title: text('title', body.title, 1, 200),
    description: body.description == null ? null : text('description', body.description, 0, 2000),
    data: body.data == null ? null : json('data', body.data),
    timestamp: new Date().toISOString(),
    read: false,
  };
}

/** `limit` and `skip` of a page, from text or numbers. */
export function window({ limit = 20, skip = 0 }) {
  const [count, start] = [Number(limit), Number(skip)];
  if (!Number.isInteger(count) || count < 1) throw new BadInput('limit', 'limit takes 1 to 200');
  if (!Number.isInteger(start) || start < 0) throw new BadInput('skip', 'skip takes 0 or more');
  return { limit: Math.min(count, 200), skip: start };
}

/** A row of either database as an activity. */
export function fromRow(row) {
  return {
    id: row.id,
    userId: row.user_id,
    type: row.type,
    title: row.title,
    description: row.description,
    data: row.data === null ? null : JSON.parse(row.data),
    timestamp: row.timestamp,
    read: Boolean(row.read),
  };
}

/** The activity as REST and Socket.IO show it: `_id`, and what is not there left out. */
export function shown({ id, description, data, ...rest }) {
  return { _id: id, ...rest, ...(description !== null && { description }), ...(data !== null && { data }) };
}

function text(field, value, least, most) {
  if (typeof value !== 'string') throw new BadInput(field, `${field} takes a string`);
  // Code units bound characters from above, so that the usual short text is not counted.
  const length = value.length <= most ? value.length : [...value].length;
  if (length < least || length > most) throw new BadInput(field, `${field} takes ${least} to ${most} characters`);
  if (value.includes('\0')) throw new BadInput(field, `${field} holds the character U+0000`);
  return value;
}

function json(field, value) {
  if (deeperThan(value, 32)) throw new BadInput(field, `${field} is nested more than 32 levels deep`);
  if (Buffer.byteLength(JSON.stringify(value)) > 16 * 1024) throw new BadInput(field, `${field} has more than 16 KiB`);
  return value;
}

function deeperThan(value, levels) {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => deeperThan(inner, levels - 1));
}

const machine = randomBytes(5).toString('hex');
let counter = randomBytes(3).readUIntBE(0, 3);

/** An id in the layout of MongoDB's ObjectId: seconds, process, counter. */
function objectId() {
  counter = (counter + 1) % 0x1000000;
  const seconds = Math.floor(Date.now() / 1000);
  return seconds.toString(16).padStart(8, '0') + machine + counter.toString(16).padStart(6, '0');
}
