import type { EngineName } from '../config/schema.ts';
import type { ColourSpace, Plane } from '../frame/frame.ts';
import type { PixelFormat } from '../frame/layout.ts';
import type { Region } from '../frame/letterbox.ts';
import type { ModelCard } from './cards/card.ts';
import type { ExternalWeights, TensorInfo } from './engines/engine.ts';

/** An engine that was chosen. */
export type RunningEngine = Exclude<EngineName, 'auto'>;

/** What the core's thread is made with. */
export interface CoreThreadData {
  readonly engine: RunningEngine;
  /** Requests that are not answered yet: the end of the process waits for them. */
  readonly open: Int32Array;
}

/** What the main thread and the core's thread tell each other. One request is under way at a time. */
export type Request = LoadRequest | FitRequest | DetectRequest | EncodeRequest | CloseRequest;

export interface LoadRequest {
  readonly type: 'load';
  readonly model: Uint8Array<ArrayBuffer>;
  /** Those that lie in files of their own. */
  readonly weights?: readonly ExternalWeights[];
  readonly threads: number;
}

/** Checks the card against the model that was loaded and allocates the buffers. */
export interface FitRequest {
  readonly type: 'fit';
  readonly card: ModelCard;
  /** The URL of the module of the card's decoder, where it is not one of Ocellus. */
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
  readonly region: Region | undefined;
  readonly scoreThreshold: number;
  /** Undefined: 0.6, or none where the model suppresses by itself. */
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

/** Where the time of one request went, ms. */
export interface DetectTimes {
  readonly preprocessMs: number;
  readonly inferMs: number;
  readonly decodeMs: number;
}

/** Where the time of one request went, ms. */
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
  readonly times: DetectTimes;
}

export interface EncodedReply {
  readonly type: 'encoded';
  /** A row for each region. */
  readonly embeddings: Float32Array<ArrayBuffer>;
  /** A row for each region, a number for each class. */
  readonly logits: Float32Array<ArrayBuffer>;
  readonly times: EncodeTimes;
}

export interface FailedReply {
  readonly type: 'failed';
  readonly message: string;
  /** Whose it is: of what came in (somebody outside can do something about it), of the model, or nobody's outside. */
  readonly fault: 'input' | 'model' | 'own';
}
