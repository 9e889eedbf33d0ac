/** Longer than any name; longer texts are not names and are left alone. */
const longest = 512;

/**
 * A name as it is compared and shown: in Unicode's composed form (NFC). "Café" may be four code points or five,
 * depending on keyboard and file system, but is one name.
 */
export const composed = (name: string): string => (name.length > longest ? name : name.normalize('NFC'));
