import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import * as devices from '../../sdk/devices.ts';
import * as hub from '../../sdk/hub.ts';
import * as ocellus from '../../sdk/index.ts';
import * as learn from '../../sdk/learn.ts';
import * as vision from '../../sdk/vision.ts';
import * as zoo from '../../sdk/zoo.ts';
import { temporaryFolder } from '../support/folders.ts';

// biome-ignore lint/suspicious/noExplicitAny: the arguments are wrong on purpose.
type Any = any;
type Call = (junk: Any) => unknown;

/** What a program without types may hand over in the place of anything else. */
const junk: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  null: null,
  'a number': 7,
  'a text': 'a.jpg',
  'a plain object': {},
  'an array': [],
  'a function': () => {},
};

const optional = ['undefined'];
const texts = ['a text'];
const options = ['undefined', 'a plain object'];
const lists = ['an array'];

const frame = () =>
  new ocellus.Frame({
    format: 'GRAY8',
    width: 4,
    height: 4,
    planes: [{ data: new Uint8Array(16), stride: 4 }],
    sequence: 0,
    captureTimeNs: 0,
    wallTimeMs: 0,
  });
const detections = () => ocellus.Detections.empty(['cat']);
const drawing = () => new vision.SvgDrawing({ width: 10, height: 10 });
const region = { x: 0, y: 0, width: 4, height: 4 };
const settings = () => ocellus.resolveSettings({});
const trackerOptions = { confirm: 3, lostSeconds: 2, stationarySeconds: 5, threshold: () => 0.6 };
const pool = () => new ocellus.FramePool({ format: 'GRAY8', width: 4, height: 4 });

let loading: Promise<ocellus.Model> | undefined;
let loadingClassifier: Promise<ocellus.Classifier> | undefined;
const model = () => (loading ??= ocellus.loadModel());
const classifier = () => (loadingClassifier ??= ocellus.loadClassifier());

/** Each way in: how it is called with something wrong, and what of the list above is right there. */
const table: readonly (readonly [name: string, call: Call, right?: readonly string[]])[] = [
  ['createDevice', (x) => ocellus.createDevice(x)],
  ['createDevice', (x) => ocellus.createDevice('scene:', x), options],
  ['openDevice', (x) => ocellus.openDevice(x)],
  ['registerDevice', (x) => ocellus.registerDevice(x, () => Object.create(null)), texts],
  ['registerDevice', (x) => devices.registerDevice('mine', x), ['a function']],
  ['registerDecoder', (x) => ocellus.registerDecoder(x, new URL('./mine.js', import.meta.url)), texts],
  ['registerDecoder', (x) => ocellus.registerDecoder('mine', x)],
  ['DeviceBase', (x) => new (class Mine extends (devices.DeviceBase as Any) {} as Any)(x), texts],
  ['Recorder', (x) => new ocellus.Recorder(x)],
  ['EnergyMeter', (x) => new devices.EnergyMeter(x)],
  ['cameraDetails', (x) => devices.cameraDetails(x, {})],
  ['measureWatts', (x) => devices.measureWatts(x)],
  ['dataFolder', (x) => ocellus.dataFolder(x)],
  ['readSettings', (x) => ocellus.readSettings(x, true)],
  ['resolveSettings', (x) => ocellus.resolveSettings(x), ['a plain object', 'null', 'undefined']],
  ['updateSettings', (x) => ocellus.updateSettings(x, {}), texts],
  ['updateSettings', (x) => ocellus.updateSettings(join(temporaryFolder(), 'a.yaml'), x), ['a plain object']],
  ['loadModel', (x) => ocellus.loadModel(x), optional],
  ['loadModel', (x) => ocellus.loadModel(undefined, x), options],
  ['Model.detect', async (x) => (await model()).detect(x)],
  ['Model.detect', async (x) => (await model()).detect(frame(), x), options],
  ['Model.detect', async (x) => (await model()).detect(frame(), { regions: x }), optional],
  ['Model.detect', async (x) => (await model()).detect(frame(), { regions: [x] })],
  ['loadClassifier', (x) => ocellus.loadClassifier(x), optional],
  ['Classifier.classify', async (x) => (await classifier()).classify(x)],
  ['Classifier.classify', async (x) => (await classifier()).classify(frame(), x), options],
  ['Classifier.embed', async (x) => (await classifier()).embed(x)],
  ['Classifier.classifyTimed', async (x) => (await classifier()).classifyTimed(x)],
  ['Classifier.embedTimed', async (x) => (await classifier()).embedTimed(x)],
  ['Classifier.embed', async (x) => (await classifier()).embed(frame(), x), ['undefined', 'an array']],
  ['Frame', (x) => new ocellus.Frame(x)],
  ['Frame', (x) => new ocellus.Frame({ ...frame(), planes: x })],
  ['Frame', (x) => new ocellus.Frame({ ...frame(), planes: [x] })],
  ['Frame', (x) => new ocellus.Frame({ ...frame(), planes: frame().planes, format: x })],
  ['FramePool', (x) => new ocellus.FramePool(x)],
  ['FramePool', (x) => new ocellus.FramePool({ format: x, width: 4, height: 4 })],
  ['FramePool.frame', (x) => pool().frame(x, { sequence: 0, captureTimeNs: 0, wallTimeMs: 0 })],
  ['FramePool.frame', (x) => ((it) => it.frame(it.take()!, x))(pool())],
  ['planeLayout', (x) => ocellus.planeLayout(x, 4, 4)],
  ['planeLayout', (x) => ocellus.planeLayout('I420', x, 4), ['a number']],
  ['encodeJpeg', (x) => ocellus.encodeJpeg(x)],
  ['encodeJpeg', (x) => ocellus.encodeJpeg(frame(), x), options],
  ['annotatedJpeg', (x) => ocellus.annotatedJpeg(x, detections())],
  ['annotatedJpeg', (x) => ocellus.annotatedJpeg(frame(), x), lists],
  ['annotatedJpeg', (x) => ocellus.annotatedJpeg(frame(), [x])],
  ['readPicture', (x) => ocellus.readPicture(x)],
  ['Pipeline', (x) => new ocellus.Pipeline(x), options],
  ['Pipeline', (x) => new ocellus.Pipeline({ source: x }), ['undefined', 'a text']],
  ['Pipeline', (x) => new ocellus.Pipeline({ before: x }), ['undefined', 'an array']],
  ['Pipeline', (x) => new ocellus.Pipeline({ before: [x] })],
  ['Pipeline.change', (x) => new ocellus.Pipeline().change(x), ['a plain object']],
  ['Pipeline.snapshot', (x) => new ocellus.Pipeline().snapshot(x)],
  ['Node', (x) => new ocellus.Node(x)],
  ['Node', (x) => new ocellus.Node(settings(), x), options],
  ['Hub', (x) => new ocellus.Hub(x)],
  ['startBroker', (x) => ocellus.startBroker(x), options],
  ['requestVerb', (x) => ocellus.requestVerb(x, { node: 'a' }, 'info', {})],
  ['defineVerb', (x) => ocellus.defineVerb(x)],
  ['NodeTopics', (x) => new hub.NodeTopics(x, 'a'), texts],
  ['NodeTopics', (x) => new hub.NodeTopics('a', x)],
  ['Learner.open', (x) => ocellus.Learner.open(x, { space: 'a', dimension: 2, node: 'a' }), texts],
  ['Learner.open', (x) => ocellus.Learner.open(temporaryFolder(), x)],
  ['NodeLearning', (x) => new ocellus.NodeLearning(x)],
  ['Detections', (x) => new ocellus.Detections(x)],
  ['Detections', (x) => new ocellus.Detections({ ...detections(), score: x }), lists],
  ['Detections', (x) => new ocellus.Detections({ ...detections(), labels: x }), lists],
  ['Detections.empty', (x) => ocellus.Detections.empty(x), lists],
  ['Detections.from', (x) => ocellus.Detections.from(x, ['cat']), lists],
  ['Detections.from', (x) => ocellus.Detections.from([x], ['cat'])],
  ['Detections.merge', (x) => ocellus.Detections.merge(x)],
  ['Detections.merge', (x) => ocellus.Detections.merge([x])],
  ['Detections.at', (x) => detections().at(x)],
  ['Detections.select', (x) => detections().select(x), lists],
  [
    'Detections.filter',
    (x) => ocellus.Detections.from([{ box: [0, 0, 1, 1], score: 1, classId: 0 }], ['cat']).filter(x),
    ['a function'],
  ],
  ['Tracker', (x) => new ocellus.Tracker(x)],
  ['Tracker', (x) => new ocellus.Tracker({ ...trackerOptions, confirm: x }), ['a number']],
  ['Tracker', (x) => new ocellus.Tracker({ ...trackerOptions, threshold: x }), ['a function']],
  ['Tracker.configure', (x) => new ocellus.Tracker(trackerOptions).configure(x)],
  ['Tracker.update', (x) => new ocellus.Tracker(trackerOptions).update(x, 0)],
  ['Tracker.update', (x) => new ocellus.Tracker(trackerOptions).update(detections(), x), ['a number']],
  ['drawBoxes', (x) => ocellus.drawBoxes(x, detections())],
  ['drawBoxes', (x) => ocellus.drawBoxes(drawing(), x), lists],
  ['drawBoxes', (x) => ocellus.drawBoxes(drawing(), [x])],
  ['drawShapes', (x) => ocellus.drawShapes(x, detections())],
  ['drawShapes', (x) => ocellus.drawShapes(drawing(), x), lists],
  ['drawShapes', (x) => ocellus.drawShapes(drawing(), [x])],
  ['drawLabels', (x) => ocellus.drawLabels(drawing(), x), lists],
  ['drawLabels', (x) => ocellus.drawLabels(drawing(), [x])],
  ['Zones', (x) => new ocellus.Zones(x), options],
  ['Zones', (x) => new ocellus.Zones({ porch: x })],
  ['Zones.update', (x) => new ocellus.Zones().update(x, frame()), lists],
  ['Zones.update', (x) => new ocellus.Zones().update([x], frame())],
  ['Zones.update', (x) => new ocellus.Zones().update([], x)],
  ['Lines', (x) => new ocellus.Lines(x), options],
  ['Lines', (x) => new ocellus.Lines({ gate: x })],
  ['Lines.update', (x) => new ocellus.Lines().update(x, frame()), lists],
  ['Lines.update', (x) => new ocellus.Lines().update([], x)],
  ['countTracks', (x) => ocellus.countTracks(x, [], {}), lists],
  ['countTracks', (x) => ocellus.countTracks([], x, {}), lists],
  ['countTracks', (x) => ocellus.countTracks([], [], x), ['a plain object']],
  ['changedCounts', (x) => ocellus.changedCounts(x, []), lists],
  ['changedCounts', (x) => ocellus.changedCounts([], x), lists],
  ['EventCycle', (x) => new ocellus.EventCycle(x), texts],
  ['EventCycle', (x) => new ocellus.EventCycle('door', x), options],
  ['EventCycle.update', (x) => new ocellus.EventCycle('door').update(x, [], frame()), lists],
  ['EventCycle.update', (x) => new ocellus.EventCycle('door').update([], x, frame()), lists],
  ['EventCycle.update', (x) => new ocellus.EventCycle('door').update([], [], x)],
  ['drawZones', (x) => ocellus.drawZones(drawing(), x), ['a plain object']],
  ['drawZones', (x) => ocellus.drawZones(drawing(), { door: x })],
  ['Traces', (x) => new ocellus.Traces(x), ['undefined', 'a number']],
  ['Traces.draw', (x) => new ocellus.Traces().draw(drawing(), x), lists],
  ['Traces.draw', (x) => new ocellus.Traces().draw(drawing(), [x])],
  ['SvgDrawing', (x) => new vision.SvgDrawing(x)],
  ['CanvasDrawing', (x) => new vision.CanvasDrawing(x)],
  ['colourOf', (x) => vision.colourOf(x), texts],
  ['averagePrecision', (x) => vision.averagePrecision(x), lists],
  ['averagePrecision', (x) => vision.averagePrecision([x])],
  [
    'letterboxGeometry',
    (x) => vision.letterboxGeometry(x, { width: 4, height: 4, resize: 'letterbox', align: 'center' }),
  ],
  ['letterboxGeometry', (x) => vision.letterboxGeometry(frame(), x)],
  ['mergeRegions', (x) => vision.mergeRegions(x, frame())],
  ['mergeRegions', (x) => vision.mergeRegions([x], frame())],
  ['mergeRegions', (x) => vision.mergeRegions([{ region, detections: x }], frame())],
  ['mergeRegions', (x) => vision.mergeRegions([{ region, detections: detections() }], x)],
  ['mergeRegions', (x) => vision.mergeRegions([{ region, detections: detections() }], frame(), x), options],
  ['farRegions', (x) => vision.farRegions(x, region)],
  ['farRegions', (x) => vision.farRegions(region, x)],
  ['farRegions', (x) => vision.farRegions(region, region, x), options],
  ['isCut', (x) => vision.isCut(x, region, frame())],
  ['isCut', (x) => vision.isCut([0, 0, 1, 1], x, frame())],
  ['isCut', (x) => vision.isCut([0, 0, 1, 1], region, x)],
  ['nms', (x) => vision.nms(x, 0.5)],
  ['nms', (x) => vision.nms(detections(), x)],
  ['spaceOf', (x) => learn.spaceOf(x)],
  ['embedPicture', (x) => learn.embedPicture(x, frame())],
  ['embedPicture', async (x) => learn.embedPicture(await classifier(), x)],
  ['trainHead', (x) => learn.trainHead('object', x, learn.defaultTrainers())],
  ['HeadVersions', (x) => new learn.HeadVersions(x), texts],
  ['TrainingData', (x) => new learn.TrainingData(x), options],
  ['accuracies', (x) => learn.accuracies(x)],
  ['recognised', (x) => learn.recognised(x)],
  ['confusions', (x) => learn.confusions(x)],
  ['mostDoubtful', (x) => learn.mostDoubtful(x)],
  ['uncertainty', (x) => learn.uncertainty(x)],
  ['crossValidate', (x) => learn.crossValidate(x, () => [] as Any)],
  ['crossValidateInSteps', (x) => learn.crossValidateInSteps(x, (() => []) as Any).next()],
  ['SteadyState', (x) => new learn.SteadyState(x), options],
  ['Identity.open', (x) => learn.Identity.open(x), texts],
  ['Ledger', (x) => new learn.Ledger(x)],
  ['LedgerStore.open', (x) => learn.LedgerStore.open(x, { space: 'a', dimension: 2, node: 'a' }), texts],
  ['LedgerStore.open', (x) => learn.LedgerStore.open(temporaryFolder(), x)],
  ['bundleHash', (x) => learn.bundleHash(x)],
  ['readBundle', (x) => learn.readBundle(x, {} as Any)],
  ['writeBundle', (x) => learn.writeBundle(x, {} as Any)],
  ['openCatalogue', (x) => zoo.openCatalogue(x), options],
  ['openCatalogue', (x) => zoo.openCatalogue({ from: x }), ['undefined']],
  ['planOf', async (x) => zoo.planOf(x, await zoo.openCatalogue())],
  ['planOf', (x) => zoo.planOf('a', x)],
  ['planOfUrl', (x) => zoo.planOfUrl(x, {})],
  ['planOfUrl', (x) => zoo.planOfUrl('https://localhost/a.onnx', x)],
  ['planOfFile', (x) => zoo.planOfFile(x)],
  ['planOfFile', (x) => zoo.planOfFile('a.onnx', x)],
  ['installModel', (x) => zoo.installModel(x)],
  [
    'installModel',
    async (x) => zoo.installModel(zoo.planOf('picodet-layout-cdla', await zoo.openCatalogue()), x),
    options,
  ],
  ['removeModel', (x) => zoo.removeModel(x)],
  ['originOf', (x) => zoo.originOf(x), texts],
  ['publicKey', (x) => zoo.publicKey(x)],
];

/** What takes nothing, or is made by something else. */
const without = [
  'deviceSchemes',
  'defaultTrainers',
  'monotonicNs',
  'listModels',
  'InputError',
  'ModelError',
  'StaleError',
  'LateError',
  'FrameOutlet',
  'Head',
  // Asked of parts that a ledger gave.
  'isExamplePart',
  'partKey',
  // Of these all arguments are for tests of one's own.
  'BoardMonitor',
  'describeBoard',
  'describeLibcamera',
  'discoverCameras',
  'findCameras',
  'findPower',
  'findPrograms',
  'readThrottling',
  'tryDecoders',
];

describe('wrong arguments', () => {
  afterAll(async () => {
    await (await loading)?.close();
    await (await loadingClassifier)?.close();
  });

  const cases = table.flatMap(([name, call, right = []], row) =>
    Object.keys(junk)
      .filter((kind) => !right.includes(kind))
      .map((kind) => [name, row, kind, call] as const),
  );

  it.each(cases)('%s (row %i): %s is refused with what was expected', async (_, __, kind, call) => {
    const said = await Promise.resolve()
      .then(() => call(junk[kind]))
      .then(
        () => 'nothing',
        (error: unknown) => error,
      );
    expect(said).toBeInstanceOf(Error);
    const { name, message } = said as Error;
    expect(name, message).toMatch(/^(InputError|ModelError|RangeError|Error)$/);
    // RangeErrors of the engine say neither.
    expect(message).toMatch(/expected|there is no|cannot be read|has given no picture yet/);
  });

  it('are tried for all that the entry points export', () => {
    const callable = [ocellus, devices, vision, learn, hub, zoo].flatMap((entry) =>
      Object.entries(entry)
        .filter(([, value]) => typeof value === 'function')
        .map(([name]) => name),
    );
    const tried = new Set([...table.map(([name]) => name.split('.')[0]!), ...without]);
    expect(callable.filter((name) => !tried.has(name))).toEqual(
      ['Classifier', 'Model'].filter((name) => !tried.has(name)),
    );
  });
});
