import { Candidates } from '../kernels/decode/candidates.ts';
import { kernels } from '../kernels/kernels.ts';
import type { Preprocessor } from '../kernels/preprocess/preprocess.ts';
import type { DetectorCard } from './card.ts';
import type { Decoder } from './decoders/decoder.ts';
import { decoders } from './decoders/registry.ts';
import type { Engine } from './engines/engine.ts';
import { boxesToFrame, letterboxGeometry } from './letterbox.ts';
import type { DetectRequest, FoundReply } from './messages.ts';
import { assertNormalisation } from './normalisation.ts';

/** A loaded model with its card: a picture in, boxes out. Lives where its engine lives, in the core's thread. */
export class Detector {
  readonly card: DetectorCard;
  readonly #engine: Engine;
  readonly #decoder: Decoder;
  readonly #preprocessor: Preprocessor;
  readonly #input: Uint8Array | Float32Array;
  readonly #candidates = new Candidates();

  /** @throws InputError when the card does not fit the model the engine has loaded. */
  constructor(engine: Engine, card: DetectorCard) {
    const { inputs, outputs } = engine;
    const { name = inputs[0]?.name ?? '', type, layout, width, height } = card.input;
    assertNormalisation(card.input);
    this.card = card;
    this.#engine = engine;
    this.#decoder = decoders[card.decoder.type](card, outputs);
    this.#input = engine.bind(name, type, layout === 'NCHW' ? [1, 3, height, width] : [1, height, width, 3]);
    this.#preprocessor = kernels.preprocessor(card.input);
  }

  async detect(request: DetectRequest): Promise<FoundReply> {
    const { frame, region, scoreThreshold, iouThreshold, maxDetections, multiLabel } = request;
    const started = performance.now();
    const geometry = letterboxGeometry(frame, this.card.input, region);
    this.#preprocessor.run(frame, geometry, this.#input);
    const preprocessed = performance.now();
    const outputs = await this.#engine.run();
    const inferred = performance.now();

    const candidates = this.#candidates;
    candidates.clear();
    this.#decoder.decode(outputs, scoreThreshold, multiLabel, candidates);
    const { boxes, scores, classIds, length } = candidates;
    const kept = kernels.decode.classwiseNms(boxes, scores, classIds, length, iouThreshold, maxDetections);
    const found = gather(candidates, kept);
    boxesToFrame(geometry, found.xyxy, kept.length);
    const result = withoutEmpty(found);
    const decoded = performance.now();
    return {
      type: 'found',
      ...result,
      times: { preprocessMs: preprocessed - started, inferMs: inferred - preprocessed, decodeMs: decoded - inferred },
    };
  }
}

interface Found {
  readonly xyxy: Float32Array<ArrayBuffer>;
  readonly score: Float32Array<ArrayBuffer>;
  readonly classId: Int32Array<ArrayBuffer>;
}

function gather({ boxes, scores, classIds }: Candidates, rows: Uint32Array): Found {
  const xyxy = new Float32Array(rows.length * 4);
  const score = new Float32Array(rows.length);
  const classId = new Int32Array(rows.length);
  rows.forEach((row, i) => {
    xyxy.set(boxes.subarray(row * 4, row * 4 + 4), i * 4);
    // A sigmoid in few bits may give a hair more than 1.
    score[i] = Math.min(1, scores[row]!);
    classId[i] = classIds[row]!;
  });
  return { xyxy, score, classId };
}

/** Leaves out boxes of no area: they lie in the padding, or the network gave no number. */
function withoutEmpty(found: Found): Found {
  const { xyxy, score, classId } = found;
  let to = 0;
  for (let i = 0; i < score.length; i++) {
    const box = xyxy.subarray(i * 4, i * 4 + 4);
    // Written so that NaN fails as well.
    if (!(box[2]! > box[0]! && box[3]! > box[1]!)) continue;
    xyxy.set(box, to * 4);
    score[to] = score[i]!;
    classId[to] = classId[i]!;
    to++;
  }
  if (to === score.length) return found;
  return { xyxy: xyxy.slice(0, to * 4), score: score.slice(0, to), classId: classId.slice(0, to) };
}
