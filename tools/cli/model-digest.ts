import { digestOf, findModel, hasForm, readModel } from '../../sdk/core/cards/model-file.ts';

/**
 * The SHA-256 of a model's network, with weights in other files, as tables of results name it. Of one that is installed as a
 * program alone, what its card says.
 *
 * @throws InputError when there is no such model.
 */
export async function modelDigest(name: string): Promise<string> {
  const found = await findModel(name);
  const known = found.card?.sha256;
  if (known !== undefined && !(await hasForm(found, 'network'))) return known;
  return digestOf(await readModel(name), known);
}
