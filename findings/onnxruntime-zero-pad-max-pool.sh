#!/usr/bin/env bash
# onnxruntime-node 1.30.0 (npm) and onnxruntime 1.30.0 (PyPI): a Pad with zeros before a MaxPool gives other numbers.
#
# Behaviour: at the optimisation levels `basic`, `extended` and `all` (the default) the rewrite Pad_Fusion makes the Pad
# one of the MaxPool's own. A MaxPool's own pad is no zero but nothing at all, so wherever the numbers are below zero the
# result is another. YOLOv3-tiny is built so (ZeroPad2d, then MaxPool2d with a stride of 1).
# One would have guessed: the optimisation level changes how fast a network is, not what it computes; and that an own pad
# is put in place of a Pad only where that is filled with the least number.
#
# Seen, of [-1 -2 -3 / -4 -5 -6 / -7 -8 -9] with a zero right and below, a pool of 2 x 2:
#   npm 1.30.0  disabled                  -1 -2 0 -4 -5 0 0 0 0     what the ONNX operators are defined to give
#   npm 1.30.0  all                       -1 -2 -3 -4 -5 -6 -7 -8 -9
#   npm 1.30.0  all without Pad_Fusion    -1 -2 0 -4 -5 0 0 0 0
#   PyPI 1.30.0 all                       -1 -2 -3 -4 -5 -6 -7 -8 -9
#   PyPI 1.32.0 all                       -1 -2 0 -4 -5 0 0 0 0     mended there; npm has nothing newer than 1.30.0
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check numpy==2.2.6 onnx==1.19.1 onnxruntime==1.32.0
env/bin/pip install --quiet --disable-pip-version-check --no-deps --target old onnxruntime==1.30.0
npm init --yes > /dev/null
ONNXRUNTIME_NODE_INSTALL=skip npm install --silent --no-audit --no-fund --ignore-scripts onnxruntime-node@1.30.0

cat > make.py << 'END'
import numpy as np
from onnx import TensorProto, helper, numpy_helper, save

shape = [1, 1, 3, 3]
pads = numpy_helper.from_array(np.array([0, 0, 0, 0, 0, 0, 1, 1], np.int64), "pads")
nodes = [
    helper.make_node("Pad", ["x", "pads"], ["p"]),
    helper.make_node("MaxPool", ["p"], ["y"], kernel_shape=[2, 2], strides=[1, 1]),
]
value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
graph = helper.make_graph(nodes, "pool", [value("x")], [value("y")], [pads])
save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), "model.onnx")
END
env/bin/python make.py

cat > run.py << 'END'
import numpy as np
import onnxruntime as ort

x = -np.arange(1, 10, dtype=np.float32).reshape(1, 1, 3, 3)
session = ort.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])
print(f"PyPI {ort.__version__} all:", *(int(value) for value in session.run(None, {"x": x})[0].ravel()))
END

cat > run.cjs << 'END'
const { InferenceSession, Tensor } = require('onnxruntime-node');
const x = new Tensor('float32', Float32Array.from({ length: 9 }, (_, i) => -1 - i), [1, 1, 3, 3]);
const without = { extra: { optimization: { disable_specified_optimizers: 'Pad_Fusion' } } };
(async () => {
  for (const [name, options] of [
    ['disabled', { graphOptimizationLevel: 'disabled' }],
    ['basic', { graphOptimizationLevel: 'basic' }],
    ['all', {}],
    ['all without Pad_Fusion', without],
  ]) {
    const session = await InferenceSession.create('model.onnx', options);
    console.log(`npm 1.30.0 ${name}:`, ...(await session.run({ x })).y.data);
  }
})();
END

ORT_DISABLE_TELEMETRY=1 node run.cjs | tee seen
ORT_DISABLE_TELEMETRY=1 PYTHONPATH=old env/bin/python run.py | tee -a seen
ORT_DISABLE_TELEMETRY=1 env/bin/python run.py | tee -a seen

cat > expected << 'END'
npm 1.30.0 disabled: -1 -2 0 -4 -5 0 0 0 0
npm 1.30.0 basic: -1 -2 -3 -4 -5 -6 -7 -8 -9
npm 1.30.0 all: -1 -2 -3 -4 -5 -6 -7 -8 -9
npm 1.30.0 all without Pad_Fusion: -1 -2 0 -4 -5 0 0 0 0
PyPI 1.30.0 all: -1 -2 -3 -4 -5 -6 -7 -8 -9
PyPI 1.32.0 all: -1 -2 0 -4 -5 0 0 0 0
END
diff expected seen && echo 'as stated' || { echo 'this has changed: see above'; exit 1; }
