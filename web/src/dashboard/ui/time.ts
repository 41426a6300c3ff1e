/** Times and numbers in words. The page is in English, so they are. */

const LOCALE = "en";
const relative = new Intl.RelativeTimeFormat(LOCALE, { numeric: "auto" });
const exact = new Intl.DateTimeFormat(LOCALE, { dateStyle: "full", timeStyle: "medium" });
const clock = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short", year: "numeric" });
const hours = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 1 });
const whole = new Intl.NumberFormat(LOCALE);

const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
] as const;

/** "just now", "5 minutes ago", "yesterday", and from a month on the date. */
export function relativeTime(time: number, now: number): string {
  const seconds = (time - now) / 1000;
  if (Math.abs(seconds) >= 30 * 86_400) return day.format(time);
  for (const [unit, length] of UNITS) {
    if (Math.abs(seconds) >= length) return relative.format(Math.trunc(seconds / length), unit);
  }
  return seconds > 30 ? "in a moment" : "just now";
}

/** A time with its day, to the second. */
export function exactTime(time: number): string {
  return exact.format(time);
}

/** "14:05" today, with the day otherwise. */
export function clockTime(time: number, now: number): string {
  const today = new Date(now).toDateString() === new Date(time).toDateString();
  return today ? clock.format(time) : `${day.format(time)}, ${clock.format(time)}`;
}

/** Hours with one decimal at most. */
export function formatHours(value: number): string {
  return hours.format(value);
}

export function formatCount(value: number): string {
  return whole.format(value);
}

/** "1 item", "2 items". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}
