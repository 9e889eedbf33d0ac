/** A camera that was found. */
export interface FoundCamera {
  /** URI for `openDevice`: `v4l2:/dev/video0`. */
  readonly uri: string;
  /** Title for people: `HD USB Camera (/dev/video0)`. */
  readonly title: string;
  readonly kind: 'libcamera' | 'v4l2';
}
