import type { Frame, Plane } from '../frame/frame.ts';
import type { PixelFormat } from '../frame/layout.ts';
import { loadOpenCv } from '../opencv-bindings/load.ts';
import type { Mat } from '../opencv-bindings/types.ts';

/** What a Mat shows that lies over a frame's pixels as they are. */
export interface Shared {
  readonly format: PixelFormat;
  readonly plane: Plane;
}

/** A Mat's hold on the frame whose pixels it shows: the frame is not given back before the Mat is, and all it does. */
class Loan {
  readonly frame: Frame;
  readonly shared: Shared | undefined;
  #uses = 1;

  constructor(frame: Frame, shared?: Shared) {
    this.frame = frame.acquire();
    this.shared = shared;
  }

  use(): void {
    this.#uses++;
  }

  end(): void {
    if (--this.#uses === 0) this.frame.release();
  }
}

const loans = new WeakMap<Mat, Loan>();
/** For Mats that nobody released. */
const forgotten = new FinalizationRegistry<Loan>((loan) => loan.end());

/**
 * Ties a Mat that lies over the pixels of a frame to that frame: `release()` of the Mat gives the frame back, and so do its
 * views (regions, rows) and what it still does on other threads. After `release()` its methods throw.
 *
 * @param shared What the Mat shows, when it shows a plane as it is.
 */
export function lend(mat: Mat, frame: Frame, shared?: Shared): Mat {
  const loan = new Loan(frame, shared);
  loans.set(mat, loan);
  forgotten.register(mat, loan, mat);
  methods ??= makeMethods();
  return Object.setPrototypeOf(mat, methods.lent) as Mat;
}

/** What a Mat shows that `lend()` tied to a frame, and that frame; undefined for others and for views. */
export function lentFrom(mat: Mat): { frame: Frame; shared: Shared } | undefined {
  const loan = loans.get(mat);
  return loan?.shared && { frame: loan.frame, shared: loan.shared };
}

/** Those that give another Mat over the same pixels. */
const views = ['getRegion', 'row', 'rowRange', 'col', 'colRange', 'flattenFloat', 'setData', 'setTo'];

type Method = (this: Mat, ...values: unknown[]) => unknown;
let methods: { lent: object; released: object } | undefined;

function makeMethods(): { lent: object; released: object } {
  const { prototype } = loadOpenCv().Mat;
  const lent = Object.create(prototype) as Record<string, Method>;
  const released = Object.create(prototype) as Record<string, Method>;
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    if (typeof value !== 'function' || name === 'constructor') continue;
    if (views.includes(name)) lent[name] = viewing(value as Method);
    if (name.endsWith('Async')) lent[name] = holding(value as Method);
    released[name] = () => {
      throw new Error(`this Mat was released: ${name}() has no pixels to work on`);
    };
  }
  lent.release = function (this: Mat) {
    const loan = loans.get(this);
    if (!loan) return;
    loans.delete(this);
    forgotten.unregister(this);
    Reflect.apply(prototype.release, this, []);
    Object.setPrototypeOf(this, released);
    loan.end();
  };
  released.release = () => {};
  return { lent, released };
}

function viewing(method: Method): Method {
  return function (...values) {
    const view = Reflect.apply(method, this, values) as Mat;
    return lend(view, loans.get(this)!.frame);
  };
}

/** Work on another thread has a pointer to the pixels, and nothing that keeps them. */
function holding(method: Method): Method {
  return function (...values) {
    const loan = loans.get(this)!;
    loan.use();
    const callback = values.at(-1);
    const isCalledBack = typeof callback === 'function';
    const done = (...results: unknown[]) => {
      loan.end();
      if (isCalledBack) Reflect.apply(callback, undefined, results);
    };
    if (isCalledBack) return Reflect.apply(method, this, [...values.slice(0, -1), done]);
    return (Reflect.apply(method, this, values) as Promise<unknown>).finally(done);
  };
}
