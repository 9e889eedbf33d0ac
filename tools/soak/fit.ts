/** A straight line through points, and how sure its slope is. */
export interface Fit {
  readonly slope: number;
  /** Standard error of the slope. */
  readonly error: number;
}

/**
 * Least squares. Neighbouring samples of a process's memory are alike, so they count as fewer: the error is widened by
 * the correlation of each residual with the one before it (the effective sample size of an AR(1) process).
 *
 * @param points At least three, at different x, in order.
 */
export function fitLine(points: readonly (readonly [x: number, y: number])[]): Fit {
  const count = points.length;
  if (count < 3) throw new RangeError(`expected at least 3 points, got ${count}`);
  const meanX = mean(points.map(([x]) => x));
  const meanY = mean(points.map(([, y]) => y));
  const spread = sum(points.map(([x]) => (x - meanX) ** 2));
  if (spread === 0) throw new RangeError('expected points at different x');
  const slope = sum(points.map(([x, y]) => (x - meanX) * (y - meanY))) / spread;
  const residuals = points.map(([x, y]) => y - meanY - slope * (x - meanX));
  const squares = sum(residuals.map((residual) => residual ** 2));
  const lagged = sum(residuals.slice(1).map((residual, i) => residual * residuals[i]!));
  const correlation = squares === 0 ? 0 : Math.min(0.99, Math.max(0, lagged / squares));
  const widening = Math.sqrt((1 + correlation) / (1 - correlation));
  return { slope, error: Math.sqrt(squares / (count - 2) / spread) * widening };
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]) => sum(values) / values.length;
