import type { MonthlyData, WeeklyData } from "../../index";

/** Days and months as the server counts them: in UTC. */

const DAY_MS = 86_400_000;
const dayName = new Intl.DateTimeFormat("en", { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" });
const monthName = new Intl.DateTimeFormat("en", { month: "short", timeZone: "UTC" });
const monthAndYear = new Intl.DateTimeFormat("en", { month: "long", year: "numeric", timeZone: "UTC" });

/** Today as `YYYY-MM-DD`. */
export function today(now: number): string {
  return new Date(now).toISOString().slice(0, 10);
}

/** The last days, ascending, today last; a day without an entry has nothing in it. */
export function lastDays(entries: readonly WeeklyData[], count: number, now: number): WeeklyData[] {
  const byDate = new Map(entries.map((entry) => [entry.date, entry]));
  return Array.from({ length: count }, (_, index) => {
    const date = today(now - (count - 1 - index) * DAY_MS);
    return byDate.get(date) ?? { date, hoursLogged: 0, logsCount: 0 };
  });
}

/** The last months, ascending, this one last; a month without an entry has nothing in it. */
export function lastMonths(entries: readonly MonthlyData[], count: number, now: number): MonthlyData[] {
  const byMonth = new Map(entries.map((entry) => [entry.month, entry]));
  const end = new Date(now);
  return Array.from({ length: count }, (_, index) => {
    const first = new Date(Date.UTC(end.getUTCFullYear(), end.getUTCMonth() - (count - 1 - index), 1));
    const month = first.toISOString().slice(0, 7);
    return byMonth.get(month) ?? { month, hoursLogged: 0, logsCount: 0 };
  });
}

/** "Tue, Nov 4". */
export function nameOfDay(date: string): string {
  return dayName.format(Date.parse(date));
}

/** "Nov". */
export function shortMonth(date: string): string {
  return monthName.format(Date.parse(date));
}

/** "November 2026". */
export function longMonth(month: string): string {
  return monthAndYear.format(Date.parse(month));
}

/** A sum without the rounding of binary numbers. */
export function sumOf(values: readonly number[]): number {
  return Number(values.reduce((sum, value) => sum + value, 0).toFixed(9));
}
