import type { EngineName } from '../config/schema.ts';
import type { ColourSpace, Plane } from '../frame/frame.ts';
import type { PixelFormat } from '../frame/layout.ts';
import type { Region } from '../frame/letterbox.ts';
import type { Mask } from '../vision/shape.ts';
import type { ModelCard } from './cards/card.ts';
import type { ExternalWeights, TensorInfo } from './engines/engine.ts';

/** An engine that was chosen. */
export type RunningEngine = Exclude<EngineName, 'auto'>;

/** Options of the core's thread. */
export interface CoreThreadData {
  readonly engine: RunningEngine;
  /** Unanswered requests: the end of the process waits for them. */
  readonly open: Int32Array;
}

/** Messages between the main thread and the core's thread. One request at a time. */
export type Request = LoadRequest | FitRequest | DetectRequest | EncodeRequest | CloseRequest;

export interface LoadRequest {
  readonly type: 'load';
  readonly model: Uint8Array<ArrayBuffer>;
  /** Weights in separate files. */
  readonly weights?: readonly ExternalWeights[];
  readonly threads: number;
}

/** Checks the card against the model that was loaded and allocates the buffers. */
export interface FitRequest {
  readonly type: 'fit';
  readonly card: ModelCard;
  /** The URL of the module of the card's decoder, unless it is built in. */
  readonly decoder?: string | undefined;
}

/** A frame's pixels. The planes are over shared memory: the message carries none. */
export interface SharedPixels {
  readonly format: PixelFormat;
  readonly width: number;
  readonly height: number;
  readonly planes: readonly Plane[];
  readonly colour: ColourSpace;
}

export interface DetectRequest {
  readonly type: 'detect';
  readonly frame: SharedPixels;
  /** One at least, inside the frame. Undefined: the whole frame. */
  readonly regions: readonly Region[] | undefined;
  readonly scoreThreshold: number;
  /** Undefined: 0.6, or none if the model has its own suppression. */
  readonly iouThreshold: number | undefined;
  readonly maxDetections: number;
  readonly multiLabel: boolean;
}

export interface EncodeRequest {
  readonly type: 'encode';
  readonly frame: SharedPixels;
  /** Undefined: the whole frame, as one. */
  readonly regions: readonly Region[] | undefined;
}

export interface CloseRequest {
  readonly type: 'close';
}

/** Times of the steps of one request, ms; of all its regions together. */
export interface DetectTimes {
  readonly preprocessMs: number;
  readonly inferMs: number;
  readonly decodeMs: number;
}

/** Times of the steps of one request, ms. */
export interface EncodeTimes {
  readonly preprocessMs: number;
  readonly inferMs: number;
}

export type Reply = LoadedReply | ReadyReply | FoundReply | EncodedReply | FailedReply;

export type ReplyOf<T extends Reply['type']> = Extract<Reply, { type: T }>;

export interface LoadedReply {
  readonly type: 'loaded';
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
}

export interface ReadyReply {
  readonly type: 'ready';
}

export interface FoundReply {
  readonly type: 'found';
  readonly xyxy: Float32Array<ArrayBuffer>;
  readonly score: Float32Array<ArrayBuffer>;
  readonly classId: Int32Array<ArrayBuffer>;
  /** x, y and score of each keypoint of each, frame pixels; undefined for a model without. */
  readonly keypoints?: Float32Array | undefined;
  readonly masks?: readonly Mask[] | undefined;
  /** Of each: whether an edge inside the frame cuts it. */
  readonly cut: readonly boolean[];
  readonly times: DetectTimes;
}

export interface EncodedReply {
  readonly type: 'encoded';
  /** A row per region. */
  readonly embeddings: Float32Array<ArrayBuffer>;
  /** A row per region, a number per class. */
  readonly logits: Float32Array<ArrayBuffer>;
  readonly times: EncodeTimes;
}

export interface FailedReply {
  readonly type: 'failed';
  readonly message: string;
  /** Whose fault it is: the input's (the user can fix it), the model's, or an internal one. */
  readonly fault: 'input' | 'model' | 'own';
}
