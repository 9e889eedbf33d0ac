import { useEffect, useState } from 'preact/hooks';

export const views = ['live', 'events', 'zones', 'taught', 'settings', 'health'] as const;
export type View = (typeof views)[number];

export interface Route {
  view: View;
  /** Undefined: all, or the first where one is needed. */
  camera: string | undefined;
}

/** `#/zones/door` is the zones of the camera `door`. */
function parseRoute(hash: string): Route {
  const [, view, camera] = hash.split('/');
  return {
    view: views.find((one) => one === view) ?? 'live',
    camera: camera ? decodeURIComponent(camera) : undefined,
  };
}

export function linkTo(view: View, camera?: string): string {
  return `#/${view}${camera === undefined ? '' : `/${encodeURIComponent(camera)}`}`;
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  useEffect(() => {
    const follow = () => {
      setRoute(parseRoute(location.hash));
      // Another view begins at its top.
      scrollTo(0, 0);
    };
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  return route;
}
