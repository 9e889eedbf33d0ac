#!/usr/bin/env bash
# onnxruntime-node 1.30.0 (npm) on Linux x64: a plain `npm install` needs NuGet, also where there is no graphics processor.
#
# Behaviour: the package has its library for the processor within it, 22 MB, and runs with that alone. Its install script looks
# whether three libraries for CUDA and TensorRT are there, which are in no package of npm, and fetches them from NuGet;
# it does not look whether the machine has a graphics processor. Where NuGet cannot be reached the script fails, and with it
# `npm install`, which takes the whole package away again. On arm64 it fetches nothing.
# One would have guessed: what npm fetched is all that is needed, since it is; or, where the optional part cannot be had, that
# the installation goes on without it.
#
# Seen, with a proxy that refuses all that the script asks for:
#   the script ends with 1 and ECONNREFUSED, and so it does for `npm install`
#   with ONNXRUNTIME_NODE_INSTALL=skip it ends with 0
#   installed without scripts, on the processor: [1, 2, 3] doubled is [2, 4, 6]
set -eu
[ "$(uname -m)" = x86_64 ] || { echo 'for x64 alone'; exit 0; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check onnx==1.19.1
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund --ignore-scripts onnxruntime-node@1.30.0

# Nothing listens there, so nothing leaves this machine.
export GLOBAL_AGENT_HTTP_PROXY=http://127.0.0.1:9 GLOBAL_AGENT_HTTPS_PROXY=http://127.0.0.1:9
cd node_modules/onnxruntime-node
status=0
node ./script/install > "$work/log" 2>&1 || status=$?
echo "install script: $status $(grep -o ECONNREFUSED "$work/log" | head -n 1)" | tee "$work/seen"
ONNXRUNTIME_NODE_INSTALL=skip node ./script/install
echo "skipped: $?" | tee -a "$work/seen"
grep -oi nuget script/install-metadata.js | head -n 1 | tee -a "$work/seen"
cd "$work"

cat > make.py << 'END'
from onnx import TensorProto, helper, save

value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, [3])
graph = helper.make_graph([helper.make_node("Add", ["x", "x"], ["y"])], "twice", [value("x")], [value("y")])
save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), "model.onnx")
END
env/bin/python make.py

cat > run.cjs << 'END'
const { InferenceSession, Tensor } = require('onnxruntime-node');
InferenceSession.create('model.onnx')
  .then((session) => session.run({ x: new Tensor('float32', Float32Array.of(1, 2, 3), [3]) }))
  .then(({ y }) => console.log('without scripts:', ...y.data));
END
ORT_DISABLE_TELEMETRY=1 node run.cjs | tee -a seen

cat > expected << 'END'
install script: 1 ECONNREFUSED
skipped: 0
nuget
without scripts: 2 4 6
END
diff expected seen && echo 'as stated' || { echo 'this has changed: see above'; exit 1; }
