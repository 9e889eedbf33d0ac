import type { CameraChange, CameraState } from '../../../protocol.ts';

/** Props of a section of the form. */
export interface SectionProps {
  camera: CameraState;
  /** Saves; false when the server refused. */
  save(change: CameraChange): Promise<boolean>;
}
