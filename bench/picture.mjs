// Draws the table of a run as a picture: how many times better Pulse is, in the rows that people ask for.
//
//   node bench/picture.mjs docs/PERFORMANCE.md > docs/images/performance.svg
//
// It reads the table as `bench/run` prints it, wherever it stands in the file.

import { readFileSync } from 'node:fs';

/** The rows that are drawn: how the first cell of a line begins, words of the peer, and what the picture calls both. */
const EXPRESS = 'Express + Socket.IO';
const MERCURIUS = 'Mercurius (JIT)';
const ROWS = [
  ['Create', [
    ['create over REST, 64 connections, SQLite', 'Express + Socket.IO, better-sqlite3 NORMAL', 'REST, SQLite', EXPRESS],
    ['create over REST, 64 connections, PostgreSQL', 'Express', 'REST, PostgreSQL', EXPRESS],
    ['create over GraphQL, 64 connections, SQLite', 'Mercurius', 'GraphQL, SQLite', MERCURIUS],
    ['create over GraphQL, 64 connections, PostgreSQL', 'Mercurius', 'GraphQL, PostgreSQL', MERCURIUS],
  ]],
  ['First page of a feed of 10,000', [
    ['first page of a feed of 10000 over REST, SQLite', 'Express', 'REST, SQLite', EXPRESS],
    ['first page of a feed of 10000 over REST, PostgreSQL', 'Express', 'REST, PostgreSQL', EXPRESS],
    ['first page of a feed of 10000 over GraphQL, SQLite', 'Mercurius', 'GraphQL, SQLite', MERCURIUS],
    ['first page of a feed of 10000 over GraphQL, PostgreSQL', 'Mercurius', 'GraphQL, PostgreSQL', MERCURIUS],
  ]],
  ['Memory of an idle subscription, 10,000 connected', [
    ['resident memory per idle subscription, GraphQL', 'Mercurius', 'GraphQL', MERCURIUS],
    ['resident memory per idle subscription, GraphQL', 'Yoga', 'GraphQL', 'Yoga + graphql-ws'],
    ['resident memory per idle subscription, Socket.IO', 'Express', 'Socket.IO', EXPRESS],
  ]],
  ['Processor time of a delivery, all on one topic', [
    ['processor time of the server per delivery, GraphQL', 'Mercurius', 'GraphQL', MERCURIUS],
    ['processor time of the server per delivery, GraphQL', 'async-graphql', 'GraphQL', 'async-graphql-axum'],
    ['processor time of the server per delivery, Socket.IO', 'Express', 'Socket.IO', EXPRESS],
  ]],
];

const WIDTH = 860;
const BAR = { left: 330, right: 640, height: 14, step: 22 };
/** Where the scale, which is logarithmic, has its lines. */
const MARKS = [0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500];
const HEAD = 34;
const INK = { pulse: '#4f46e5', text: '#1f2430', faint: '#6b7280', line: '#d5d9e0' };

/** The lines of the table: what, our number, the peer, theirs, and the ratio. */
function lines(text) {
  return text
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter((cells) => cells.length === 7 && /^\*\*[\d.]+ x\*\*/.test(cells[5]))
    .map(([, what, ours, peer, theirs, ratio]) => ({ what, ours, peer, theirs, ratio: Number(/[\d.]+/.exec(ratio)[0]) }));
}

/** The last line that fits: of memory there are several, for more and more subscriptions. */
function find(table, [what, peer]) {
  const found = table.filter((line) => line.what.startsWith(what) && line.peer.includes(peer)).at(-1);
  if (!found) throw new Error(`the table has no line "${what}" beside ${peer}`);
  return found;
}

function escape(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

function unit(what) {
  const word = what.slice(what.lastIndexOf(',') + 2);
  return word === 'requests/s' ? '/s' : ` ${word}`;
}

function number(text) {
  return Number(text).toLocaleString('en', { maximumFractionDigits: 1 });
}

function draw(table) {
  const groups = ROWS.map(([title, rows]) => [title, rows.map((row) => ({ ...find(table, row), label: row[2], beside: row[3] }))]);
  const ratios = groups.flatMap(([, rows]) => rows.map((row) => row.ratio));
  const [least, most] = [Math.min(0.5, ...ratios), Math.max(...ratios)];
  const at = (ratio) => BAR.left + ((BAR.right - BAR.left) * Math.log(ratio / least)) / Math.log(most / least);
  const out = [];
  const text = (x, y, content, more = '') => out.push(`<text x="${x}" y="${y}"${more}>${escape(content)}</text>`);
  let y = 30;
  text(20, y, 'How many times better Pulse is, beside what people use now', ' font-size="17" font-weight="600"');
  y += 20;
  text(20, y, 'The same load, one after the other on one machine; more requests, less memory, less processor time. Logarithmic', ` fill="${INK.faint}"`);
  y += 14;
  const top = y;
  for (const [title, rows] of groups) {
    y += HEAD;
    text(20, y - 8, title, ' font-weight="600"');
    for (const row of rows) {
      const [start, end] = [at(1), at(row.ratio)].sort((one, other) => one - other);
      const base = y + 12;
      text(20, base, row.label);
      text(BAR.left - 10, base, row.beside, ` text-anchor="end" fill="${INK.faint}"`);
      const ink = row.ratio < 1 ? INK.faint : INK.pulse;
      out.push(`<rect x="${start.toFixed(1)}" y="${y + 1}" width="${(end - start).toFixed(1)}" height="${BAR.height}" rx="2" fill="${ink}"/>`);
      text((end + 8).toFixed(1), base, `${row.ratio} ×`, ' font-weight="600"');
      text(WIDTH - 20, base, `${number(row.ours)} to ${number(row.theirs)}${unit(row.what)}`, ` text-anchor="end" fill="${INK.faint}"`);
      y += BAR.step;
    }
  }
  for (const mark of MARKS.filter((mark) => mark >= least && mark <= most)) {
    const x = at(mark).toFixed(1);
    out.unshift(`<path d="M${x} ${top + 14}V${y + 2}" stroke="${INK.line}"/>`);
    text(x, y + 16, `${mark} ×`, ` text-anchor="middle" fill="${INK.faint}"`);
  }
  const height = y + 30;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="13" fill="${INK.text}">`,
    '<title>How many times better Pulse is, beside what people use now</title>',
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    ...out,
    '</svg>',
    '',
  ].join('\n');
}

const [file] = process.argv.slice(2);
if (!file) {
  console.error('usage: node bench/picture.mjs FILE > PICTURE.svg');
  process.exit(2);
}
process.stdout.write(draw(lines(readFileSync(file, 'utf8'))));
