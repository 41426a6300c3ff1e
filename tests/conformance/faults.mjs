// The audit's own trial: servers that break one rule each, made of the reference server. The checks named here have
// to fail against them; a check that passes whatever comes is worth nothing.
//
//   node faults.mjs
//
// Exit code: 0 all were seen, 1 not.

import { pathToFileURL } from 'node:url';
import { handleProtocols, makeServer } from 'graphql-ws';
import { audit, loadProfile } from './audit.mjs';
import { serve, serviceOptions } from './reference.mjs';

const is = (type) => (message) => message.type === type;

/** Says something else than `type`, or more, or nothing. */
const say = (type, change) => ({
  send: (message, send) => (is(type)(message) ? change(message, send) : send(message)),
});

/** Closes differently than with `code`. */
const close = (code, change) => ({
  close: (found, reason, socket) => (found === code ? change(reason, socket) : socket.close(found, reason)),
});

/** Does something else with what the client says. */
const hear = (type, change) => ({
  receive: (message, pass, ...rest) => (is(type)(message) ? change(message, pass, ...rest) : pass(message)),
});

/** How long the audit waits here for an answer that does not come. */
const ANSWER_MS = 500;

const later = (act) => setTimeout(act, 20);
const published = [];

/** What is broken, the checks that see it, and how it is done. */
const faults = [
  ['chooses no subprotocol', ['N1', 'N2'], { protocols: () => false }],
  ['chooses any subprotocol', ['N4'], { protocols: (offered) => [...offered][0] }],
  ['says 1002 for 4406', ['N3', 'N4'], close(4406, (reason, socket) => socket.close(1002, reason))],
  ['speaks first', ['I0'], { open: (send) => send({ type: 'connection_ack' }) }],
  ['does not acknowledge', ['I1', 'I2', 'I3'], say('connection_ack', () => {})],
  ['acknowledges twice', ['P1', 'O1'], say('connection_ack', (message, send) => [send(message), send(message)])],
  ['acknowledges with a string', ['I1'], say('connection_ack', (message, send) => send({ ...message, payload: 'hi' }))],
  ['takes a second connection_init', ['I6', 'I7'], close(4429, () => {})],
  ['gives 4429 another reason', ['I6', 'I7'], close(4429, (_, socket) => socket.close(4429, 'Too many'))],
  ['waits for connection_init without end', ['I8', 'I9'], close(4408, () => {})],
  ['closes what is acknowledged in time', ['I10'], {
    open: (_, socket) => setTimeout(() => socket.close(4408, 'Connection initialisation timeout'), 1000),
  }],
  ['acknowledges what it rejects', ['I11'], close(4403, (_, socket) => socket.send('{"type":"connection_ack"}'))],
  ['is silent before connection_init', ['I12', 'I13'], close(4401, () => {})],
  ['ignores what is invalid', ['M1', 'M7', 'M10', 'M13', 'S1', 'S5', 'S18', 'P9'], close(4400, () => {})],
  ['closes 4400 with no code', ['M1', 'S1'], close(4400, (_, socket) => socket.close())],
  ['ends the connection without a close frame', ['M1', 'S1'], close(4400, (_, socket) => socket.terminate())],
  ['answers what came behind an invalid message', ['M18'], close(4400, (reason, socket) => later(() => {
    socket.send('{"type":"pong"}');
    socket.close(4400, reason);
  }))],
  ['does not answer pings', ['P1', 'P2', 'P3', 'P4', 'P5'], say('pong', () => {})],
  ['answers pings with a string', ['P1'], say('pong', (message, send) => send({ ...message, payload: 'now' }))],
  ['closes for a pong', ['P6', 'P7', 'P8'], hear('pong', (message, pass, send, socket) => socket.close(4400))],
  ['sends a result twice', ['O1', 'O2', 'O12', 'L1'], say('next', (message, send) => [send(message), send(message)])],
  ['sends a result without data', ['O1'], say('next', (message, send) => send({ ...message, payload: {} }))],
  ['sends results under another id', ['O1', 'L1'], say('next', (message, send) => send({ ...message, id: 'other' }))],
  ['sends ids as it likes', ['O7'], say('next', (message, send) => send({ ...message, id: message.id.trim() }))],
  ['does not complete queries', ['O1', 'O2', 'O9', 'O12'], say('complete', () => {})],
  ['completes twice', ['O1', 'O2'], say('complete', (message, send) => [send(message), send(message)])],
  ['completes before the result', ['O1'], say('next', (message, send) => later(() => send(message)))],
  ['ignores variables', ['O3'], hear('subscribe', ({ payload: { variables, ...payload }, ...rest }, pass) => pass({
    ...rest,
    payload,
  }))],
  ['ignores operationName', ['O4'], hear('subscribe', ({ payload: { operationName, ...payload }, ...rest }, pass) =>
    pass({ ...rest, payload }))],
  ['completes after error', ['E2', 'E3', 'E4', 'E5'], say('error', (message, send) => [
    send(message),
    send({ id: message.id, type: 'complete' }),
  ])],
  ['sends errors as a result', ['E2'], say('error', ({ id, payload }, send) => send({
    id,
    type: 'next',
    payload: { errors: payload },
  }))],
  ['sends one error instead of a list', ['E2'], say('error', (message, send) => send({
    ...message,
    payload: message.payload[0],
  }))],
  ['sends an empty list of errors', ['E2'], say('error', (message, send) => send({ ...message, payload: [] }))],
  ['echoes complete', ['L6', 'L7', 'L8', 'C1'], hear('complete', (message, pass, send) => [
    pass(message),
    send(message),
  ])],
  ['does not hear complete', ['L7', 'L8', 'L9'], hear('complete', () => {})],
  ['closes for a complete of nothing', ['C4'], hear('complete', (message, pass, send, socket) => socket.close(4400))],
  ['completes a subscription after its first event', ['L2', 'L4'], say('next', (message, send) => [
    send(message),
    message.payload.data?.published && send({ id: message.id, type: 'complete' }),
  ])],
  ['sends events to every connection', ['L11', 'L12'], {
    open: (send) => published.push(send),
    ...say('next', (message, send) => (message.payload.data?.published
      ? published.forEach((other) => other(message))
      : send(message))),
  }],
  ['takes an id that runs', ['D1', 'D2', 'D3', 'D4', 'D6'], close(4409, () => {})],
  ['names no id in the reason of 4409', ['D1', 'D2'], close(4409, (_, socket) => socket.close(4409, 'In use'))],
  ['does not read on in a message of several frames', ['W4', 'W5'], { receive: (message, pass) => later(() => {
    if (message.type !== 'ping') pass(message);
  }) }],
  ['answers with binary messages', ['I1', 'O1'], { send: (message, _, socket) => socket.send(Buffer.from(
    JSON.stringify(message))) }],
].map(([name, sees, fault]) => ({ name, sees, ...fault }));

/** The reference server with a fault in what it says, hears or closes with. */
function faulty(fault) {
  return (sockets) => {
    const service = makeServer(serviceOptions());
    sockets.options.handleProtocols = fault.protocols ?? handleProtocols;
    sockets.on('connection', (socket) => {
      const send = (message) => socket.readyState === socket.OPEN && socket.send(JSON.stringify(message));
      const closed = service.opened({
        protocol: socket.protocol,
        send: async (text) => {
          const message = JSON.parse(text);
          if (fault.send) fault.send(message, send, socket);
          else send(message);
        },
        close: (code, reason) => {
          const short = reason.slice(0, 40);
          if (fault.close) fault.close(code, short, socket);
          else socket.close(code, short);
        },
        onMessage: (hear) => socket.on('message', (data) => {
          const pass = (message) => hear(JSON.stringify(message)).catch(() => socket.close(4500));
          let message;
          try {
            message = JSON.parse(String(data));
          } catch {
            hear(String(data));
            return;
          }
          if (fault.receive && message?.type) fault.receive(message, pass, send, socket);
          else pass(message);
        }),
      }, {});
      fault.open?.(send, socket);
      socket.once('close', (code, reason) => closed(code, String(reason)));
    });
  };
}

/** Runs the audit against each fault; resolves with how many faults were seen by every check that has to. */
export async function runFaults(write = console.log) {
  const counts = { ok: 0, FAIL: 0, note: 0, skip: 0 };
  const profile = { ...await loadProfile('reference'), deviations: {} };
  for (const fault of faults) {
    const server = await serve(faulty(fault));
    const lines = [];
    const options = { profile, only: fault.sees, strict: true, answer: ANSWER_MS };
    await audit({ ...options, url: server.url, write: (line) => lines.push(line) });
    await server.stop();
    const blind = lines.filter((line) => /^(ok|skip)/.test(line));
    counts[blind.length > 0 ? 'FAIL' : 'ok'] += 1;
    write(blind.length > 0
      ? `FAIL a server that ${fault.name}: not seen by ${blind.join('; ')}`
      : `ok   a server that ${fault.name}: seen by ${fault.sees.join(', ')}`);
  }
  write(`${counts.ok} passed, ${counts.FAIL} failed`);
  return counts;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { FAIL } = await runFaults();
  process.exitCode = FAIL > 0 ? 1 : 0;
}
