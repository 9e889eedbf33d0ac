/** A camera that was found. */
export interface FoundCamera {
  /** What `openDevice` takes: `v4l2:/dev/video0`. */
  readonly uri: string;
  /** For a person: `HD USB Camera (/dev/video0)`. */
  readonly title: string;
  readonly kind: 'libcamera' | 'v4l2';
}
