#!/bin/sh
# ONNX Runtime's maxima leave NaN out, so a network that has gone bad gives finite predictions there.
#
# A NaN in the activations (weights that diverged, a bad input) passes through max_pool2d, amax and topk in PyTorch and
# can be seen in the scores. In onnxruntime-node 1.30.0 (CPU, float32) MaxPool, GlobalMaxPool and ReduceMax of
# 1, NaN, 2 are 2, and TopK takes 1 for the largest number, before 2; Relu and Max of two tensors keep NaN, and so does
# ArgMax, which points at the NaN that ReduceMax does not see. So a test for NaN belongs before the first pooling.
# ResMoon: nn.MaxPool2d and max give NaN, argmax and topk put it first.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit --ignore-scripts onnxruntime-node@1.30.0 onnx-proto@8.0.1 >/dev/null
cat >look.js <<'JS'
const ort = require('onnxruntime-node');
const { onnx } = require('onnx-proto');

// One operator as a model: its inputs x0, x1 ..., its outputs y0, y1 ...
async function apply(opType, tensors, attributes, outputs = 1) {
  const attribute = Object.entries(attributes).map(([name, value]) =>
    Array.isArray(value) ? { name, ints: value, type: 7 } : { name, i: value, type: 2 });
  const elemType = tensor => (tensor.type === 'int64' ? 7 : 1);
  const input = tensors.map((t, i) => ({ name: 'x' + i, type: { tensorType: { elemType: elemType(t) } } }));
  const output = Array.from({ length: outputs }, (_, i) => ({ name: 'y' + i }));
  const node = [{ opType, input: input.map(i => i.name), output: output.map(o => o.name), attribute }];
  const model = { irVersion: 8, opsetImport: [{ domain: '', version: 17 }], graph: { name: 'g', node, input, output } };
  const session = await ort.InferenceSession.create(onnx.ModelProto.encode(onnx.ModelProto.create(model)).finish());
  const result = await session.run(Object.fromEntries(tensors.map((t, i) => ['x' + i, t])));
  return output.map(o => [...result[o.name].data].join(' ')).join(' at ');
}

const floats = (values, dims) => new ort.Tensor('float32', Float32Array.from(values), dims);
(async () => {
  const map = floats([1, NaN, 2, 0], [1, 1, 2, 2]), row = floats([1, NaN, 2], [3]);
  const one = new ort.Tensor('int64', BigInt64Array.from([2n]), [1]);
  const seen = [
    'MaxPool ' + await apply('MaxPool', [map], { kernel_shape: [2, 2] }),
    'GlobalMaxPool ' + await apply('GlobalMaxPool', [map], {}),
    'ReduceMax ' + await apply('ReduceMax', [row], { axes: [0] }),
    'ArgMax ' + await apply('ArgMax', [row], { axis: 0 }),
    'TopK ' + await apply('TopK', [row, one], { axis: 0 }, 2),
    'Relu ' + await apply('Relu', [row], {}),
  ].join(', ');
  console.log('onnxruntime-node ' + require('onnxruntime-node/package.json').version + ', 1, NaN, 2: ' + seen);
  if (seen !== 'MaxPool 2, GlobalMaxPool 2, ReduceMax 2, ArgMax 1, TopK 1 NaN at 0 1, Relu 1 NaN 2') process.exit(1);
})();
JS
node look.js || { echo 'changed: MaxPool 2, GlobalMaxPool 2, ReduceMax 2, ArgMax 1, TopK 1 NaN at 0 1 were seen'; exit 1; }
