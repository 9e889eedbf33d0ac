try {
  const theme = localStorage.getItem('ocellus-theme');
  if (theme === 'dark' || theme === 'light') document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be blocked; then use the system's colours.
}
