import type { WeeklyData } from "../../index";
import { formatHours } from "../ui/time";
import { nameOfDay } from "./days";

/** From how many hours on a day is shown stronger. */
const STEPS = [0, 1, 2.5, 4];

/** The last days as squares: the more hours, the stronger. */
export function StreakStrip({ days }: { days: readonly WeeklyData[] }) {
  const learned = days.filter(({ hoursLogged }) => hoursLogged > 0).length;
  return (
    <figure className="strip">
      <figcaption className="chart-head">
        <h3>Days of learning</h3>
        <span className="chart-note numeric">
          {learned} of the last {days.length}
        </span>
      </figcaption>
      <svg
        role="img"
        aria-label={`Something was learned on ${learned} of the last ${days.length} days`}
        viewBox={`0 0 ${days.length * 10} 10`}
      >
        {days.map(({ date, hoursLogged }, index) => (
          <rect key={date} className={`day day-${levelOf(hoursLogged)}`} x={index * 10 + 0.9} y="0.9" width="8.2" height="8.2" rx="2">
            <title>{`${nameOfDay(date)}: ${formatHours(hoursLogged)} h`}</title>
          </rect>
        ))}
      </svg>
    </figure>
  );
}

function levelOf(hours: number): number {
  return STEPS.filter((step) => hours > step).length;
}
