// A hub in a process of its own, for a test to kill: node `porch`, camera `door`, with HUB_PERSONS persons in view.
import { Hub } from '../../../sdk/hub/hub.ts';
import { FakeCamera, FakeNode, mqttSettings } from '../../support/hub.ts';

const camera = new FakeCamera('door');
camera.setCount('person', Number(process.env.HUB_PERSONS));
const hub = new Hub({ node: new FakeNode('porch', [camera]), settings: mqttSettings(process.env.HUB_BROKER!) });
await hub.start();
// The hub alone keeps no process alive.
setInterval(() => {}, 1000);
