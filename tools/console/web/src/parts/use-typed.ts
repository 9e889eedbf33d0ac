import { useEffect, useState } from 'preact/hooks';

interface Typed {
  text: string;
  setText(text: string): void;
  /** What was typed is in use: the field shows the value, whose password is masked. */
  forget(): void;
}

/** What is typed into a field. What others make of the value is shown there, unless something was typed already. */
export function useTyped(value: string): Typed {
  const [typed, setTyped] = useState<string>();
  // It is what others chose as well.
  useEffect(() => {
    if (typed?.trim() === value) setTyped(undefined);
  }, [value]);
  return {
    text: typed ?? value,
    setText: (text) => setTyped(text === value ? undefined : text),
    forget: () => setTyped(undefined),
  };
}
