/**
 * How often a test tries what may go wrong at any moment or with any input: `full` in `npm run test:long`, `short` else.
 * Tests say in their names, or in what they print, how often it was.
 */
export function campaign(full: number, short: number): number {
  return process.env.OCELLUS_TEST_LONG === '1' ? full : short;
}
