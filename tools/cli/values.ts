import { InvalidArgumentError } from 'commander';

// What a command-line option may be. Commander prefixes the message with the option's name.

export function wholeNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value) || value < 0)
    throw new InvalidArgumentError('Expected a whole number.');
  return value;
}

export function atLeastOne(text: string): number {
  const value = wholeNumber(text);
  if (value < 1) throw new InvalidArgumentError('Expected a whole number of at least 1.');
  return value;
}

export function threads(text: string): number {
  const value = wholeNumber(text);
  if (value < 1 || value > 64) throw new InvalidArgumentError('Expected a whole number from 1 to 64.');
  return value;
}

export function fraction(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1))
    throw new InvalidArgumentError('Expected a number from 0 to 1.');
  return value;
}

export function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('Expected a number above 0.');
  return value;
}

/** Comma-separated labels; `all`, an empty list, stands for all of the model. */
export function labelList(text: string): string[] {
  return text === 'all' ? [] : text.split(',').map((label) => label.trim());
}

/** Most regions of one picture that `--far` looks at. */
export function regionLimit(text: string): number {
  const value = wholeNumber(text);
  if (value < 1 || value > 256) throw new InvalidArgumentError('Expected a whole number from 1 to 256.');
  return value;
}
