#!/usr/bin/env bash
# Package: candle-onnx 0.11.1 (Cargo), seen with Rust 1.95; the networks are made with onnx 1.23.2 and compared with onnxruntime 1.32.0 (PyPI, Python 3.11).
# Behaviour: a Clip whose limits are attributes, as they were up to opset 10 (every ReLU6 of the MobileNets of that time), passes everything on as it
#   came: values below the lower limit too. No error. The same Clip of opset 11 and later, whose limits are inputs, is right, and so are the
#   attributes of other operators of those opsets, such as the slope of LeakyRelu.
# One would have guessed: limits that hold in either form, or a refusal of the old opset.
# Seen: [-3, -1, 0.5, 5, 9] clipped to 0 and 6
#   onnxruntime opset 10 [0, 0, 0.5, 5, 6]; opset 13 [0, 0, 0.5, 5, 6]
#   candle      opset 10 [-3, -1, 0.5, 5, 9]; opset 13 [0, 0, 0.5, 5, 6]
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6 grpcio-tools==1.85.1
# What candle-onnx is built with.
printf '#!/bin/sh\nexec "%s" -m grpc_tools.protoc "$@"\n' "$folder/venv/bin/python" > protoc
chmod +x protoc
export PROTOC="$folder/protoc"
export CARGO_PROFILE_DEV_DEBUG=0 # which nothing here reads
cargo init --quiet --vcs none --name runs runs
cargo add --quiet --manifest-path runs/Cargo.toml candle-onnx@=0.11.1 candle-core@=0.11.1
cat > runs/src/main.rs <<'RS'
use candle_core::{Device, Tensor};
use std::collections::HashMap;

/// Runs each network on five values.
fn main() -> Result<(), Box<dyn std::error::Error>> {
    for path in std::env::args().skip(1) {
        let model = candle_onnx::read_file(&path)?;
        let values = Tensor::new(&[-3f32, -1., 0.5, 5., 9.], &Device::Cpu)?;
        let results = candle_onnx::simple_eval(&model, HashMap::from([("x".to_string(), values)]))?;
        println!("{:?}", results["y"].to_vec1::<f32>()?);
    }
    Ok(())
}
RS
cat > make.py <<'PY'
import json

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

nodes = {
    "clip 10": (helper.make_node("Clip", ["x"], ["y"], min=0.0, max=6.0), 10),
    "clip 13": (helper.make_node("Clip", ["x", "low", "high"], ["y"]), 13),
    "leaky relu 10": (helper.make_node("LeakyRelu", ["x"], ["y"], alpha=0.5), 10),
}
limits = [helper.make_tensor("low", TensorProto.FLOAT, [], [0]), helper.make_tensor("high", TensorProto.FLOAT, [], [6])]
expected = {}
for name, (node, opset) in nodes.items():
    ends = [helper.make_tensor_value_info(end, TensorProto.FLOAT, [5]) for end in "xy"]
    graph = helper.make_graph([node], "graph", ends[:1], ends[1:], limits if name == "clip 13" else [])
    network = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=6)
    onnx.checker.check_model(network, full_check=True)
    onnx.save(network, f"{name}.onnx")
    values = np.array([-3, -1, 0.5, 5, 9], np.float32)
    expected[name] = onnxruntime.InferenceSession(f"{name}.onnx").run(None, {"x": values})[0].tolist()
with open("expected.json", "w") as file:
    json.dump(expected, file)
PY
venv/bin/python make.py
cargo run --quiet --manifest-path runs/Cargo.toml -- "clip 10.onnx" "clip 13.onnx" "leaky relu 10.onnx" > seen
venv/bin/python - <<'PY'
import json
import sys

expected = json.load(open("expected.json"))
seen = dict(zip(expected, map(json.loads, open("seen")), strict=True))
print("onnxruntime", expected)
print("candle     ", seen)
clipped = [0, 0, 0.5, 5, 6]
leaky = [-1.5, -0.5, 0.5, 5, 9]
if expected != {"clip 10": clipped, "clip 13": clipped, "leaky relu 10": leaky}:
    sys.exit("expected onnxruntime to clip")
if seen != {"clip 10": [-3, -1, 0.5, 5, 9], "clip 13": clipped, "leaky relu 10": leaky}:
    sys.exit("candle-onnx behaves otherwise than stated above")
PY
