import { useEffect, useState } from 'preact/hooks';

/** What is typed into a field. What others make of the value is shown there, unless something was typed already. */
export function useTyped(value: string): [text: string, setText: (text: string) => void] {
  const [typed, setTyped] = useState<string>();
  // It was saved, or is what others chose as well.
  useEffect(() => {
    if (typed?.trim() === value) setTyped(undefined);
  }, [value]);
  return [typed ?? value, (text) => setTyped(text === value ? undefined : text)];
}
