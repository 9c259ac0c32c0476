#!/usr/bin/env bash
# ONNX Runtime: a linear Resize of uint8 cuts off what is behind the point, so each one darkens by half a level.
#
# One would guess: a picture resized as uint8 is the one resized as float and rounded, as in ONNX's own reference, in
#                  torch, OpenCV and Pillow.
# What happens:    the linear Resize of integers drops the fraction: on the mean a picture is half a level darker, of
#                  int8 it moves towards zero. There and back ten times costs 9 levels. With antialias=1 the same node
#                  rounds, also where it enlarges and there is nothing to filter. Preprocessing that is moved into the
#                  graph, ahead of the cast to float, shifts the input of the network. No error, no warning.
# Made here:       a random picture of 64x64, blurred, as uint8, resized to 96x96, 80x48 and 40x40.
# Versions:        onnxruntime 1.32.0, onnx 1.23.2, numpy 2.4.6
# Output seen:
#   to 96x96: uint8 less float -0.47, with antialias +0.16; ONNX's reference +0.00, +0.00; |int8| less |float| -0.48
#   to 80x48: uint8 less float -0.47, with antialias +0.12; ONNX's reference -0.01, -0.01; |int8| less |float| -0.48
#   to 40x40: uint8 less float -0.50, with antialias -0.01; ONNX's reference +0.01, -0.00; |int8| less |float| -0.49
#   to 96x96 and back 10 times: the mean goes from 126.6 to 117.6, with antialias to 128.2
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
OMP_NUM_THREADS=1 venv/bin/python -I -W ignore - <<'EOF'
import sys

import numpy as np
import onnxruntime
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

SIZE, ROUNDS = 64, 10
KINDS = {np.dtype('uint8'): TensorProto.UINT8, np.dtype('int8'): TensorProto.INT8, np.dtype('f4'): TensorProto.FLOAT}


def resize(image, height, width, antialias, reference=False):
    node = helper.make_node('Resize', ['x', '', '', 'size'], ['y'], mode='linear', antialias=antialias)
    kind = KINDS[image.dtype]
    graph = helper.make_graph(
        [node],
        'resize',
        [helper.make_tensor_value_info('x', kind, image.shape)],
        [helper.make_tensor_value_info('y', kind, (1, 1, height, width))],
        [helper.make_tensor('size', TensorProto.INT64, [4], [1, 1, height, width])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 18)], ir_version=10)
    if reference:
        return ReferenceEvaluator(model).run(None, {'x': image})[0]
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=['CPUExecutionProvider'])
    return session.run(None, {'x': image})[0]


noise = np.random.default_rng(0).uniform(0, 255, (SIZE + 4, SIZE + 4))
blurred = sum(noise[i : i + SIZE, j : j + SIZE] for i in range(5) for j in range(5)) / 25
image = blurred.round().astype(np.uint8)[None, None]
holds = True
for height, width in ((96, 96), (80, 48), (40, 40)):
    darker = {}
    for antialias in (0, 1):
        exact = resize(image.astype(np.float32), height, width, antialias)
        darker['uint8', antialias] = (resize(image, height, width, antialias) - exact).mean()
        darker['reference', antialias] = (resize(image, height, width, antialias, True) - exact).mean()
    signed = (image.astype(np.int16) - 128).astype(np.int8)
    exact = resize(signed.astype(np.float32), height, width, 0)
    towards_zero = (np.abs(resize(signed, height, width, 0)) - np.abs(exact)).mean()
    print(f'to {height}x{width}: uint8 less float {darker["uint8", 0]:+.2f}, with antialias {darker["uint8", 1]:+.2f}; '
          f"ONNX's reference {darker['reference', 0]:+.2f}, {darker['reference', 1]:+.2f}; "
          f'|int8| less |float| {towards_zero:+.2f}')
    holds &= darker['uint8', 0] < -0.3 and towards_zero < -0.3
    holds &= all(abs(mean) < 0.2 for key, mean in darker.items() if key != ('uint8', 0))
means = {}
for antialias in (0, 1):
    after = image
    for _ in range(ROUNDS):
        after = resize(resize(after, 96, 96, antialias), SIZE, SIZE, antialias)
    means[antialias] = after.mean()
print(f'to 96x96 and back {ROUNDS} times: the mean goes from {image.mean():.1f} to {means[0]:.1f}, with antialias to '
      f'{means[1]:.1f}')
holds &= means[0] < image.mean() - 8 and abs(means[1] - image.mean()) < 3
sys.exit(not holds)
EOF
