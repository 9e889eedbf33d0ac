"""Makes networks with random weights in TensorFlow's formats: python make_tensorflow.py KIND OUT."""

import os
import sys
import types

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras
import numpy as np
import tensorflow as tf

SIDE = 224


def with_random_weights(model):
    """As after training: normalisations that do something, and outputs that depend on the picture."""
    random = np.random.default_rng(7)
    for variable in model.weights:
        name, shape = variable.path.rsplit("/", 1)[1], variable.shape
        if name in ("gamma", "moving_variance"):
            variable.assign(random.uniform(0.8, 1.2, shape))
        elif name in ("beta", "moving_mean", "bias"):
            variable.assign(random.uniform(-0.1, 0.1, shape))
        elif name == "alpha":
            variable.assign(random.uniform(0.05, 0.4, shape))
    return model


def mobilenet():
    keras.utils.set_random_seed(7)
    return with_random_weights(keras.applications.MobileNetV2((SIDE, SIDE, 3), weights=None))


def activations():
    """A layer of each kind that the converter of TensorFlow.js fuses with what follows it."""
    keras.utils.set_random_seed(7)
    layers = keras.layers
    x = images = keras.Input((96, 96, 3))
    x = layers.BatchNormalization()(layers.Conv2D(8, 3, 2, "same")(x))
    x = layers.PReLU(shared_axes=[1, 2])(x)
    x = layers.ReLU(6.0)(layers.BatchNormalization()(layers.DepthwiseConv2D(3, 1, "same")(x)))
    x = layers.ELU()(layers.Conv2D(12, 1)(x))
    x = layers.DepthwiseConv2D(5, 2, "valid")(x)
    x = layers.PReLU(shared_axes=[1, 2])(x)
    x = layers.LeakyReLU(negative_slope=0.1)(layers.Conv2D(16, 3)(x))
    x = layers.ReLU()(layers.Conv2D(16, 3, 2, "same")(x))
    x = layers.Dense(24, "relu")(layers.GlobalAveragePooling2D()(x))
    return with_random_weights(keras.Model(images, layers.Dense(10)(x)))


def modern():
    """What EfficientNet and ConvNeXt have of Keras' own: numbers that are no weights, convolutions in groups, gelu."""
    keras.utils.set_random_seed(7)
    layers = keras.layers
    images = keras.Input((96, 96, 3))
    x = layers.Normalization(mean=[0.5, 0.4, 0.3], variance=[0.06, 0.05, 0.07])(images)
    x = layers.Conv2D(16, 4, 4)(x)
    x = layers.LayerNormalization(epsilon=1e-6)(layers.Conv2D(16, 7, padding="same", groups=16)(x))
    x = layers.Dense(16)(layers.Activation("gelu")(layers.Dense(64)(x)))
    return with_random_weights(keras.Model(images, layers.Dense(10)(layers.GlobalAveragePooling2D()(x))))


def write_sparse(model, out):
    """As MediaPipe's that say so: weights of which most are zeros, kept without them."""
    random = np.random.default_rng(7)
    for variable in model.weights:
        if variable.path.rsplit("/", 1)[1] == "kernel":
            variable.assign(variable.numpy() * (random.random(variable.shape) < 0.2) * 2)
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.EXPERIMENTAL_SPARSITY]
    with open(out, "wb") as file:
        file.write(converter.convert())


def write_tflite(model, out, own=None):
    """@param own The type of its input and output, where it is not float."""
    random = np.random.default_rng(7)
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([random.random((1, SIDE, SIDE, 3), np.float32)] for _ in range(8))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    if own:
        converter.inference_input_type = converter.inference_output_type = own
    with open(out, "wb") as file:
        file.write(converter.convert())


def write_tfjs(model, out, fused):
    # What the converter imports for other models than this.
    for name in ("tensorflow_decision_forests", "jax", "jax.experimental", "jax.experimental.jax2tf"):
        sys.modules[name] = types.ModuleType(name)
    sys.modules["jax.experimental"].jax2tf = sys.modules["jax.experimental.jax2tf"]
    from tensorflowjs.converters import tf_saved_model_conversion_v2 as conversion

    saved = f"{out}.saved"
    model.export(saved, verbose=False)
    if not fused:
        run = conversion._run_grappler
        conversion._run_grappler = lambda config, graph, *rest: (
            graph if "remap" in config.graph_options.rewrite_options.optimizers else run(config, graph, *rest)
        )
        for module, names in (
            (conversion.fuse_prelu, ("fuse_ops_for_prelu", "fuse_prelu_with_fused_conv2d_or_matmul")),
            (conversion.fuse_depthwise_conv2d, ("fuse_depthwise_conv2d",)),
        ):
            for name in names:
                setattr(module, name, lambda graph: graph)
    conversion.convert_tf_saved_model(saved, out)


KINDS = {
    "keras": lambda out: mobilenet().save(out),
    "keras_modern": lambda out: modern().save(out),
    "saved_model": lambda out: mobilenet().export(out, verbose=False),
    "tflite": lambda out: write_tflite(mobilenet(), out),
    "tflite_uint8": lambda out: write_tflite(mobilenet(), out, tf.uint8),
    "tflite_int8": lambda out: write_tflite(mobilenet(), out, tf.int8),
    "tflite_sparse": lambda out: write_sparse(activations(), out),
    "tfjs": lambda out: write_tfjs(mobilenet(), out, fused=False),
    "tfjs_fused": lambda out: write_tfjs(activations(), out, fused=True),
}

KINDS[sys.argv[1]](sys.argv[2])
