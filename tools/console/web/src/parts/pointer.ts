/** Whether the page is used by finger, as far as the browser knows. */
export const isTouch = matchMedia('(pointer: coarse)').matches;

export const click = isTouch ? 'Tap' : 'Click';
