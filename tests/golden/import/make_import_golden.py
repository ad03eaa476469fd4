#!/usr/bin/env python3
"""Makes the golden vectors beside this file: what networks of other programs forecast, restated here in plain PyTorch.

    python3 tests/golden/import/make_import_golden.py        (PyTorch 1.13 or later, NumPy)

cases.json lists them: the mapping that reads the weights, the tensors by the names and shapes that the other program saves them
under, the frames' shape. Weights and frames are no random numbers but a hash of their place, which the test makes again, so
that the files stay small; NAME.npy is the forecast [T,N,C,H,W] in float32. Computed in float64.
"""

import json
import pathlib

import numpy
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
FOLDER = pathlib.Path(__file__).parent
STEPS = 3
HORIZON = 3


def hashed(count, seed):
    """`count` numbers from -1 to 1."""
    x = (numpy.arange(count, dtype=numpy.uint64) + numpy.uint64(1000003 * seed)) & numpy.uint64(0xFFFFFFFF)
    mask = numpy.uint64(0xFFFFFFFF)
    x ^= x >> numpy.uint64(16)
    x = (x * numpy.uint64(0x7FEB352D)) & mask
    x ^= x >> numpy.uint64(15)
    x = (x * numpy.uint64(0x846CA68B)) & mask
    x ^= x >> numpy.uint64(16)
    return x.astype(numpy.float64) / 2.0**31 - 1.0


class Weights:
    """Tensors by name, made when they are declared."""

    def __init__(self):
        self.listed, self.values = [], {}

    def add(self, name, shape, scale, offset=0.0):
        seed = len(self.listed) + 1
        count = int(numpy.prod(shape))
        values = (offset + scale * hashed(count, seed)).astype(numpy.float32)
        self.listed.append({"name": name, "shape": list(shape), "seed": seed, "scale": scale, "offset": offset})
        self.values[name] = torch.from_numpy(values.astype(numpy.float64).reshape(shape))

    def convolution(self, name, outputs, inputs, kernel, bias=True, transposed=False):
        shape = (inputs, outputs, kernel, kernel) if transposed else (outputs, inputs, kernel, kernel)
        self.add(name + ".weight", shape, 3.0 / (inputs * kernel * kernel) ** 0.5)
        if bias:
            self.add(name + ".bias", (outputs,), 0.2)

    def norm(self, name, channels):
        self.add(name + ".weight", (channels,), 0.3, 1.0)
        self.add(name + ".bias", (channels,), 0.3)

    def __getitem__(self, name):
        return self.values[name]

    def conv(self, name, x, **options):
        bias = self.values.get(name + ".bias")
        weight = self.values[name + ".weight"]
        return F.conv2d(x, weight, bias, padding=weight.shape[-1] // 2, **options)


class Case:
    def __init__(self, name, mapping, frame, overrides=()):
        self.name, self.mapping, self.overrides = name, mapping, list(overrides)
        self.weights, self.metadata = Weights(), {}
        channels, height, width = frame
        self.shape = (STEPS, 2, channels, height, width)
        values = 0.5 + 0.5 * hashed(int(numpy.prod(self.shape)), 777)
        self.frames = torch.from_numpy(values.astype(numpy.float32).astype(numpy.float64).reshape(self.shape))

    def save(self, forecast):
        numpy.save(FOLDER / (self.name + ".npy"), forecast.numpy().astype(numpy.float32))
        return {"name": self.name, "mapping": self.mapping, "overrides": self.overrides, "metadata": self.metadata,
                "frames": list(self.shape), "tensors": self.weights.listed}


class EncoderDecoder:
    """jhhuang96/ConvLSTM-PyTorch: three levels, mirrored; group norm over the sum of both convolutions, 32 channels a group."""

    HIDDEN, INPUT, DOWN, UP = (32, 64, 32), (8, 12, 10), (1, 2, 2), (9, 11)
    DECODED = (11, 9, 6)  # the inputs of the decoder's cells, of which the last one's are zeros

    def __init__(self, case, cell):
        self.p, self.cell = case.weights, cell
        previous = 1
        for k in range(3):
            self.p.convolution(f"encoder.stage{k + 1}.conv{k + 1}_leaky_1", self.INPUT[k], previous, 3)
            self.declare_cell(f"encoder.rnn{k + 1}", self.INPUT[k], self.HIDDEN[k])
            previous = self.HIDDEN[k]
        for k in (2, 1, 0):
            self.declare_cell(f"decoder.rnn{k + 1}", self.DECODED[k], self.HIDDEN[k])
        self.p.convolution("decoder.stage3.deconv1_leaky_1", self.DECODED[1], self.HIDDEN[2], 4, transposed=True)
        self.p.convolution("decoder.stage2.deconv2_leaky_1", self.DECODED[0], self.HIDDEN[1], 4, transposed=True)
        self.p.convolution("decoder.stage1.conv3_leaky_1", 7, self.HIDDEN[0], 3)
        self.p.convolution("decoder.stage1.conv4_leaky_1", 1, 7, 1)

    def declare_cell(self, name, inputs, hidden):
        parts = {"conv": 4} if self.cell == "lstm" else {"conv1": 2, "conv2": 1}
        for part, gates in parts.items():
            self.p.convolution(f"{name}.{part}.0", gates * hidden, inputs + hidden, 3)
            self.p.norm(f"{name}.{part}.1", gates * hidden)

    def gates(self, name, x):
        y = self.p.conv(name + ".0", x)
        return F.group_norm(y, y.shape[1] // 32, self.p[name + ".1.weight"], self.p[name + ".1.bias"], 1e-5)

    def step(self, name, x, state):
        if self.cell == "lstm":
            h, c = state
            i, f, g, o = self.gates(name + ".conv", torch.cat([x, h], 1)).chunk(4, 1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            return torch.sigmoid(o) * torch.tanh(c), c
        h, = state
        z, r = torch.sigmoid(self.gates(name + ".conv1", torch.cat([x, h], 1))).chunk(2, 1)
        n = torch.tanh(self.gates(name + ".conv2", torch.cat([x, r * h], 1)))
        return ((1 - z) * h + z * n,)

    def run(self, frames):
        leaky = lambda x: F.leaky_relu(x, 0.2)
        x, states = list(frames), []
        for k in range(3):
            name = f"encoder.stage{k + 1}.conv{k + 1}_leaky_1"
            x = [leaky(self.p.conv(name, each, stride=self.DOWN[k])) for each in x]
            zero = torch.zeros(x[0].shape[0], self.HIDDEN[k], *x[0].shape[2:])
            state, outputs = (zero,) * (2 if self.cell == "lstm" else 1), []
            for each in x:
                state = self.step(f"encoder.rnn{k + 1}", each, state)
                outputs.append(state[0])
            x = outputs
            states.append(state)
        x = [torch.zeros(x[0].shape[0], self.DECODED[2], *x[0].shape[2:])] * HORIZON
        for k in (2, 1, 0):
            state, outputs = states[k], []
            for each in x:
                state = self.step(f"decoder.rnn{k + 1}", each, state)
                outputs.append(state[0])
            x = outputs
            if k > 0:
                name = f"decoder.stage{k + 1}.deconv{3 - k}_leaky_1"
                weight, bias = self.p[name + ".weight"], self.p[name + ".bias"]
                x = [leaky(F.conv_transpose2d(each, weight, bias, stride=2, padding=1)) for each in x]
        x = [leaky(self.p.conv("decoder.stage1.conv3_leaky_1", each)) for each in x]
        return torch.stack([leaky(self.p.conv("decoder.stage1.conv4_leaky_1", each)) for each in x])


class Stack:
    """Layers of ConvLSTM, each one's hidden state the next one's input, that predict the next frame and get it fed back."""

    def run(self, frames):
        states, x = [None] * self.layers, None
        forecast = []
        for t in range(STEPS + HORIZON - 1):
            x = self.enter(frames[t]) if t < STEPS else forecast[-1]
            for k in range(self.layers):
                if states[k] is None:
                    zero = torch.zeros(x.shape[0], self.hidden[k], *x.shape[2:])
                    states[k] = (zero, zero)
                i, f, g, o = self.gates(k, x, states[k][0])
                c = torch.sigmoid(f) * states[k][1] + torch.sigmoid(i) * torch.tanh(g)
                states[k] = (torch.sigmoid(o) * torch.tanh(c), c)
                x = states[k][0]
            forecast.append(self.frame(x))
        return torch.stack([self.leave(y) for y in forecast[STEPS - 1:]])

    def enter(self, frame):
        return frame

    def leave(self, y):
        return y


class Ndrplz(Stack):
    """ndrplz/ConvLSTM_pytorch: one kernel over input and hidden state, gates i, f, o, g, biases or none."""

    def __init__(self, case, channels, hidden, bias, head):
        self.p, self.hidden, self.layers = case.weights, hidden, len(hidden)
        for k, count in enumerate(hidden):
            inputs = channels if k == 0 else hidden[k - 1]
            self.p.convolution(f"cell_list.{k}.conv", 4 * count, inputs + count, (3, 5, 3)[k], bias)
        self.head = head
        if head:
            self.p.convolution("head", channels, hidden[-1], 1)

    def gates(self, k, x, h):
        i, f, o, g = self.p.conv(f"cell_list.{k}.conv", torch.cat([x, h], 1)).chunk(4, 1)
        return i, f, g, o

    def frame(self, h):
        return self.p.conv("head", h) if self.head else h


class OpenStl(Stack):
    """OpenSTL's ConvLSTM: frames in patches, kernels without bias, and weights that its forward pass never uses."""

    PATCH = 4

    def __init__(self, case, channels, hidden):
        self.p, self.hidden, self.layers = case.weights, hidden, len(hidden)
        patched = channels * self.PATCH**2
        for k, count in enumerate(hidden):
            inputs = patched if k == 0 else hidden[k - 1]
            name = f"model.cell_list.{k}."
            self.p.convolution(name + "conv_x.0", 4 * count, inputs, 5, bias=False)
            self.p.convolution(name + "conv_h.0", 4 * count, count, 5, bias=False)
            self.p.convolution(name + "conv_o.0", count, 2 * count, 5, bias=False)
            self.p.convolution(name + "conv_last", count, 2 * count, 1, bias=False)
        self.p.convolution("model.conv_last", patched, hidden[-1], 1, bias=False)

    def gates(self, k, x, h):
        name = f"model.cell_list.{k}."
        return (self.p.conv(name + "conv_x.0", x) + self.p.conv(name + "conv_h.0", h)).chunk(4, 1)

    def frame(self, h):
        return self.p.conv("model.conv_last", h)

    def enter(self, frame):
        n, c, height, width = frame.shape
        p = self.PATCH
        blocks = frame.reshape(n, c, height // p, p, width // p, p)
        return blocks.permute(0, 3, 5, 1, 2, 4).reshape(n, p * p * c, height // p, width // p)

    def leave(self, y):
        n, channels, height, width = y.shape
        p = self.PATCH
        blocks = y.reshape(n, p, p, channels // p**2, height, width)
        return blocks.permute(0, 3, 4, 1, 5, 2).reshape(n, channels // p**2, height * p, width * p)


class Keras(Stack):
    """Keras's ConvLSTM2D layers under a Conv2D: kernels [height,width,in,out], gates i, f, c, o."""

    def __init__(self, case, channels, hidden):
        self.p, self.hidden, self.layers = case.weights, hidden, len(hidden)
        for k, count in enumerate(hidden):
            inputs = channels if k == 0 else hidden[k - 1]
            self.p.add(f"convlstm{k}.kernel", (3, 3, inputs, 4 * count), 0.7)
            self.p.add(f"convlstm{k}.recurrent_kernel", (3, 3, count, 4 * count), 0.7)
            self.p.add(f"convlstm{k}.bias", (4 * count,), 0.2)
        self.p.add("head.kernel", (3, 3, hidden[-1], channels), 0.7)
        self.p.add("head.bias", (channels,), 0.2)

    def conv(self, name, x):
        return F.conv2d(x, self.p[name].permute(3, 2, 0, 1), padding=1)

    def gates(self, k, x, h):
        name = f"convlstm{k}."
        total = self.conv(name + "kernel", x) + self.conv(name + "recurrent_kernel", h)
        return (total + self.p[name + "bias"].view(1, -1, 1, 1)).chunk(4, 1)

    def frame(self, h):
        return self.conv("head.kernel", h) + self.p["head.bias"].view(1, -1, 1, 1)


def stacks():
    case = Case("ndrplz", "ndrplz", (1, 9, 8))
    yield case.save(Ndrplz(case, 1, (6, 4, 5), True, True).run(case.frames))
    case = Case("ndrplz-colour-without-bias", "ndrplz", (3, 8, 8))
    yield case.save(Ndrplz(case, 3, (5,), False, True).run(case.frames))
    case = Case("ndrplz-bare", "ndrplz-bare", (2, 8, 8))
    yield case.save(Ndrplz(case, 2, (5, 2), True, False).run(case.frames))
    case = Case("openstl-convlstm", "openstl-convlstm", (1, 16, 24))
    yield case.save(OpenStl(case, 1, (8, 6)).run(case.frames))
    case = Case("keras-convlstm2d", "keras-convlstm2d", (1, 8, 10))
    case.metadata = {"layers": "ConvLSTM2D", "activation": "tanh", "recurrent_activation": "sigmoid", "padding": "same",
                     "strides": "(1, 1)", "dilation_rate": "(1, 1)", "go_backwards": "False", "head_activation": "linear"}
    yield case.save(Keras(case, 1, (4, 6)).run(case.frames))


def encoder_decoder(cell):
    case = Case(f"jhhuang96-conv{cell}", f"jhhuang96-conv{cell}", (1, 16, 12))
    return case.save(EncoderDecoder(case, cell).run(case.frames))


def main():
    cases = [encoder_decoder("lstm"), encoder_decoder("gru"), *stacks()]
    with open(FOLDER / "cases.json", "w") as file:
        file.write('{"cases": [\n')
        for index, case in enumerate(cases):
            tensors = case.pop("tensors")
            file.write(json.dumps(case)[:-1] + ', "tensors": [\n  ')
            file.write(",\n  ".join(json.dumps(tensor) for tensor in tensors))
            file.write("]}" + (",\n" if index + 1 < len(cases) else "\n"))
        file.write("]}\n")


main()
