import type { CameraSettings } from '../../../protocol.ts';
import { keep, kept } from '../kept.ts';
import { isSame } from '../save/merge.ts';
import { changeWith, type Draft, draftFrom, seenWith } from './draft.ts';

const storedKey = 'ocellus-drafts';

/** What was drawn and not saved, by camera: it is there again after a reload, and for who comes back from another view. */
export const keptDrafts = {
  get(camera: string): Draft | undefined {
    return all()[camera];
  },
  set(camera: string, draft: Draft | undefined): void {
    keep(storedKey, { ...all(), [camera]: draft });
  },
};

function all(): Record<string, Draft | undefined> {
  return kept(storedKey) ?? {};
}

/** Whether something would be lost without it. */
export function isChanged(draft: Draft | undefined, settings: CameraSettings): boolean {
  if (!draft) return false;
  const { kind, original, saved, points } = draft;
  if (original === undefined || !saved || points.length === 0) return original !== undefined || points.length > 0;
  const seen = seenWith(draft, settings);
  return !isSame(changeWith(draft, seen), changeWith(draftFrom(kind, original, saved), seen));
}
