// Points of a growing curve in bounded memory: when there are too many, every second one goes, and from then on half as many are taken.

/** Points kept at most: more than a page is wide. */
const pointsMax = 2000;

/** Keeps points by time. */
export class Samples<T extends { readonly t: number }> {
  #points: T[] = [];
  #stepMs = 0;

  /** Adds a point that is not before the last one. The last point is always kept. */
  add(point: T): void {
    const points = this.#points;
    const before = points.at(-2);
    // The newest point stands in for the end until the next one is far enough from the one before it.
    if (before !== undefined && (points.at(-1)?.t ?? 0) - before.t < this.#stepMs) points.pop();
    points.push(point);
    if (points.length <= pointsMax) return;
    const last = point.t;
    this.#points = points.filter((_, index) => index % 2 === 0 || index === points.length - 1);
    this.#stepMs = (2 * (last - (points[0]?.t ?? 0))) / pointsMax;
  }

  get points(): readonly T[] {
    return this.#points;
  }
}
