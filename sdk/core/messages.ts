import type { ColourSpace, Plane } from '../frame/frame.ts';
import type { PixelFormat } from '../frame/layout.ts';
import type { ModelCard } from './card.ts';
import type { EngineName, TensorInfo } from './engines/engine.ts';
import type { Region } from './letterbox.ts';

/** What the core's thread is made with. */
export interface CoreThreadData {
  readonly engine: EngineName;
}

/** What the main thread and the core's thread tell each other. One request is under way at a time. */
export type Request = LoadRequest | FitRequest | DetectRequest | CloseRequest;

export interface LoadRequest {
  readonly type: 'load';
  readonly model: Uint8Array<ArrayBuffer>;
  readonly threads: number;
}

/** Checks the card against the model that was loaded and allocates the buffers. */
export interface FitRequest {
  readonly type: 'fit';
  readonly card: ModelCard;
}

export interface DetectRequest {
  readonly type: 'detect';
  /** The planes are over shared memory: the message carries no pixels. */
  readonly frame: {
    readonly format: PixelFormat;
    readonly width: number;
    readonly height: number;
    readonly planes: readonly Plane[];
    readonly colour: ColourSpace;
  };
  readonly region: Region | undefined;
  readonly scoreThreshold: number;
  readonly iouThreshold: number;
  readonly maxDetections: number;
  readonly multiLabel: boolean;
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

export type Reply = LoadedReply | ReadyReply | FoundReply | FailedReply;

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

export interface FailedReply {
  readonly type: 'failed';
  readonly message: string;
  /** Somebody outside can do something about it. */
  readonly isInput: boolean;
}
