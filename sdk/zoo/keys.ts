import type { KeyObject } from 'node:crypto';
import { publicKey } from './signature.ts';

/**
 * The public halves of the keys that sign the zoo of Ocellus. The private half of none is in the tree; docs/zoo.md says how a
 * maintainer signs and how a key is replaced.
 */
const pems = [
  `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAfKBjbiqrtc7FM2udeI22RO8NYoAc4N7dWgraBJyv+KA=
-----END PUBLIC KEY-----
`,
];

export const zooKeys = (): KeyObject[] => pems.map((pem) => publicKey(pem, 'sdk/zoo/keys.ts'));
