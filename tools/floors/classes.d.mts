/** How long a class is, from `class` to its `}`, and how many fields an object of it has, without what it inherits. */
export interface ClassSize {
  readonly file: string;
  readonly line: number;
  readonly name: string;
  readonly lines: number;
  readonly fields: number;
}

export const bounds: { readonly lines: number; readonly fields: number };
export function classesOf(file: string, text: string): ClassSize[];
export function classesBelow(root: string, folders: readonly string[]): ClassSize[];
export function largeClasses(classes: readonly ClassSize[]): string[];
