import { InputError } from '../base/errors.ts';

const form = /^(\d{4})-(\d{2})-(\d{2})$/;

/** The day of a time by this machine's time zone: `2026-12-01`. @param seconds Since 1970. */
export function dayOf(seconds: number): string {
  const date = new Date(seconds * 1000);
  const two = (number: number) => String(number).padStart(2, '0');
  return `${String(date.getFullYear()).padStart(4, '0')}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** @throws InputError when it is no day of the calendar. */
export function checkDay(day: string): string {
  const [, year, month, date] = form.exec(day) ?? [];
  if (year !== undefined) {
    const noon = new Date(Number(year), Number(month) - 1, Number(date), 12);
    if (dayOf(noon.getTime() / 1000) === day) return day;
  }
  throw new InputError(`expected a day such as 2026-12-01, got ${JSON.stringify(day)}`);
}
