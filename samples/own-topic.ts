// Publishes counts on your own topics:  node dist/samples/own-topic.js [URI] [BROKER]
// In a project of yours: npm install mqtt. (Ocellus' own topics, Home Assistant's among them, are `ocellus run --broker …`.)
import mqtt from 'mqtt';
import { Pipeline, startBroker } from 'ocellus';

const [source = 'scene:', url] = process.argv.slice(2);
const broker = url === undefined ? await startBroker({ port: 0 }) : undefined;
const client = await mqtt.connectAsync(url ?? broker!.url, broker?.login);
console.log('publishing at', url ?? broker!.url);

const pipeline = new Pipeline({ source, detect: { labels: ['person', 'cat', 'cup'] } });
pipeline.on('count', ({ label, count }) => {
  const topic = `garden/${label}`;
  client.publish(topic, String(count), { retain: true, qos: 1 });
  console.log(topic, count);
});
const stop = async () => {
  await pipeline.stop();
  await client.endAsync();
  await broker?.stop();
};
pipeline.on('ended', stop);
process.once('SIGINT', stop);
await pipeline.start();
