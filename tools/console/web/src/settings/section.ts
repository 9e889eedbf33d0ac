import type { CameraChange, CameraState } from '../../../protocol.ts';

/** What a section of the form gets. */
export interface SectionProps {
  camera: CameraState;
  /** Saves; false when the server refused. */
  save(change: CameraChange): Promise<boolean>;
}
