"""Reference cases of functions and losses, computed by PyTorch 1.13 in float64 from inputs that are float32 values.

    /usr/bin/python3 tests/reference/functions.py [folder]

writes FOLDER/NAME_NN.safetensors (tests/reference/ops unless given): inputs, the output's gradient, results and the
gradients of the inputs, with `op`, `config` and `tolerance` in the metadata. Positions, labels and dimensions count
from 0 in them, as in PyTorch; tests/support/reference_ops.lua runs them.
"""
import json
import os
import struct
import sys

import numpy
import torch
import torch.nn.functional as F

FOLDER = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "ops")
generator = torch.Generator().manual_seed(13)
counts = {}


def randn(*shape):
    return torch.randn(*shape, generator=generator)


def rand(*shape):
    return torch.rand(*shape, generator=generator)


def index(*rows):
    return torch.tensor(rows if len(rows) > 1 else rows[0], dtype=torch.int64)


def store(path, tensors, metadata):
    header, blob = {"__metadata__": metadata}, b""
    for name, t in tensors.items():
        t = t.detach()
        kind, dtype = ("F32", numpy.float32) if t.is_floating_point() else ("I64", numpy.int64)
        if t.dtype in (torch.bool, torch.uint8):
            kind, dtype = "U8", numpy.uint8
        data = t.numpy().astype(dtype).tobytes()
        header[name] = {"dtype": kind, "shape": list(t.shape) or [1], "data_offsets": [len(blob), len(blob) + len(data)]}
        blob += data
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + blob)


def case(op, f, inputs, config=None, plain=(), tolerance=2e-6):
    """f(config, **inputs) -> output, or a table of results; `plain` names inputs without a gradient."""
    counts[op] = counts.get(op, 0) + 1
    config = config or {}
    given = {k: t.double() if t.is_floating_point() else t for k, t in inputs.items()}
    for k, t in given.items():
        if t.is_floating_point() and k not in plain:
            t.requires_grad_(True)
    results = f(config, **given)
    if not isinstance(results, dict):
        results = {"output": results}
    tensors = dict(given)
    y = results["output"]
    if y.requires_grad:
        dy = torch.randn(y.shape, generator=generator).double()
        y.backward(dy)
        tensors["grad_output"] = dy
        for k, t in given.items():
            if t.grad is not None:
                tensors["grad_" + k] = t.grad
    tensors.update(results)
    store(os.path.join(FOLDER, "%s_%02d.safetensors" % (op, counts[op])), tensors,
          {"op": op, "config": json.dumps(config), "tolerance": str(tolerance)})


# --- losses ------------------------------------------------------------------------------
def soft(c, input, target, weight=None):
    return F.cross_entropy(input, target, weight, reduction=c["reduction"], label_smoothing=c["label_smoothing"])


for reduction in ("mean", "sum", "none"):
    case("cross_entropy_soft", soft, {"input": randn(5, 4) * 3, "target": rand(5, 4).softmax(1)},
         {"reduction": reduction, "label_smoothing": 0.0})
    case("cross_entropy_soft", soft, {"input": randn(2, 3, 2, 2), "target": rand(2, 3, 2, 2), "weight": rand(3) + 0.5},
         {"reduction": reduction, "label_smoothing": 0.1}, plain=("weight",))
    case("l1_loss", lambda c, input, target: F.l1_loss(input, target, reduction=c["reduction"]),
         {"input": torch.tensor([1., 2., -3., 0.5]), "target": torch.tensor([1., 3., -1., 0.25])},
         {"reduction": reduction})
    for beta in (1.0, 0.25, 0.0):
        case("smooth_l1_loss",
             lambda c, input, target: F.smooth_l1_loss(input, target, reduction=c["reduction"], beta=c["beta"]),
             # With beta 0 equal elements get the gradient -1 in PyTorch 1.13, and 0 in its l1_loss; here they get 0.
             {"input": torch.tensor([1. if beta else 1.5, 2., -3., 0.5, 1.5]),
              "target": torch.tensor([1., 3., -1., 0.25, -0.125])},
             {"reduction": reduction, "beta": beta})
    case("bce_with_logits",
         lambda c, input, target: F.binary_cross_entropy_with_logits(input, target, reduction=c["reduction"]),
         {"input": randn(3, 4) * 5, "target": rand(3, 4)}, {"reduction": reduction})
    case("bce_with_logits",
         lambda c, input, target, weight, pos_weight: F.binary_cross_entropy_with_logits(
             input, target, weight, pos_weight=pos_weight, reduction=c["reduction"]),
         {"input": randn(3, 4) * 5, "target": rand(3, 4).round(), "weight": rand(3, 1) + 0.5,
          "pos_weight": rand(4) * 3}, {"reduction": reduction}, plain=("weight", "pos_weight"))
for reduction in ("mean", "sum", "none", "batchmean"):
    for log_target in (False, True):
        target = rand(3, 4).softmax(1)
        case("kl_div",
             lambda c, input, target: F.kl_div(input, target, reduction=c["reduction"], log_target=c["log_target"]),
             {"input": randn(3, 4).log_softmax(1), "target": target.log() if log_target else target},
             {"reduction": reduction, "log_target": log_target})

# --- functions of one number --------------------------------------------------------------
for name in ("sin", "cos", "tan", "atan", "expm1", "erf"):
    case(name, lambda c, input: getattr(torch, name)(input), {"input": randn(3, 5) * 2})
for name in ("asin", "acos"):
    case(name, lambda c, input: getattr(torch, name)(input), {"input": rand(3, 5) * 1.8 - 0.9})
for name in ("log2", "log10", "log1p", "rsqrt"):
    case(name, lambda c, input: getattr(torch, name)(input), {"input": rand(3, 5) * 4 + 0.01})
case("logsigmoid", lambda c, input: F.logsigmoid(input), {"input": randn(3, 5) * 20})

# --- along a dimension ---------------------------------------------------------------------
for dim in (0, 1, -1):
    case("cumsum", lambda c, input: input.cumsum(c["dim"]), {"input": randn(3, 4, 2)}, {"dim": dim})
for dims, keepdim in (([0], False), ([1, -1], True), ([0, 1, 2], False)):
    case("logsumexp", lambda c, input: input.logsumexp(c["dims"], c["keepdim"]), {"input": randn(3, 4, 2) * 10},
         {"dims": dims, "keepdim": keepdim})


def median(c, input):
    if c["dim"] is None:
        return input.median()
    values, indices = input.median(c["dim"], c["keepdim"])
    return {"output": values, "indices": indices}


case("median", median, {"input": randn(3, 4)}, {"dim": None})
case("median", median, {"input": torch.tensor([[3., 1., 3.], [3., 5., 0.]])}, {"dim": None})
case("median", median, {"input": randn(5, 4)}, {"dim": 0, "keepdim": False})
case("median", median, {"input": randn(2, 5, 4)}, {"dim": -1, "keepdim": True})
case("argsort", lambda c, input: {"output": input.argsort(c["dim"], c["descending"])}, {"input": randn(4, 5)},
     {"dim": 0, "descending": False}, plain=("input",))
case("argsort", lambda c, input: {"output": input.argsort(c["dim"], c["descending"])}, {"input": randn(4, 5)},
     {"dim": 1, "descending": True}, plain=("input",))

# --- elements in other places --------------------------------------------------------------
for dims in ([0], [0, 2], [-1], []):
    case("flip", lambda c, input: input.flip(c["dims"]), {"input": randn(2, 3, 4)}, {"dims": dims})
for shifts, dims in (([1], [0]), ([-5, 2], [1, 2]), ([4], None), ([-4], None)):
    case("roll", lambda c, input: input.roll(c["shifts"], c["dims"]) if c["dims"] else input.roll(c["shifts"]),
         {"input": randn(2, 3, 4)}, {"shifts": shifts, "dims": dims})
for sizes in ([2, 3], [3], [2, 1, 1, 2], [1, 1, 0]):
    case("tile", lambda c, input: input.tile(c["sizes"]), {"input": randn(2, 1, 3)}, {"sizes": sizes})
case("masked_fill", lambda c, input, mask: input.masked_fill(mask, c["value"]),
     {"input": randn(3, 4), "mask": rand(4) > 0.5}, {"value": -1.5})
case("gather", lambda c, input, index: input.gather(c["dim"], index),
     {"input": randn(3, 4), "index": index([0, 0, 2], [1, 1, 1])}, {"dim": 0})
case("gather", lambda c, input, index: input.gather(c["dim"], index),
     {"input": randn(3, 4), "index": index([3, 0], [1, 1], [2, 2])}, {"dim": 1})

# --- masks and lists of positions -----------------------------------------------------------
case("index_mask", lambda c, input, mask: input[mask], {"input": randn(3, 4), "mask": rand(3, 4) > 0.5})
case("index_mask", lambda c, input, mask: input[mask],
     {"input": randn(3, 4), "mask": torch.tensor([True, False, True])})
case("index_mask", lambda c, input, mask: input[mask],
     {"input": randn(2, 3, 4), "mask": torch.tensor([[True, False, True], [False, False, True]])})
KEYS = {
    "rows": lambda x, i, j: x[i], "columns": lambda x, i, j: x[:, i], "pairs": lambda x, i, j: x[i, j],
    "inner": lambda x, i, j: x[:, i, j], "apart": lambda x, i, j: x[i, :, j], "select": lambda x, i, j: x[1, :, i],
    "between": lambda x, i, j: x[i, 1, j], "range": lambda x, i, j: x[0:2, i],
    "grid": lambda x, i, j: x[i.reshape(3, 1), j],
}
for key in KEYS:
    case("index_list", lambda c, input, index, other: KEYS[c["key"]](input, index, other),
         {"input": randn(3, 4, 3), "index": index([0, 2, 0]), "other": index([1, 2, 1])}, {"key": key})
print(sum(counts.values()), "cases in", FOLDER)
