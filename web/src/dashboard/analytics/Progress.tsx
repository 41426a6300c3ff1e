import { useMemo } from "react";
import type { Analytics, StatName } from "../../index";
import { useAnalytics } from "../../react/index";
import { Icon, type IconName } from "../ui/Icon";
import { useNow } from "../ui/now";
import { Empty, Failed } from "../ui/States";
import { useToasts } from "../ui/Toasts";
import { formatCount, formatHours, plural } from "../ui/time";
import { BarChart } from "./BarChart";
import { lastDays, lastMonths, longMonth, nameOfDay, shortMonth, sumOf, today } from "./days";
import { StatTile } from "./StatTile";
import { StreakStrip } from "./StreakStrip";

const WEEKS = 12;
const DAYS = 7 * WEEKS;
const STRIP_DAYS = 28;
const MONTHS = 12;

const COUNTERS: readonly { readonly stat: StatName; readonly label: string; readonly one: string; readonly icon: IconName }[] = [
  { stat: "logsCreated", label: "Logs", one: "a log", icon: "log" },
  { stat: "goalsCompleted", label: "Goals", one: "a goal", icon: "goal" },
  { stat: "skillsAdded", label: "Skills", one: "a skill", icon: "skill" },
];

/** What the user has reached, in numbers and charts, live. */
export function Progress({ startLogging }: { startLogging(): void }) {
  const { analytics, loading, error, refetch, incrementStat } = useAnalytics();
  const toasts = useToasts();
  return (
    <section className="panel progress" data-part="progress" aria-labelledby="progress-title">
      <div className="panel-head">
        <h2 id="progress-title">Progress</h2>
        <button type="button" className="button button-quiet button-small panel-action" onClick={startLogging}>
          <Icon name="plus" size={16} />
          Log hours
        </button>
      </div>
      {loading && <ProgressSkeleton />}
      {error && !analytics && !loading && <Failed what="Your progress" error={error} retry={refetch} />}
      {!loading && !error && !analytics && (
        <Empty
          icon="chart"
          title="Nothing to count yet"
          actions={
            <button type="button" className="button button-primary" onClick={startLogging}>
              Log your first hour
            </button>
          }
        >
          <p>Hours, streaks and counters show here, with charts that grow as you go.</p>
        </Empty>
      )}
      {analytics && (
        <Numbers
          analytics={analytics}
          increment={(stat) => void incrementStat(stat).catch(toasts.failed)}
        />
      )}
    </section>
  );
}

function Numbers({ analytics, increment }: { analytics: Analytics; increment(stat: StatName): void }) {
  const { totalLearningHours, currentStreak, longestStreak } = analytics;
  return (
    <>
      <dl className="tiles">
        <StatTile icon="hours" label="Total" value={formatHours(totalLearningHours)} unit="h" />
        <StatTile
          icon="streak"
          label="Streak"
          value={formatCount(currentStreak)}
          unit={currentStreak === 1 ? "day" : "days"}
        />
        <StatTile
          icon="trophy"
          label="Longest"
          value={formatCount(longestStreak)}
          unit={longestStreak === 1 ? "day" : "days"}
        />
        {COUNTERS.map(({ stat, label, one, icon }) => (
          <StatTile
            key={stat}
            icon={icon}
            label={label}
            value={formatCount(analytics[stat])}
            action={
              <button
                type="button"
                className="tile-add"
                aria-label={`Count ${one}`}
                title={`Count ${one}`}
                onClick={() => increment(stat)}
              >
                <Icon name="plus" size={14} />
              </button>
            }
          />
        ))}
      </dl>
      <Charts analytics={analytics} />
    </>
  );
}

function Charts({ analytics }: { analytics: Analytics }) {
  // A chart changes with its data and with the day, not with each tick of the clock.
  const date = today(useNow());
  const { weeklyData, monthlyData } = analytics;
  const { days, months } = useMemo(() => {
    const now = Date.parse(date);
    return { days: lastDays(weeklyData, DAYS, now), months: lastMonths(monthlyData, MONTHS, now) };
  }, [weeklyData, monthlyData, date]);
  const total = sumOf(days.map(({ hoursLogged }) => hoursLogged));
  const year = sumOf(months.map(({ hoursLogged }) => hoursLogged));
  return (
    <>
      <StreakStrip days={days.slice(-STRIP_DAYS)} />
      <BarChart
        title="Hours a day"
        summary={`Hours of learning on each of the last ${DAYS} days, ${formatHours(total)} in all`}
        note={`${formatHours(total)} h in ${WEEKS} weeks, ${formatHours(total / WEEKS)} h a week`}
        columns={["Day", "Learned"]}
        isDense
        bars={days.map((day, index) => ({
          key: day.date,
          name: nameOfDay(day.date),
          value: day.hoursLogged,
          words: `${formatHours(day.hoursLogged)} h, ${plural(day.logsCount, "log")}`,
          // Where a month begins, unless the edge is too near for a word.
          label: day.date.endsWith("-01") && index < DAYS - 6 ? shortMonth(day.date) : undefined,
          isNow: day.date === date,
        }))}
      />
      <BarChart
        title="Hours a month"
        summary={`Hours of learning in each of the last ${MONTHS} months, ${formatHours(year)} in all`}
        note={`${formatHours(year)} h in ${MONTHS} months`}
        columns={["Month", "Learned"]}
        bars={months.map(({ month, hoursLogged, logsCount }) => ({
          key: month,
          name: longMonth(month),
          value: hoursLogged,
          words: `${formatHours(hoursLogged)} h, ${plural(logsCount, "log")}`,
          label: shortMonth(month),
          isNow: date.startsWith(month),
        }))}
      />
    </>
  );
}

function ProgressSkeleton() {
  return (
    <div className="progress-skeleton" role="status">
      <span className="visually-hidden">Reading your progress</span>
      <div className="tiles" aria-hidden="true">
        {Array.from({ length: 6 }, (_, index) => (
          <span key={index} className="skeleton tile-skeleton" />
        ))}
      </div>
      <span className="skeleton chart-skeleton" aria-hidden="true" />
      <span className="skeleton chart-skeleton" aria-hidden="true" />
    </div>
  );
}
