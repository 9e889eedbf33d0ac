export interface Arrow {
  readonly file: string;
  readonly line: number;
  readonly specifier: string;
  readonly target: string;
}
type Floors = readonly (readonly string[])[];
export declare function arrowsOf(file: string, text: string): Arrow[];
export declare function arrowsBelow(root: string, folders: readonly string[]): Arrow[];
export declare function wrongArrows(arrows: readonly Arrow[], floors: Floors): string[];
export declare function emptyPlaces(root: string, floors: Floors): string[];
export declare function circles(arrows: readonly Arrow[]): string[];
