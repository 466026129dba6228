#!/bin/sh
# ONNX Runtime's group normalization loses the variance of values that lie far from 0; its other normalizations do not.
#
# ONNX defines GroupNormalization as a function of simpler operators, in which the variance is the mean of the squares
# less the square of the mean; onnxruntime-node 1.30.0 (CPU, float32, opset 21) computes it that way. Of the values
# m - 0.5 and m + 0.5 in turns, whose normalized values are -1 and 1 whatever m is, it gives 1 for m = 100, 1.414 for
# 1000 and 158.1 for 3000: the two terms have no digits in common left, and only epsilon remains of the variance.
# InstanceNormalization of the same values, in one group the same function, and LayerNormalization give 1.
# ResMoon: nn.GroupNorm gives 1 for all of them (tests/lua/nn/norms_test.lua).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit --ignore-scripts onnxruntime-node@1.30.0 onnx-proto@8.0.1 >/dev/null
cat >look.js <<'JS'
const ort = require('onnxruntime-node');
const { onnx } = require('onnx-proto');

const floats = (values, dims) => new ort.Tensor('float32', Float32Array.from(values), dims);

// The second of the 64 values that an operator gives for m - 0.5, m + 0.5 in turns, with its scale and bias.
async function normalized(opType, m, dims, attributes, parameters) {
  const values = Array.from({ length: 64 }, (_, i) => m + (i % 2 ? 0.5 : -0.5));
  const tensors = [floats(values, dims), floats(Array(parameters).fill(1), [parameters]),
                   floats(Array(parameters).fill(0), [parameters])];
  const input = tensors.map((_, i) => ({ name: 'x' + i, type: { tensorType: { elemType: 1 } } }));
  const attribute = [{ name: 'epsilon', f: 1e-5, type: 1 },
                     ...Object.entries(attributes).map(([name, i]) => ({ name, i, type: 2 }))];
  const node = [{ opType, input: input.map(i => i.name), output: ['y'], attribute }];
  const graph = { name: 'g', node, input, output: [{ name: 'y' }] };
  const model = { irVersion: 10, opsetImport: [{ domain: '', version: 21 }], graph };
  const session = await ort.InferenceSession.create(onnx.ModelProto.encode(onnx.ModelProto.create(model)).finish());
  const result = await session.run(Object.fromEntries(tensors.map((t, i) => ['x' + i, t])));
  return result.y.data[1].toPrecision(4);
}

(async () => {
  const seen = [];
  for (const m of [0, 100, 1000, 3000]) {
    seen.push([m, await normalized('GroupNormalization', m, [1, 1, 8, 8], { num_groups: 1 }, 1),
               await normalized('InstanceNormalization', m, [1, 1, 8, 8], {}, 1),
               await normalized('LayerNormalization', m, [1, 64], { axis: -1 }, 64)].join(' '));
  }
  console.log('onnxruntime-node ' + require('onnxruntime-node/package.json').version);
  console.log('mean, GroupNormalization, InstanceNormalization, LayerNormalization: ' + seen.join(', '));
  const far = seen.map(line => line.split(' ').map(Number));
  const good = value => Math.abs(value - 1) < 1e-3;
  const as_it_was = far.every(f => good(f[2]) && good(f[3])) && good(far[0][1]) && good(far[1][1])
    && !good(far[2][1]) && far[3][1] > 100;
  if (!as_it_was) process.exit(1);
})();
JS
node look.js || { echo 'changed: 1, 1, 1.414, 158.1 of GroupNormalization were seen, and 1 of the others'; exit 1; }
