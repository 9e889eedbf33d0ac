import { type Static, Type } from '@sinclair/typebox';
import { InputError } from '../../../../base/errors.ts';
import type { Subject } from '../../../../learn/camera/camera-learning.ts';
import { Camera, Fields } from '../../../contract/fields.ts';
import { Anyway, asideOf, ExampleId, Head, headOf, Label, ListedAside, learningOf, Negative } from './learning.ts';
import { defineVerb } from './verb.ts';

const Pixel = Type.Number({ minimum: -65_536, maximum: 65_536 });

const request = Fields({
  camera: Camera,
  label: Label,
  track_id: Type.Optional(Type.Integer({ minimum: 1, description: 'Of an object, from its event.' })),
  event_id: Type.Optional(
    Type.String({ minLength: 1, maxLength: 128, description: 'The `id` of an event, which may have ended.' }),
  ),
  box: Type.Optional(
    Type.Tuple([Pixel, Pixel, Pixel, Pixel], { description: '[x1, y1, x2, y2] in pixels of the newest frame.' }),
  ),
  view: Type.Optional(
    Type.Union([Type.String({ minLength: 1, maxLength: 32 }), Type.Literal(true)], {
      description: 'The whole view: the name of its state, such as `gate`; true: the camera’s name.',
    }),
  ),
  negative: Negative,
  anyway: Anyway,
});

export const teach = defineVerb({
  name: 'teach',
  description:
    'Teaches what a camera sees, with exactly one of `track_id`, `event_id`, `box` and `view`. It applies from the next frame on. What contradicts earlier lessons, or would make others clearly worse, is kept aside until `settle` answers what it is.',
  request,
  response: Fields({
    examples: Type.Array(ExampleId, { description: 'The new examples; none where it is kept aside.' }),
    aside: Type.Union([ListedAside, Type.Null()], {
      description: 'The lesson, if it is kept aside; not in use, and not shared.',
    }),
    ...Head,
  }),
  run: async (data, context) => {
    const learning = learningOf(context);
    const camera = context.camera(data.camera).name;
    const subject = subjectOf(data);
    const { label, negative = false, anyway } = data;
    const { examples, head, aside } = await learning.teach({ camera, subject, label, negative, anyway });
    return {
      examples: examples.map(({ id }) => id),
      aside: aside ? asideOf(aside) : null,
      ...headOf(learning, head),
    };
  },
});

/** @throws InputError unless one thing is pointed at. */
function subjectOf({ camera, track_id, event_id, box, view }: Static<typeof request>): Subject {
  const subjects: Subject[] = [];
  if (track_id !== undefined) subjects.push({ track: track_id });
  if (event_id !== undefined) subjects.push({ event: event_id });
  if (box !== undefined) subjects.push({ box });
  if (view !== undefined) subjects.push({ view: view === true ? camera : view });
  const [subject, ...others] = subjects;
  if (subject && others.length === 0) return subject;
  throw new InputError(`expected one of track_id, event_id, box, view, got ${subject ? subjects.length : 'none'}`);
}
