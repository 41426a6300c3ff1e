// The report, as a table that people and Markdown can read.

const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;
const COLUMNS = [
  ['fault', (row) => row.fault],
  ['lasted', (row) => seconds(row.lasted)],
  ['answered', (row) => row.answered],
  ['unknown', (row) => row.unknown],
  ['refused', (row) => row.refused],
  ['received', (row) => row.received],
  ['lost', (row) => row.lost],
  ['doubled', (row) => row.doubled],
  ['ready again', (row) => seconds(row.ready)],
  ['longest delay', (row) => seconds(row.delay)],
  ['violations', (row) => row.violations.length],
];
/** Violations of one fault that are printed. */
const MOST = 12;

/** A Markdown table, its columns as wide as they need to be. */
export function table(columns, rows) {
  const cells = [columns.map(([name]) => name), ...rows.map((row) => columns.map(([, value]) => String(value(row))))];
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => line[index].length)));
  const pad = (text, index) => (index === 0 ? text.padEnd(widths[0]) : text.padStart(widths[index]));
  const line = (texts) => `| ${texts.map(pad).join(' | ')} |`;
  const rule = `|${widths.map((width, index) => '-'.repeat(width + 1) + (index === 0 ? '-' : ':')).join('|')}|`;
  return [line(cells[0]), rule, ...cells.slice(1).map(line)].join('\n');
}

/** One line for a fault that is over, and what was wrong. */
export function told(row) {
  const { fault, lasted, answered, unknown, refused, received, violations, notes } = row;
  const lines = [`${violations.length === 0 ? 'ok  ' : 'FAIL'} ${fault} (${[seconds(lasted), ...notes].join('; ')}): `
    + `${answered} written, ${unknown} unknown, ${refused} refused, ${received} received, `
    + `ready after ${seconds(row.ready)}, longest delay ${seconds(row.delay)}`];
  lines.push(...violations.slice(0, MOST).map((what) => `       ${what}`));
  if (violations.length > MOST) lines.push(`       and ${violations.length - MOST} more`);
  return lines.join('\n');
}

/** The whole report, with sums. */
export function report(rows) {
  const sum = (name) => rows.reduce((total, row) => total + row[name], 0);
  const all = { fault: 'in all', violations: rows.flatMap((row) => row.violations) };
  for (const name of ['lasted', 'answered', 'unknown', 'refused', 'received', 'lost', 'doubled']) all[name] = sum(name);
  for (const name of ['ready', 'delay']) all[name] = Math.max(...rows.map((row) => row[name]));
  return table(COLUMNS, [...rows, all]);
}
