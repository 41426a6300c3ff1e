import { type PointerEvent, type ReactNode, useState } from "react";
import { DataTable } from "./DataTable";

/** One bar. */
export interface Bar {
  readonly key: string;
  /** What it stands for, in full: for the table and the line above the bars. */
  readonly name: string;
  readonly value: number;
  /** Its value in words. */
  readonly words: string;
  /** What stands below it; nothing below most of many. */
  readonly label?: string | undefined;
  readonly isNow?: boolean;
}

interface BarChartProps {
  readonly title: string;
  /** The chart in one sentence, for who does not see it. */
  readonly summary: string;
  /** What stands beside the title while no bar is pointed at. */
  readonly note: ReactNode;
  readonly bars: readonly Bar[];
  readonly columns: readonly [string, string];
  readonly isDense?: boolean;
}

/** Bars with a scale, the value of the one that is pointed at, and all of them as a table. */
export function BarChart({ title, summary, note, bars, columns, isDense = false }: BarChartProps) {
  const [pointed, setPointed] = useState<number>();
  const top = niceCeiling(Math.max(...bars.map(({ value }) => value)));
  const point = (event: PointerEvent<SVGSVGElement>): void => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    const at = Math.floor(((event.clientX - left) / width) * bars.length);
    setPointed(Math.min(Math.max(0, at), bars.length - 1));
  };
  const bar = pointed === undefined ? undefined : bars[pointed];
  const width = isDense ? 0.74 : 0.62;
  return (
    <figure className="chart">
      <figcaption className="chart-head">
        <h3>{title}</h3>
        <span className="chart-note numeric">
          {bar ? (
            <>
              {bar.name}: <strong>{bar.words}</strong>
            </>
          ) : (
            note
          )}
        </span>
      </figcaption>
      <div className="chart-body">
        <div className="chart-scale numeric" aria-hidden="true">
          <span>{top} h</span>
          <span>{top / 2}</span>
          <span>0</span>
        </div>
        <svg
          className="chart-bars"
          role="img"
          aria-label={summary}
          viewBox={`0 0 ${bars.length} 100`}
          preserveAspectRatio="none"
          onPointerMove={point}
          onPointerDown={point}
          onPointerLeave={() => setPointed(undefined)}
        >
          {[0, 50, 100].map((y) => (
            <line key={y} className="chart-line" x1="0" x2={bars.length} y1={y} y2={y} />
          ))}
          {bars.map(({ key, value, isNow }, index) => (
            <rect
              key={key}
              className={index === pointed ? "bar bar-pointed" : isNow ? "bar bar-now" : "bar"}
              x={index + (1 - width) / 2}
              width={width}
              y={100 - (value / top) * 100}
              height={(value / top) * 100}
            />
          ))}
        </svg>
        <svg className={isDense ? "chart-labels" : "chart-labels chart-months"} aria-hidden="true" height="16">
          {bars.map(({ key, label }, index) =>
            label ? (
              <text key={key} x={`${((index + (isDense ? 0 : 0.5)) / bars.length) * 100}%`} y="12"
                textAnchor={isDense ? "start" : "middle"}>
                {label}
              </text>
            ) : null)}
        </svg>
      </div>
      <DataTable title={title} columns={columns} rows={bars} />
    </figure>
  );
}

/** A round number that is not below the value. */
function niceCeiling(value: number): number {
  if (value <= 0) return 2;
  const size = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 5, 6, 8, 10].map((step) => step * size).find((step) => step >= value) ?? 10 * size;
}
