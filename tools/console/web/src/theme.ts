import { useEffect, useState } from 'preact/hooks';

export type Theme = 'dark' | 'light';

const key = 'ocellus-theme';
const prefersDark = () => matchMedia('(prefers-color-scheme: dark)').matches;
const now = (): Theme => (document.documentElement.dataset.theme as Theme) ?? (prefersDark() ? 'dark' : 'light');

/** The colour theme and its switch; the choice is remembered. */
export function useTheme(): [Theme, () => void] {
  const [theme, setTheme] = useState(now);
  useEffect(() => {
    const query = matchMedia('(prefers-color-scheme: dark)');
    const follow = () => setTheme(now());
    query.addEventListener('change', follow);
    return () => query.removeEventListener('change', follow);
  }, []);
  const toggle = () => {
    const next = theme === 'dark' ? 'light' : 'dark';
    document.documentElement.dataset.theme = next;
    try {
      localStorage.setItem(key, next);
    } catch {
      // Then it is for this visit only.
    }
    setTheme(next);
  };
  return [theme, toggle];
}
