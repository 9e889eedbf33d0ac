import { asset } from '../../../sdk/base/assets.ts';
import { type EngineName, engineNames } from '../../../sdk/config/schema.ts';
import { launcher, SubjectProcess } from '../../shared/run.ts';

/** Engines of Ocellus, as `core.engine` names them. */
export const ownEngines = engineNames.filter((name): name is OwnEngine => name !== 'auto');
export type OwnEngine = Exclude<EngineName, 'auto'>;

/** Engines that are measured beside ours through a Python that has them. `ocellus run` has no such engines. */
export const foreignEngines = ['ncnn', 'litert'] as const;
export type ForeignEngine = (typeof foreignEngines)[number];

export type BenchEngine = OwnEngine | ForeignEngine;
export const benchEngines: readonly BenchEngine[] = [...ownEngines, ...foreignEngines];

/** Where a foreign engine is found, and what it runs. */
export interface Adapter {
  readonly engine: ForeignEngine;
  /** An interpreter that has it. */
  readonly python: string;
  /** The file that it runs; ncnn's weights are beside it, with the ending `.bin`. */
  readonly file: string;
}

/** Whether `ocellus run` has such an engine. */
export const isOwn = (engine: BenchEngine): engine is OwnEngine => (ownEngines as readonly string[]).includes(engine);

/** What a subject runs, in a process of its own. */
export interface Subject {
  /** A name of `ocellus models`, an ONNX file, or a card. */
  readonly model: string;
  readonly engine: EngineName;
  /** In place of `engine`. */
  readonly adapter?: Adapter;
  readonly threads: number;
  /** Value of OCELLUS_KERNELS; empty: the automatic choice. */
  readonly kernels?: string;
}

/** Of a folder, so many pictures are looked at in a loop. */
export const mostPictures = 8;

/** Runs the network on pictures, for its times, memory and energy. */
export interface TimedTask {
  readonly kind: 'timed';
  /** Picture files, in a loop, at most `mostPictures`. None: views of the built-in scene. */
  readonly pictures?: readonly string[];
  /** Pictures per second that are offered; 0: one after the other. */
  readonly rate: number;
  readonly seconds: number;
  /** `board`: what measures power here. Else the address of a meter, or nothing is measured. */
  readonly power?: string;
  /** Says when it is ready, and begins when it is told to. */
  readonly waits?: boolean;
}

/** Runs the network on a folder of pictures, for its accuracy. */
export interface AccuracyTask {
  readonly kind: 'accuracy';
  readonly folder: string;
  /**
   * `ap` and `few_shot` need labels. `agreement` compares with what `reference` says of the same pictures; `reference`
   * writes that.
   */
  readonly method: 'ap' | 'few_shot' | 'agreement' | 'reference';
  /** The file of what another engine made of the pictures. */
  readonly reference?: string;
}

export type Task = TimedTask | AccuracyTask;

/** The result of a run over some seconds, with the same pictures each time. */
export interface Measurement {
  /** Which one it was, where `auto` was asked for. */
  readonly engine: BenchEngine;
  /** The kernels in use. */
  readonly kernels: string;
  /** Of a foreign engine: its version, and the precision of what it runs. */
  readonly foreign: { readonly version: string; readonly precision: string } | null;
  readonly frames: number;
  /** Frames that arrived while another was processed. */
  readonly missed: number;
  /** From a frame to its result, ms. */
  readonly latencyMs: { readonly mean: number; readonly median: number; readonly p95: number; readonly p99: number };
  /** The network's own part of it, median, ms. */
  readonly networkMs: number;
  /** CPU time per frame, of this process and its threads, ms. */
  readonly cpuMs: number;
  /** From the call that loads the model to the first result, ms. */
  readonly startMs: number;
  /** Resident memory that the model and its engine add to the process, MB. */
  readonly residentMb: number;
  /**
   * Energy per frame, of all that the power source supplies, including the pause until the next frame; null if not
   * measured.
   */
  readonly joules: number | null;
  /** Mean power meanwhile; null if not measured. */
  readonly watts: number | null;
  /** Share of all processors that other programs used meanwhile, 0..1. */
  readonly foreignLoad: number;
}

/** How right a network is on pictures. */
export interface Accuracy {
  /**
   * `ap`: COCO AP, as `ocellus eval` computes it. `few_shot`: share of pictures that is named correctly after 5 examples a
   * label, as `ocellus eval --learn` computes it. `agreement`: with the network in onnxruntime on the same pictures: the F1
   * score of detections, the mean cosine similarity of embeddings, or the share of equal labels.
   */
  readonly kind: 'ap' | 'few_shot' | 'agreement';
  /** 0..1; of cosine similarities -1..1. */
  readonly value: number;
  readonly images: number;
  /** Labelled objects, of `ap`. */
  readonly objects?: number;
  readonly ap50?: number;
}

/** A subject's process, with the settings of memory that `ocellus` has. */
export function startSubject<T = Measurement>(subject: Subject, task: Task): SubjectProcess<T> {
  return new SubjectProcess<T>('env', [
    `OCELLUS_KERNELS=${subject.kernels ?? ''}`,
    ...launcher(),
    asset('dist', 'tools', 'cli', 'bench', 'subject.js'),
    JSON.stringify({ subject, task }),
  ]);
}

/** Runs a subject to its end. @throws Error with what it said. */
export function runSubject<T = Measurement>(subject: Subject, task: Task): Promise<T> {
  return startSubject<T>(subject, task).result;
}
