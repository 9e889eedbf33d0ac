import { listModels } from '../../../core/cards/model-file.ts';
import type { DetectorInfo } from '../../../core/detector.ts';

/**
 * What the update entity of the model says: the version of the card in use and of the card of that name that ships. A
 * model of the owner's own has nothing to be compared with.
 *
 * @returns Strict JSON, or null when there is nothing to say.
 */
export async function modelVersions(card: DetectorInfo): Promise<string | null> {
  const shipped = (await listModels()).find(({ name }) => name === card.name);
  if (!card.version || !shipped?.version) return null;
  return JSON.stringify({
    installed_version: card.version,
    latest_version: shipped.version,
    title: shipped.title ?? shipped.name,
  });
}
