export interface Embedding {
  readonly values: Int8Array;
  readonly scale: number;
}
