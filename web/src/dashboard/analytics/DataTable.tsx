interface DataTableProps {
  readonly title: string;
  readonly columns: readonly [string, string];
  readonly rows: readonly { readonly key: string; readonly name: string; readonly words: string; readonly value: number }[];
}

/** What a chart shows, as a table: newest first, without the days on which nothing was. */
export function DataTable({ title, columns, rows }: DataTableProps) {
  const shown = rows.filter(({ value }) => value !== 0).toReversed();
  return (
    <details className="chart-table">
      <summary>
        Show as a table<span className="visually-hidden">: {title}</span>
      </summary>
      <div className="table-scroll" role="region" aria-label={`${title}, table`} tabIndex={0}>
        <table>
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map(({ key, name, words }) => (
              <tr key={key}>
                <th scope="row">{name}</th>
                <td className="numeric">{words}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {shown.length === 0 && <p className="soft">Nothing is logged yet.</p>}
      </div>
    </details>
  );
}
