#!/usr/bin/env python3
"""Writes the corpora: small valid files of every kind, from which fuzzing begins.

    /usr/bin/python3 tests/fuzz/make_corpus.py [PROGRAM]

The files are in the tree; this says where they come from. Inputs that once were findings (named finding_...) are kept
as they are. PROGRAM (build/release/resmoon) writes what only we write. Needs PIL and NumPy.
"""
import gzip, io, json, os, pickle, struct, subprocess, sys
import numpy
from PIL import Image

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus")
PROGRAM = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build/release/resmoon")


def put(reader, name, data):
    os.makedirs(os.path.join(HERE, reader), exist_ok=True)
    with open(os.path.join(HERE, reader, name), "wb") as f:
        f.write(data if isinstance(data, bytes) else data.encode())


def safetensors(tensors, meta=None, pad=0):
    header, data = {}, b""
    if meta:
        header["__metadata__"] = meta
    for name, (kind, shape, payload) in tensors.items():
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [len(data), len(data) + len(payload)]}
        data += payload
    text = json.dumps(header).encode() + b" " * pad
    return struct.pack("<Q", len(text)) + text + data


for name, text in {"object": '{"model": "mlp", "epochs": 5, "lr": 0.1, "milestones": [3, 4], "own": null}',
                   "escapes": '["\\u00e4\\ud83d\\ude00\\n", -1.5e-3, 9223372036854775807, true, [], {}]',
                   "deep": "[" * 20 + "]" * 20, "number": "-0.0"}.items():
    put("json", name, text)
    put("lua_json", name, text)

kinds = [("F32", 4), ("F64", 8), ("F16", 2), ("BF16", 2), ("I64", 8), ("I32", 4), ("I8", 1), ("U8", 1), ("BOOL", 1)]
put("safetensors", "kinds", safetensors({k: (k, [2], bytes(range(1, 1 + 2 * n)) if k != "BOOL" else b"\1\0")
                                         for k, n in kinds}, {"format": "pt"}, 3))
put("safetensors", "shapes", safetensors({"scalar": ("F32", [], b"\0\0\x80?"), "none": ("F32", [0, 3], b""),
                                          "matrix": ("F32", [1, 2], b"\0\0\x80?\0\0\0@")}))
put("weights", "shapes", safetensors({"1.weight": ("F32", [3, 2], bytes(24)), "1.bias": ("F32", [3], bytes(12))}))


def idx(kind, *shape):
    size = int(numpy.prod(shape))
    return struct.pack(">BBBB", 0, 0, kind, len(shape)) + b"".join(struct.pack(">I", n) for n in shape) + \
        bytes(i % 10 for i in range(size))


put("idx", "images", idx(8, 2, 3, 3))
put("idx", "labels", idx(8, 12))
put("idx", "none", idx(8, 0, 2, 2))
put("idx", "matrix", idx(8, 2, 2))
put("gzip", "images", gzip.compress(idx(8, 2, 3, 3), mtime=0))
put("gzip", "twice", gzip.compress(gzip.compress(b"text " * 9, mtime=0), mtime=0))
put("gzip", "long", gzip.compress(bytes(70000), mtime=0))
put("gzip", "page", b"<!DOCTYPE html><html><body>404</body></html>")
put("gzip", "pointer", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n")
put("gzip", "torch", b"PK\3\4" + bytes(26) + b"archive/data.pkl" + bytes(8))
put("gzip", "tar", b"a.txt".ljust(257, b"\0") + b"ustar\x0000" + bytes(248))

put("cifar", "ten", bytes([3]) + bytes(range(256)) * 12)
put("cifar", "hundred", bytes([1, 99]) + bytes(3072))

batch = {"data": numpy.zeros((1, 3072), "u1"), "labels": [3], "filenames": ["a.png"], "batch_label": "1 of 1"}
fine = {b"data": numpy.zeros((1, 3072), "u1"), b"fine_labels": [42], b"coarse_labels": [1]}
for protocol in (0, 2, 4):
    put("pickle", f"batch{protocol}", pickle.dumps({"data": numpy.zeros((1, 3), "u1"), "labels": [3]}, protocol))
    put("pickle", f"meta{protocol}", pickle.dumps({"label_names": ["cat", "d\u00f6g"], "num_vis": 3072}, protocol))
put("pickle", "whole4", pickle.dumps(batch, 4))
put("pickle", "fine2", pickle.dumps(fine, 4))
put("pickle", "kinds", pickle.dumps({"data": [numpy.arange(6, dtype=">i4").reshape(2, 3), (None, True, 1 << 40, -1), {}, {"a": ()}],
                                     "labels": numpy.arange(3)}, 2))


def picture(kind, mode, size=(9, 5), **options):
    image = Image.new("RGB", size)
    image.putdata([(i * 37 % 256, i * 11 % 256, i % 256) for i in range(size[0] * size[1])])
    out = io.BytesIO()
    image = image.convert("RGB" if mode == "LA" else mode) if mode != "LA" else image.convert("LA")
    image.save(out, kind, **options)
    return out.getvalue()


def exif(orientation, order="<"):
    head = b"II*\0" if order == "<" else b"MM\0*"
    return head + struct.pack(order + "IHHHIHHI", 8, 1, 0x112, 3, 1, orientation, 0, 0)


for order in "<>":
    put("exif", "little" if order == "<" else "big", exif(6, order))
for mode in ("L", "RGB", "CMYK"):
    put("jpeg", mode.lower(), picture("JPEG", mode, quality=40))
put("jpeg", "progressive", picture("JPEG", "RGB", quality=30, progressive=True))
put("jpeg", "turned", picture("JPEG", "L", quality=20, exif=b"Exif\0\0" + exif(6)))
for mode in ("1", "L", "LA", "P", "RGB", "RGBA"):
    put("png", mode.lower(), picture("PNG", mode, optimize=True))
put("png", "turned", picture("PNG", "RGB", (4, 3), exif=exif(8, ">")))
sixteen = io.BytesIO()
Image.fromarray(numpy.arange(6, dtype="u2").reshape(2, 3) * 9999).save(sixteen, "PNG")
put("png", "sixteen", sixteen.getvalue())

put("csv", "labeled", "label,pixel0,pixel1,pixel2,pixel3\n5,0,255,3,4\n0,1,2,3,4\n")
put("csv", "plain", "pixel0\n7\n")
put("csv", "spreadsheet", '\ufefflabel,"1x1","1x2","2x1","2x2"\r\n3,1,2,3,4\r\n')
put("history", "entries", "#1700000000\nx = 1\n#1700000001\nfor i = 1, 3 do\n  print(i)\nend\n")
put("history", "lines", "x = 1\ny = 2")
put("history", "broken", b"#1700000000\nx\0y\n#1700000001\n")

put("log", "run", "epoch,steps,lr,momentum,train_loss,train_error,test_loss,test_error,hash\n"
    "1,10,0.1,0.9,2.3,90,2.2,88.5," + "0f" * 32 + "\n2,20,0.1,0.9,1.5,50,,,\n")
put("log", "spreadsheet", '\ufeffepoch,"my, own",train_loss,train_error\r\n1,"a ""b""",nan,-0\r\n')
put("log", "finding_minus_zero", "epoch,train_loss,train_error\n1,nan,-0.\n2,-0,0\n")
put("log", "regression", "epoch,train_loss,train_error\n1,inf,\n")
put("wordnet", "words", "n01443537\tgoldfish, Carassius auratus\nn01629819\tEuropean fire salamander\n")
put("wordnet", "annotations", "val_0.JPEG\tn01443537\t0\t32\t44\t62\n")
put("config", "run", '{"name": "a", "model": "mlp", "epochs": 5, "lr": 0.1, "optimizer": "sgd", "schedule": "multistep", '
    '"milestones": [2, 3], "warmup": 0, "batch_size": 32, "data": "shapes10", "seed": 1, "augment": false, "width": 1}')
put("config", "onecycle", '{"model": "resnet20", "schedule": "onecycle", "cycle_momentum": true, "input": [3, 32, 32], '
    '"classes": ["a", "b"], "model_options": {"dropout": 0.5}, "label_smoothing": 0.1, "cutmix": 0.5}')
put("landscape", "about", '{"version": 1, "grid": 2, "x": [0, 1.5], "y": [-1, 1], "name": "a", "directions": "path", "images": 8, '
    '"statistics": "recompute", "net": "n", "data": "d", "plane": "p", "center": {"loss": 2.3, "error": 90}, '
    '"path": {"x": [0, 1], "y": [0, 1], "variance": [0.9, 0.1]}}')
put("landscape", "list", '[1, {"grid": 2}]')
put("journal", "search", '{"training": {"lr": 0.1, "data": "shapes10"}, "population": 4, "generations": 2, "mutation": 0.1, '
    '"genes": ["lr"]}')
put("journal", "finding_array", "[[]]")
put("journal", "finding_inner_array", '{"training": [1], "population": 4}')
put("journal", "trial", '{"fitness": 0.5, "genes": {"lr": 0.1}, "accuracy": [10, 20], "loss": [2.3, 1.9]}')
for name, text in {"field": "rm.nn.Lin", "method": "x:re", "option": 'rm.nn.Conv2d(1, 2, 3, {str', "string": 'models.get "res',
                   "block": "for i = 1, 3 do\n  pri", "index": "list.a[\"b", "comment": "x = 3 --[==[ opti", "help": "?rm.opt"}.items():
    put("complete", name, text)

MADE = """
local out = arg[1]
local made = require("resmoon.runs.record").make({train = rm.data.shapes10 {size = 20}, test = rm.data.shapes10 {size = 20, train = false}})
rm.write_atomic(out .. "/record", rm.json.encode(made))
rm.manual_seed(1)
local net = rm.nn.Sequential {rm.nn.Linear(2, 2)}
local set = rm.data.from_tensors(rm.randn(4, 2), rm.tensor({1, 2, 1, 2}, "int64"))
local t = rm.train.Trainer {net = net, optimizer = rm.optim.SGD(net:parameters(), {lr = 0.1, momentum = 0.9}),
                            train = rm.data.Loader(set, {batch_size = 2}), epochs = 2, progress = false}
t:save(out .. "/begun")
t:fit()
t:save(out .. "/trained")
"""
if os.path.exists(PROGRAM):
    import tempfile
    with tempfile.TemporaryDirectory() as out:
        script = os.path.join(out, "made.lua")
        with open(script, "w") as f:
            f.write(MADE)
        subprocess.run([PROGRAM, script, out], check=True)
        for reader, name in (("record", "record"), ("checkpoint", "begun"), ("checkpoint", "trained")):
            with open(os.path.join(out, name), "rb") as f:
                put(reader, name if reader == "checkpoint" else "shapes10", f.read())
put("record", "files", '{"version": 1, "covers": "files", "classes": ["a", "b"], "train": {"images": 2, "names": ["a/1.png", "b/2.png"], '
    '"contents": ["00", "11"]}, "test": {"images": 0}}')
