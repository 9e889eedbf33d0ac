import { Type } from '@sinclair/typebox';
import { InputError } from '../../../../base/errors.ts';
import { Fields } from '../../../contract/fields.ts';
import { defineVerb } from './verb.ts';

export const update = defineVerb({
  name: 'update',
  description:
    'Looks at a release and installs it, on a card with two systems; what is older, or not signed by a key that the board knows, is refused. How it goes is told on `update`.',
  request: Fields({
    release: Type.Optional(
      Type.String({
        pattern: '^https?://',
        maxLength: 2000,
        description: 'Address of its `update.json`. Default: the one that was announced last, else `update.release`.',
      }),
    ),
    install: Type.Boolean({ default: true, description: 'False: it is only looked at.' }),
  }),
  response: Fields({ install: Type.Boolean({ description: 'It is about to be installed.' }) }),
  bare: 'release',
  run: async ({ release, install }, { updates }) => {
    if (!updates) {
      throw new InputError(
        'this node has no second system to write an update to: expected a card made by `ocellus image build`; update the package instead',
      );
    }
    await updates.request({ release, install });
    return { install };
  },
});
