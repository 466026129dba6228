#!/bin/sh
# ONNX Runtime's sigmoid is not monotone below -14, off by factors of two and more, and exactly 0 from -18 on.
#
# 1 / (1 + e^-x) in float32 can be as small as 1e-38; onnxruntime-node 1.30.0 (CPU, float32, opset 21) takes the ratio
# of two polynomials and cuts it off, so that what is left near 0 are a few multiples of 2^-25. It gives 6.0e-8 for -16
# (1.1e-7 is right) and 8.9e-8 for -17 (4.1e-8 is right): the larger input has the smaller output, so two unlikely
# classes may change places. From -18 on it gives 0, of which a logarithm is -Infinity, where the loss of such an output
# is 18 and its gradient 1. Softplus, which is the same loss, gives 16, 17 and 18 to the last digit.
# PyTorch 1.13 gives 1.1254e-7, 4.1399e-8 and 1.5230e-8 for -16, -17 and -18. ResMoon: the same, with each instruction
# set (tests/lua/ops/pointwise_test.lua, "tails").
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit --ignore-scripts onnxruntime-node@1.30.0 onnx-proto@8.0.1 >/dev/null
cat >look.js <<'JS'
const ort = require('onnxruntime-node');
const { onnx } = require('onnx-proto');

// What a chain of operators makes of a list of numbers.
async function through(operators, numbers) {
  const type = { tensorType: { elemType: 1 } };
  const node = operators.map((opType, k) => ({ opType, input: ['t' + k], output: ['t' + (k + 1)] }));
  const last = 't' + operators.length;
  const graph = { name: 'g', node, input: [{ name: 't0', type }], output: [{ name: last }] };
  const model = { irVersion: 10, opsetImport: [{ domain: '', version: 21 }], graph };
  const session = await ort.InferenceSession.create(onnx.ModelProto.encode(onnx.ModelProto.create(model)).finish());
  const t0 = new ort.Tensor('float32', Float32Array.from(numbers), [numbers.length]);
  return Array.from((await session.run({ t0 }))[last].data);
}

(async () => {
  const at = [-8, -16, -17, -18, -30];
  const sigmoid = await through(['Sigmoid'], at);
  const logarithm = await through(['Sigmoid', 'Log'], at);
  const softplus = await through(['Neg', 'Softplus', 'Neg'], at);
  console.log('onnxruntime-node ' + require('onnxruntime-node/package.json').version);
  at.forEach((x, i) => console.log(`${x}: sigmoid ${sigmoid[i].toPrecision(4)}, expected `
    + `${(1 / (1 + Math.exp(-x))).toPrecision(4)}; its logarithm ${logarithm[i].toPrecision(4)}, `
    + `-softplus(-x) ${softplus[i].toPrecision(4)}`));
  const as_it_was = Math.abs(sigmoid[0] / 3.3535e-4 - 1) < 1e-3 && sigmoid[1] < sigmoid[2]
    && sigmoid[3] === 0 && sigmoid[4] === 0 && logarithm[3] === -Infinity && Math.abs(softplus[3] + 18) < 1e-4;
  if (!as_it_was) process.exit(1);
})();
JS
node look.js || { echo 'changed: a sigmoid that falls from -17 to -16 and is 0 from -18 on was seen'; exit 1; }
