#!/usr/bin/env python3
"""Writes tests/reference/layers: what PyTorch 1.13 computes for normalization, pooling, padding and activations.

    python3 tests/reference/layers.py        (Debian 12: python3-torch, python3-numpy)

Each file is a case of one operator, with its gradients, computed in float64 from inputs that are exact float32
values and stored as float32; its metadata names the operator and its arguments as tests/support/reference_ops.lua
takes them: dimensions and positions count from 0.
"""
import json
import os
import struct
import zlib

import numpy as np
import torch
import torch.nn.functional as F

torch.set_num_threads(1)
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "layers")


def save(name, op, config, tensors, tolerance=5e-5):
    head = {"__metadata__": {"op": op, "config": json.dumps(config), "tolerance": str(tolerance),
                             "source": "PyTorch %s, float64, stored as float32" % torch.__version__}}
    data = b""
    for key, t in tensors.items():
        a = t.detach().numpy()
        a = a.astype("<i8" if a.dtype.kind == "i" else "<f4")
        raw = np.ascontiguousarray(a).tobytes()
        head[key] = {"dtype": "I64" if a.dtype.kind == "i" else "F32", "shape": list(t.shape),
                     "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(head, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    os.makedirs(FOLDER, exist_ok=True)
    with open(os.path.join(FOLDER, name + ".safetensors"), "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data)


def case(name, op, config, shapes, compute, mean=0.0, std=1.0, extra=None):
    """shapes: of the inputs by name. compute(inputs) -> output, or {"output": ..., more results}."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    inputs = {}
    for key, shape in shapes.items():
        a = rng.standard_normal(shape)
        if key == "input": a = a * std + mean
        if key == "running_var": a = np.abs(a) + 0.5
        inputs[key] = torch.tensor(np.float32(a).astype(np.float64))
        if not key.startswith("running"): inputs[key].requires_grad_(True)
    if extra is not None:
        with torch.no_grad(): inputs["input"].view(-1)[:len(extra)] = torch.tensor(extra, dtype=torch.float64)
    before = {key: t.detach().clone() for key, t in inputs.items()}
    results = compute(inputs)
    if not isinstance(results, dict): results = {"output": results}
    grad = torch.tensor(np.float32(rng.standard_normal(results["output"].shape)).astype(np.float64))
    results["output"].backward(grad)
    tensors = dict(before)
    tensors["grad_output"] = grad
    tensors.update(results)
    for key, t in inputs.items():
        if t.requires_grad: tensors["grad_" + key] = t.grad
    save(name, op, config, tensors)


# --- normalization -----------------------------------------------------------------------------------

for i, (shape, groups, affine, mean) in enumerate([
        ([3, 6, 5, 4], 2, True, 0.5), ([2, 8, 3, 3], 8, True, 0.5), ([2, 6, 7], 3, False, -1), ([5, 12], 4, True, 2),
        ([1, 4, 2, 3, 2], 1, True, 0.5), ([2, 4, 6, 5], 2, True, 100)], 1):
    shapes = {"input": shape}
    if affine: shapes.update(weight=[shape[1]], bias=[shape[1]])
    case("group_norm_%02d" % i, "group_norm", {"groups": groups, "eps": 1e-5}, shapes,
         lambda t: F.group_norm(t["input"], groups, t.get("weight"), t.get("bias"), 1e-5), mean, 2.0)

for i, (shape, last, affine, eps) in enumerate([
        ([4, 9], 1, True, 1e-5), ([2, 3, 4, 5], 3, True, 1e-5), ([2, 3, 7], 1, False, 1e-3), ([3, 2, 5], 2, True, 1e-6)],
        1):
    part = shape[-last:]
    shapes = {"input": shape}
    if affine: shapes.update(weight=part, bias=part)
    case("layer_norm_%02d" % i, "layer_norm", {"normalized_shape": part, "eps": eps}, shapes,
         lambda t: F.layer_norm(t["input"], part, t.get("weight"), t.get("bias"), eps), 0.5, 2.0)


def instance_norm(own):
    def compute(t):
        mean, var = t.get("running_mean"), t.get("running_var")
        y = F.instance_norm(t["input"], mean, var, t.get("weight"), t.get("bias"), own, 0.1, 1e-5)
        return {"output": y, "running_mean_after": mean, "running_var_after": var} if mean is not None else y
    return compute


for i, (shape, affine, running, own) in enumerate([
        ([3, 4, 5, 6], False, False, True), ([2, 3, 4, 4], True, True, True), ([2, 5, 8], True, False, True),
        ([3, 4, 2, 3], True, True, False)], 1):
    c = [shape[1]]
    shapes = {"input": shape}
    if affine: shapes.update(weight=c, bias=c)
    if running: shapes.update(running_mean=c, running_var=c)
    case("instance_norm_%02d" % i, "instance_norm", {"use_input_stats": own, "momentum": 0.1, "eps": 1e-5}, shapes,
         instance_norm(own), 0.5, 2.0)

for i, (shape, training) in enumerate([([4, 3, 6], True), ([2, 5, 3], False)], 1):
    c = [shape[1]]

    def batch_norm(t):
        y = F.batch_norm(t["input"], t["running_mean"], t["running_var"], t["weight"], t["bias"], training, 0.1, 1e-5)
        return {"output": y, "running_mean_after": t["running_mean"], "running_var_after": t["running_var"]}
    case("batch_norm_line_%02d" % i, "batch_norm", {"training": training, "momentum": 0.1, "eps": 1e-5},
         dict(input=shape, weight=c, bias=c, running_mean=c, running_var=c), batch_norm, 0.5, 2.0)

# --- convolution and pooling -------------------------------------------------------------------------

for i, (shape, weight, options) in enumerate([
        ([3, 7, 6], [4, 3, 3, 3], dict(stride=2, padding=1)),
        ([2, 3, 6, 7], [4, 3, 3, 3], dict(padding="same")),
        ([2, 3, 6, 7], [4, 3, 4, 2], dict(padding="same", dilation=[1, 3])),
        ([2, 4, 9, 8], [6, 2, 2, 5], dict(padding="same", groups=2)),
        ([3, 6, 5], [2, 3, 4, 4], dict(padding="same")),
        ([2, 3, 6, 7], [4, 3, 3, 3], dict(padding="valid"))], 1):
    o = dict(stride=1, padding=0, dilation=1, groups=1)
    o.update(options)
    case("conv2d_border_%02d" % i, "conv2d", o, dict(input=shape, weight=weight, bias=[weight[0]]),
         lambda t: F.conv2d(t["input"], t["weight"], t["bias"], o["stride"], o["padding"], o["dilation"], o["groups"]))

for i, (shape, weight, mode, options) in enumerate([
        ([2, 3, 6, 7], [4, 3, 3, 3], "reflect", dict(padding=1)),
        ([2, 3, 6, 7], [4, 3, 3, 5], "replicate", dict(padding=[1, 2], stride=2)),
        ([2, 3, 6, 7], [4, 3, 3, 3], "circular", dict(padding=1)),
        ([2, 3, 6, 7], [4, 3, 4, 2], "reflect", dict(padding="same")),
        ([3, 6, 7], [4, 3, 3, 3], "replicate", dict(padding=1))], 1):
    o = dict(stride=1, padding=0, dilation=1, groups=1)
    o.update(options)

    def layer(t):
        conv = torch.nn.Conv2d(weight[1], weight[0], weight[2:], padding_mode=mode, **o).double()
        return conv._conv_forward(t["input"], t["weight"], t["bias"])
    case("conv2d_mode_%02d" % i, "conv2d_layer", dict(o, padding_mode=mode, kernel=weight[2:]),
         dict(input=shape, weight=weight, bias=[weight[0]]), layer)

for i, (shape, options) in enumerate([
        ([2, 3, 7, 8], dict(kernel_size=2, stride=1, padding=0, dilation=2)),
        ([2, 3, 9, 8], dict(kernel_size=3, stride=2, padding=1, dilation=2)),
        ([1, 4, 9, 10], dict(kernel_size=[3, 2], stride=2, padding=[1, 0], dilation=[1, 3])),
        ([2, 3, 9, 9], dict(kernel_size=3, stride=2, padding=1, dilation=3, ceil_mode=True)),
        ([4, 7, 8], dict(kernel_size=3, stride=2, padding=1, dilation=1)),
        ([4, 9, 8], dict(kernel_size=2, stride=3, padding=1, dilation=2))], 1):
    o = dict(ceil_mode=False)
    o.update(options)

    def pool(t):
        y, at = F.max_pool2d(t["input"], return_indices=True, **o)
        return {"output": y, "indices": at}
    case("max_pool2d_dilated_%02d" % i, "max_pool2d", o, dict(input=shape), pool)

case("avg_pool2d_image", "avg_pool2d",
     dict(kernel_size=3, stride=2, padding=1, ceil_mode=True, count_include_pad=False), dict(input=[3, 8, 7]),
     lambda t: F.avg_pool2d(t["input"], 3, 2, 1, True, False))
case("adaptive_avg_pool2d_image", "adaptive_avg_pool2d", dict(output_size=[3, 2]), dict(input=[3, 8, 7]),
     lambda t: F.adaptive_avg_pool2d(t["input"], [3, 2]))

for i, (shape, pad, mode) in enumerate([
        ([2, 3, 4, 5], [1, 2, 3, 0], "reflect"), ([2, 3, 4, 5], [4, 1, 0, 3], "reflect"),
        ([2, 3, 4, 5], [1, 2, 6, 0], "replicate"), ([3, 4, 2], [0, 5], "replicate"), ([3, 4, 5], [2, 5], "circular"),
        ([2, 3, 4, 5], [1, 2, 4, 0], "circular"), ([2, 4, 5], [2, 1, 1, 3], "reflect")], 1):
    case("pad_mode_%02d" % i, "pad", dict(pad=pad, mode=mode), dict(input=shape),
         lambda t: F.pad(t["input"], pad, mode))

# --- activations ---------------------------------------------------------------------------------------

KINKS = [0.0, -0.0, 6.0, -3.0, 30.0, -30.0, -100.0, 1.0, -1.0]
for name, config, f in [
        ("relu6", {}, F.relu6), ("hardsigmoid", {}, F.hardsigmoid), ("hardswish", {}, F.hardswish),
        ("hardtanh", {"min": -0.5, "max": 1.5}, lambda x: F.hardtanh(x, -0.5, 1.5)),
        ("softplus", {"beta": 1, "threshold": 20}, F.softplus)]:
    case(name, name, config, dict(input=[2, 3, 5, 7]), lambda t: f(t["input"]), 0, 3.0, KINKS)
case("softplus_beta", "softplus", {"beta": 2.5, "threshold": 4}, dict(input=[3, 17]),
     lambda t: F.softplus(t["input"], 2.5, 4), 0, 3.0)
for i, (shape, n) in enumerate([([2, 3, 4, 5], 3), ([2, 3, 4, 5], 1), ([4, 6], 6), ([7], 1)], 1):
    case("prelu_%02d" % i, "prelu", {"num_parameters": n}, dict(input=shape, weight=[n]),
         lambda t: F.prelu(t["input"], t["weight"]), 0, 1.0, [0.0, -0.0])
