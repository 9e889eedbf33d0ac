/** How the picture of an example is kept: small enough for MQTT and for thousands of them on a card. */
export const cropJpeg = { maxWidth: 256, maxHeight: 256, quality: 85 } as const;
