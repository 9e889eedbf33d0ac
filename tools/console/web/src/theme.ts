export type Theme = 'system' | 'dark' | 'light';

const key = 'ocellus-theme';

/** The look that was chosen before, here on this device. */
export function savedTheme(): Theme {
  const saved = localStorage.getItem(key);
  return saved === 'dark' || saved === 'light' ? saved : 'system';
}

export function applyTheme(theme: Theme): void {
  if (theme === 'system') {
    localStorage.removeItem(key);
    delete document.documentElement.dataset.theme;
  } else {
    localStorage.setItem(key, theme);
    document.documentElement.dataset.theme = theme;
  }
}
