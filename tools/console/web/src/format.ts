/** `4 s`, `2 min 5 s`, `1 h 3 min`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`;
}

/** `now`, `12 s ago`, `5 min ago`, then the time of day, and the date as well after half a day. */
export function ago(seconds: number, nowSeconds: number): string {
  const past = nowSeconds - seconds;
  if (past < 5) return 'just now';
  if (past < 60) return `${Math.floor(past)} s ago`;
  if (past < 3600) return `${Math.floor(past / 60)} min ago`;
  return past < 43_200 ? clock(seconds) : dateAndTime(seconds * 1000);
}

/** `2026-12-01`, in the browser's time zone. */
export function dayOf(seconds: number): string {
  const date = new Date(seconds * 1000);
  const two = (number: number) => String(number).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** `Today`, `Yesterday`, then `Sunday, Nov 29`. @param now Seconds since 1970. */
export function dayInWords(day: string, now: number): string {
  if (day === dayOf(now)) return 'Today';
  const noon = new Date(`${day}T12:00:00`);
  if (dayOf(noon.getTime() / 1000 + 86_400) === dayOf(now)) return 'Yesterday';
  return noon.toLocaleDateString([], { weekday: 'long', month: 'short', day: 'numeric' });
}

export function clock(seconds: number): string {
  return new Date(seconds * 1000).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' });
}

/** `Mar 4, 18:20`, in the browser's locale. */
export function dateAndTime(ms: number): string {
  return new Date(ms).toLocaleString([], { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' });
}

export const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** `1.2 ms`, `34 ms`. */
export const milliseconds = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;

/** `12 345` with thin spaces. */
export const count = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, '\u202f');

/** `0 kB`, `12 kB`, `3.4 MB`. */
export const bytes = (value: number): string =>
  value < 1e6 ? `${Math.round(value / 1000)} kB` : `${(value / 1e6).toFixed(1)} MB`;

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** `12 mJ`, `0.42 J`, `3.1 J`. */
export function energy(joules: number): string {
  if (joules < 0.1) return `${(joules * 1000).toFixed(joules < 0.01 ? 1 : 0)} mJ`;
  return `${joules.toFixed(joules < 1 ? 2 : 1)} J`;
}
