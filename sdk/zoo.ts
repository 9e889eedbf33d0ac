/**
 * `ocellus/zoo`: networks that do not ship and can be added by name. A catalogue is a signed list of models; a plan says what a model is,
 * under which licence, and where each of its files comes from; an installed one is known by its name to `loadModel`,
 * `loadClassifier` and the settings.
 *
 * @example
 * const plan = planOf('yolox-nano-416-fp32', await openCatalogue());
 * console.log(plan.licence?.id, plan.licence?.notice); // what somebody has to agree to
 * await installModel(plan, { report: (file, done, total) => console.log(file, done, total) });
 * const model = await loadModel('yolox-nano-416-fp32');
 *
 * @module ocellus/zoo
 */
export type { ClassifierCard, DetectorCard, ModelCard } from './core/cards/card.ts';
export { type Catalogue, type CatalogueOptions, openCatalogue } from './zoo/catalogue.ts';
export type { Patience } from './zoo/download.ts';
export {
  type Installation,
  type InstalledOrigin,
  type InstallOptions,
  install as installModel,
  originOf,
  remove as removeModel,
} from './zoo/install.ts';
export type { Manifest, ZooEntry, ZooFile } from './zoo/manifest.ts';
export type { Mirror } from './zoo/mirror.ts';
export type { FetchOptions, FilePlan, Origin } from './zoo/origin.ts';
export { type Licence, type Plan, planOf, planOfFile, planOfUrl } from './zoo/plan.ts';
export { publicKey } from './zoo/signature.ts';
export type { Source } from './zoo/source.ts';
