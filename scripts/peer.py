"""PyTorch's side of `resmoon bench --peer`: the same networks, loss and SGD step, timed the same way.

    python3 scripts/peer.py --model resnet20 --mode train --batch 128 --threads 2

prints one line of JSON with the milliseconds of each step. Inputs and weights are channels-last, the form
in which oneDNN is fastest. Works with PyTorch 1.13 and later; ResNet-18 to -152 need torchvision.
"""
import argparse
import json
import re
import resource
import time

import torch
from torch import nn
from torch.nn import functional as F


class Basic(nn.Module):
    """Two 3x3 convolutions; the shortcut subsamples and adds zero channels (option A), or is absent."""

    def __init__(self, inputs, outputs, stride, residual):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn1, self.bn2 = nn.BatchNorm2d(outputs), nn.BatchNorm2d(outputs)
        self.residual, self.stride, self.extra = residual, stride, outputs - inputs

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = self.bn2(self.conv2(y))
        if self.residual:
            if self.stride > 1 or self.extra:
                x = F.pad(x[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, 0, self.extra))
            y = y + x
        return F.relu(y, inplace=True)


def cifar(depth, residual, classes):
    """He et al. 2016, section 4.2: 6n + 2 layers of 16, 32 and 64 channels."""
    blocks, width = (depth - 2) // 6, 16
    parts = [nn.Conv2d(3, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
    for stage, channels in enumerate((16, 32, 64)):
        for block in range(blocks):
            parts.append(Basic(width, channels, 2 if stage and block == 0 else 1, residual))
            width = channels
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, classes))


def imagenet(name, size, classes):
    """torchvision's; small images get a 3x3 first convolution of stride 1 and no pooling behind it."""
    import torchvision
    net = getattr(torchvision.models, name)(num_classes=classes)
    if size <= 64:
        net.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
        net.maxpool = nn.Identity()
    return net


def lenet5(size, classes):
    after = ((size - 4) // 2 - 4) // 2
    return nn.Sequential(
        nn.Conv2d(3, 6, 5), nn.ReLU(inplace=True), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(inplace=True), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(16 * after * after, 120), nn.ReLU(inplace=True),
        nn.Linear(120, 84), nn.ReLU(inplace=True), nn.Linear(84, classes))


def mlp(size, classes):
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * size * size, 512), nn.ReLU(inplace=True),
                         nn.Linear(512, 256), nn.ReLU(inplace=True), nn.Linear(256, classes))


def network(name, size, classes):
    family = re.fullmatch(r"(resnet|plain)(\d+)", name)
    if name == "lenet5":
        return lenet5(size, classes)
    if name == "mlp":
        return mlp(size, classes)
    if family and int(family[2]) in (20, 32, 44, 56, 110, 1202):
        return cifar(int(family[2]), family[1] == "resnet", classes)
    if name in ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152"):
        return imagenet(name, size, classes)
    raise SystemExit(f"peer: no PyTorch twin of {name}")


def stepper(args):
    """The step that is timed, as a function without arguments."""
    net = network(args.model, args.size, args.classes).to(memory_format=torch.channels_last)
    x = torch.randn(args.batch, 3, args.size, args.size).contiguous(memory_format=torch.channels_last)
    y = torch.arange(args.batch) % args.classes
    if args.mode == "infer":
        net.eval()

        def infer():
            with torch.inference_mode():
                net(x)
        return net, infer
    sgd = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)

    def train():
        sgd.zero_grad(set_to_none=True)
        F.cross_entropy(net(x), y).backward()
        sgd.step()
    return net, train


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True)
    parser.add_argument("--mode", choices=("train", "infer"), default="train")
    for name, default in (("batch", 128), ("threads", 1), ("steps", 10), ("warmup", 2), ("size", 32), ("classes", 10)):
        parser.add_argument("--" + name, type=int, default=default)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    net, step = stepper(args)
    for _ in range(args.warmup):
        step()
    times = []
    for _ in range(args.steps):
        began = time.perf_counter()
        step()
        times.append(round(1e3 * (time.perf_counter() - began), 4))
    print(json.dumps({
        "framework": "pytorch", "version": torch.__version__, "model": args.model, "mode": args.mode,
        "batch": args.batch, "threads": args.threads, "times_ms": times,
        "parameters": sum(p.numel() for p in net.parameters()),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)}))


if __name__ == "__main__":
    main()
