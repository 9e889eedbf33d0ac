// Shows a network's licence, and adds it from the zoo:  node dist/samples/add-model.js NAME [agree]
import { installModel, openCatalogue, planOf } from 'ocellus/zoo';

const [name, agreed] = process.argv.slice(2);
const catalogue = await openCatalogue();
if (name === undefined) {
  for (const { name, licence, card } of catalogue.manifest.models) console.log(name, licence.id, card.title ?? '');
} else {
  const plan = planOf(name, catalogue);
  console.log(`${plan.name}, ${plan.licence?.id}: ${plan.licence?.notice}`);
  if (agreed !== 'agree') console.log(`node dist/samples/add-model.js ${name} agree: adds it`);
  else console.log((await installModel(plan)).folder);
}
