import { type Static, Type } from '@sinclair/typebox';
import type { Fate, ObjectFate } from '../../../../vision/fates.ts';
import { Camera, Fields } from '../../../contract/fields.ts';
import type { HubCamera } from '../../hub-node.ts';
import { defineVerb } from './verb.ts';

const Fraction = (description: string) => Type.Number({ minimum: 0, maximum: 1, description });
const Count = Type.Integer({ minimum: 0 });
const Seconds = (description: string) => Type.Number({ minimum: 0, description });
const fates: readonly Fate[] = [
  ...(['told', 'at_rest', 'outside_zones'] as const),
  ...(['median_below', 'score_below', 'too_brief', 'mask', 'unwatched'] as const),
];

const Why = Fields({
  camera: Camera,
  seconds: Seconds('What it is about: the last so many seconds, 600 at most.'),
  frames: Type.Object(
    { in: Count, inferred: Count, still: Count, busy: Count, off: Count },
    {
      additionalProperties: false,
      description:
        'Frames that came, and those that the network looked at. The others were not looked at: `still`, nothing moved; `busy`, it had other cameras’ to do; `off`, detection is off.',
    },
  ),
  objects: Type.Array(
    Fields({
      label: Type.String(),
      fate: Type.Union(
        fates.map((fate) => Type.Literal(fate)),
        {
          description:
            '`told`: an event. `at_rest`: an event, and it has not moved since. `outside_zones`: an event, in none of the zones. Not told: `median_below`, its median score stayed below the threshold; `score_below`, each of its scores did; `too_brief`, it was seen too seldom; `mask`, it stood in a mask; `unwatched`, its label is not watched.',
        },
      ),
      threshold: Fraction('The one of its label.'),
      score: Fraction('Its best in one frame.'),
      median: Fraction('Its best median, of enough observations, ten at most; 0 where there were too few.'),
      told_up_to: Type.Union(
        [Fraction('The highest threshold with which it would have been told, about.'), Type.Null()],
        {
          description: 'Null: with none.',
        },
      ),
      observations: Count,
      box: Type.Array(Type.Number(), {
        minItems: 4,
        maxItems: 4,
        description: '[x1, y1, x2, y2], fractions of the picture, where its score was best.',
      }),
      ago: Seconds('Since it was last seen.'),
      lasted: Seconds('That it was seen.'),
      zones: Type.Array(Type.String(), { description: 'Those it was in.' }),
    }),
    { description: 'The one that was seen last first; 128 at most.' },
  ),
});

export const why = defineVerb({
  name: 'why',
  description: 'Why something was not told: what became of each object of the last ten minutes, of a camera or of all.',
  request: Fields({ camera: Type.Optional(Camera) }),
  response: Fields({ cameras: Type.Array(Why) }),
  bare: 'camera',
  run: ({ camera: name }, { camera, node }) => {
    const cameras = name === undefined ? [...node.pipelines.values()] : [camera(name)];
    return { cameras: cameras.map((one) => whyToWire(one)) };
  },
});

const whyToWire = ({ name, why }: Pick<HubCamera, 'name' | 'why'>): Static<typeof Why> => {
  const { seconds, frames, objects } = why;
  return { camera: name, seconds, frames: { ...frames }, objects: objects.map(objectToWire) };
};

const objectToWire = ({ toldUpTo: told_up_to, box, zones, ...rest }: ObjectFate) => ({
  ...{ ...rest, told_up_to },
  box: [...box],
  zones: [...zones],
});
