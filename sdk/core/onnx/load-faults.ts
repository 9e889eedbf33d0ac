import { InputError } from '../../base/errors.ts';

/** What onnxruntime says of a network that it cannot load, and what that means to who exported it. */
const known: readonly (readonly [said: RegExp, meaning: (found: readonly string[]) => string])[] = [
  [
    /Opset (\d+) is under development.*till opset (\d+)/s,
    ([, got, most]) =>
      `expected operators of opset ${most} at most, got opset ${got}; export it again with an older one (torch.onnx.export(…, opset_version=17))`,
  ],
  [
    /Unsupported model IR version: (\d+), max supported IR version: (\d+)/,
    ([, got, most]) =>
      `expected an ONNX file of the format's version (IR) ${most} at most, got ${got}; export it again with an older onnx package, or set ir_version of the file to ${most}`,
  ],
  [
    /No Op registered for (\S+) with domain_version of (\d+)/,
    ([, op, opset]) =>
      `onnxruntime has no operator ${op} in opset ${opset}; export it with operators of ONNX alone, or with the opset that has it`,
  ],
  [
    /(\S+?)\(-?\d+\) is not a registered function\/op/,
    ([, op]) =>
      `onnxruntime has no operator ${op}, which is none of ONNX itself; export it without (post-processing of another framework is left to a decoder here)`,
  ],
  [
    /This is an invalid model\. .*?Node, \("?([^",]*)"?, (\w+), .*Error (.+)$/s,
    ([, node, op, why]) =>
      `expected operators as the file's opset has them, got a ${op}${node ? ` (the node ${node})` : ''} that is not: ${why!.replace(/\.\s*$/, '')}. Export it again: a converter that changed the opset alone broke it`,
  ],
];

/** The error of a model that cannot be loaded, in terms of what can be done; others as they are. */
export function plainFault(error: unknown): unknown {
  if (!(error instanceof InputError)) return error;
  for (const [said, meaning] of known) {
    const found = said.exec(error.message);
    if (found) return new InputError(meaning(found), { cause: error });
  }
  return error;
}
