/** The name that a card made here has, from that of the file. @param fallback Where nothing of it is left. */
export function modelName(file: string, fallback: string): string {
  return (
    file
      .toLowerCase()
      .replace(/[^a-z0-9._-]+/g, '-')
      .replace(/^[^a-z0-9]+/, '') || fallback
  );
}
