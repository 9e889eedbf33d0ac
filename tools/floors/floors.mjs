/**
 * The floors of the house, from the ground up. A folder imports from folders on floors below its own, and from nothing else:
 * not from a floor above, and not from its neighbours. A folder's own name means the files right in it; `/**` takes the
 * folders in it along. A new folder gets a place here.
 *
 * @type {readonly (readonly string[])[]}
 */
export const floors = [
  // What knows nothing of vision.
  ['sdk/base'],
  ['sdk/access', 'sdk/store', 'sdk/config', 'sdk/opencv-bindings'],
  // Pictures as numbers.
  ['sdk/frame'],
  [
    'sdk/kernels/boxes',
    'sdk/kernels/dot',
    'sdk/kernels/jpeg',
    'sdk/kernels/motion',
    'sdk/kernels/preprocess',
    'sdk/kernels/program',
  ],
  ['sdk/kernels/convert'],
  ['sdk/kernels'],
  ['sdk/picture'],
  // Where frames come from.
  ['devices/programs'],
  ['devices/device', 'devices/boards/board'],
  ['devices/stream', 'devices/boards/power'],
  ['devices/ffmpeg', 'devices/boards'],
  ['devices/file', 'devices/libcamera', 'devices/network', 'devices/pipe', 'devices/scene', 'devices/v4l2'],
  ['devices/network/http', 'devices/opencv', 'devices/recording'],
  ['devices'],
  // What is made of them.
  ['sdk/vision/changes'],
  ['sdk/vision'],
  ['sdk/vision/annotate', 'sdk/vision/gaze'],
  ['sdk/core/onnx', 'sdk/core/program'],
  ['sdk/core/engines'],
  ['sdk/core/decoders'],
  ['sdk/core/cards'],
  ['sdk/core/compiler/network'],
  ['sdk/core/compiler/operators'],
  ['sdk/core/compiler'],
  ['sdk/core'],
  ['sdk/core/quantise'],
  ['sdk/clips', 'sdk/history', 'sdk/zoo', 'sdk/learn/ledger'],
  ['sdk/learn/heads', 'sdk/update'],
  ['sdk/learn/camera'],
  ['sdk/learn'],
  ['sdk/pipeline'],
  // Who is told.
  ['sdk/hub/broker', 'sdk/hub/connection'],
  ['sdk/hub/contract', 'sdk/hub/outbox', 'sdk/hub/retained'],
  ['sdk/hub/extensions'],
  ['sdk/hub/extensions/cameras', 'sdk/hub/extensions/fleet', 'sdk/hub/extensions/learning'],
  ['sdk/hub/extensions/home-assistant', 'sdk/hub/extensions/requests/verbs'],
  ['sdk/hub/extensions/requests'],
  ['sdk/hub'],
  ['sdk/opencv'],
  // What one imports.
  ['sdk'],
  // What is run.
  ['samples', 'tools/first-boot', 'tools/shared'],
  ['tools/pack'],
  ['tools/image'],
  [
    'tools/console/**',
    'tools/flash',
    'tools/systemd',
    'tools/update',
    'tools/image/customise',
    'tools/image/make',
    'tools/worker',
  ],
  ['tools/cli/**'],
  ['tools/bench/**', 'tools/docs', 'tools/soak', 'tools/zoo'],
];
