/** Longer than any name: what is not one need not be made the same as another. */
const longest = 512;

/**
 * A name as it is compared and shown: composed (Unicode's NFC). "Café" may be written with four characters or with five,
 * depending on keyboard and file system, and is one name.
 */
export const composed = (name: string): string => (name.length > longest ? name : name.normalize('NFC'));
