import type { ZoneSettings } from '../config/schema.ts';
import { bottomCentre, pointInPolygon } from './geometry.ts';
import type { Track } from './track.ts';

interface Stay {
  /** Frames in a row on the other side than `inside` says. */
  contrary: number;
  inside: boolean;
}

/**
 * Which zones each track stands in, by the bottom centre of its box. A track is in, and out again, after `inertia`
 * observed frames in a row, so that a box trembling on the border does not flicker.
 */
export class Zones {
  #zones: readonly (readonly [name: string, ZoneSettings])[] = [];
  #stays = new Map<number, Map<string, Stay>>();
  #entered = new Map<number, readonly string[]>();

  /** @param zones By name; polygons in shares of the picture. */
  configure(zones: Readonly<Record<string, ZoneSettings>>): void {
    this.#zones = Object.entries(zones);
    this.#stays.clear();
  }

  /** The tracks with `currentZones` and `enteredZones` filled in. @param size Of the frame, pixels. */
  update(tracks: readonly Track[], size: { width: number; height: number }): Track[] {
    const stays = new Map<number, Map<string, Stay>>();
    const entered = new Map<number, readonly string[]>();
    const result = tracks.map((track) => {
      const mine = this.#stays.get(track.id) ?? new Map<string, Stay>();
      stays.set(track.id, mine);
      const [x, y] = bottomCentre(track.box);
      // A box that reaches the lower edge stands on the last row, not below it.
      const at = [x / size.width, Math.min(y, size.height - 1) / size.height] as const;
      const currentZones: string[] = [];
      for (const [name, { polygon, labels, inertia }] of this.#zones) {
        if (labels && !labels.includes(track.label)) continue;
        const stay = mine.get(name) ?? { contrary: 0, inside: false };
        mine.set(name, stay);
        if (track.visible) {
          const inside = pointInPolygon(at, polygon);
          stay.contrary = inside === stay.inside ? 0 : stay.contrary + 1;
          if (stay.contrary >= inertia) {
            stay.inside = inside;
            stay.contrary = 0;
          }
        }
        if (stay.inside) currentZones.push(name);
      }
      const before = this.#entered.get(track.id) ?? [];
      const fresh = currentZones.filter((name) => !before.includes(name));
      const enteredZones = fresh.length > 0 ? [...before, ...fresh] : before;
      entered.set(track.id, enteredZones);
      return { ...track, currentZones, enteredZones };
    });
    this.#stays = stays;
    this.#entered = entered;
    return result;
  }
}
