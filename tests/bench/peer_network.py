"""The same encoder-forecaster in PyTorch, as eager code writes it: a step at a time, one convolution over input and
hidden state together. It is built from nextframe's own configuration and can take nextframe's weights.

After jhhuang96/ConvLSTM-PyTorch, with one difference in the peer's favour: the coarsest forecaster layer has no input,
so nothing is computed for it.
"""

import torch
from torch import nn
from torch.nn import functional

from model_file import read_model_file

MODEL_KEYS = {"cell", "reset", "gate_bias", "levels", "patch", "head"}


class Recurrent(nn.Module):
    """One recurrent layer; gates i, f, g, o of a ConvLSTM, or z, r and n of a ConvGRU that resets before."""

    def __init__(self, cell, inputs, hidden, kernel, bias):
        super().__init__()
        self.cell, self.hidden = cell, hidden

        def convolution(gates):
            return nn.Conv2d(inputs + hidden, gates * hidden, kernel, padding=kernel // 2, bias=bias)

        self.gates = convolution(4 if cell == "convlstm" else 2)
        self.candidate = convolution(1) if cell == "convgru" else None

    def zero_state(self, like):
        zero = torch.zeros(like.shape[0], self.hidden, *like.shape[2:]).contiguous(memory_format=memory_format_of(like))
        return (zero, zero) if self.cell == "convlstm" else (zero,)

    def forward(self, frames, state):
        """`frames` holds a tensor a step, or None where the layer has no input."""
        outputs = []
        for frame in frames:
            x = [] if frame is None else [frame]
            state = self.lstm(x, state) if self.cell == "convlstm" else self.gru(x, state)
            outputs.append(state[0])
        return outputs, state

    def lstm(self, x, state):
        i, f, g, o = self.gates(torch.cat([*x, state[0]], 1)).chunk(4, 1)
        c = f.sigmoid() * state[1] + i.sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), c

    def gru(self, x, state):
        z, r = self.gates(torch.cat([*x, state[0]], 1)).sigmoid().chunk(2, 1)
        n = self.candidate(torch.cat([*x, r * state[0]], 1)).tanh()
        return ((1 - z) * state[0] + z * n,)

    def load(self, tensors, prefix):
        """nextframe keeps the weights of input and hidden state apart, and all gates in one tensor."""
        weight = tensors[prefix + ".hidden.weight"]
        if prefix + ".input.weight" in tensors:
            weight = torch.cat([tensors[prefix + ".input.weight"], weight], 1)
        bias = tensors.get(prefix + ".input.bias")
        rows = self.gates.out_channels
        parts = [(self.gates, slice(0, rows))]
        if self.candidate is not None:
            parts.append((self.candidate, slice(rows, None)))
        for convolution, part in parts:
            convolution.weight.copy_(weight[part])
            if bias is not None:
                convolution.bias.copy_(bias[part])


class EncoderForecaster(nn.Module):
    def __init__(self, model):
        super().__init__()
        unknown = set(model) - MODEL_KEYS
        if unknown or (model["cell"] == "convgru" and model.get("reset") != "before"):
            raise ValueError(f"the peer does not know this network: {unknown or model}")
        self.patch = model.get("patch", 1)
        levels, bias = model["levels"], model.get("gate_bias", True)

        def recurrent(level, inputs):
            if inputs and level.get("input_kernel", 3) != level["kernel"]:
                raise ValueError("the peer has one kernel size for input and hidden state")
            return Recurrent(model["cell"], inputs, level["hidden"], level["kernel"], bias)

        self.down, self.encoder = nn.ModuleList(), nn.ModuleList()
        channels = self.patch**2
        for level in levels:
            conv = level["conv"]
            pad = padding(conv["kernel"], conv["stride"])
            self.down.append(nn.Conv2d(channels, conv["channels"], conv["kernel"], conv["stride"], pad))
            self.encoder.append(recurrent(level, conv["channels"]))
            channels = level["hidden"]
        self.forecaster, self.up = nn.ModuleDict(), nn.ModuleDict()
        channels = 0
        for k in reversed(range(len(levels))):
            self.forecaster[str(k)] = recurrent(levels[k], channels)
            channels = levels[k]["hidden"]
            if k > 0:
                up, stride = levels[k]["up"], levels[k]["conv"]["stride"]
                pad = padding(up["kernel"], stride)
                self.up[str(k)] = nn.ConvTranspose2d(channels, up["channels"], up["kernel"], stride, pad)
                channels = up["channels"]
        self.head = nn.ModuleList()
        for j, layer in enumerate(model["head"]):
            last = j + 1 == len(model["head"])
            outputs = self.patch**2 if last else layer["channels"]
            self.head.append(nn.Conv2d(channels, outputs, layer["kernel"], 1, layer["kernel"] // 2))
            channels = outputs

    def encode(self, frames, states):
        """Frames [T,N,1,H,W] and the states of all levels, None at the start -> the states after them."""
        x, after = list(frames), []
        if self.patch > 1:
            x = [functional.pixel_unshuffle(frame, self.patch) for frame in x]
        for k, (down, layer) in enumerate(zip(self.down, self.encoder)):
            x = [leaky(down(frame)) for frame in x]
            x, state = layer(x, states[k] if states else layer.zero_state(x[0]))
            after.append(state)
        return after

    def decode(self, states, steps):
        """-> predictions [steps,N,1,H,W]."""
        x = [None] * steps
        for k in reversed(range(len(self.down))):
            x, _ = self.forecaster[str(k)](x, states[k])
            if k > 0:
                x = [leaky(self.up[str(k)](frame)) for frame in x]
        return torch.stack([self.make_frame(frame) for frame in x])

    def make_frame(self, x):
        for layer in self.head[:-1]:
            x = leaky(layer(x))
        x = self.head[-1](x)
        return functional.pixel_shuffle(x, self.patch) if self.patch > 1 else x

    def forward(self, frames, steps):
        return self.decode(self.encode(frames, None), steps)

    def load(self, path):
        """Takes the weights of a model file, every one of them."""
        tensors = {name: torch.frombuffer(data, dtype=torch.float32).reshape(shape)
                   for name, (shape, data) in read_model_file(path).items()}
        with torch.no_grad():
            for k, (down, layer) in enumerate(zip(self.down, self.encoder)):
                load_convolution(down, tensors, f"encoder.{k}.conv")
                layer.load(tensors, f"encoder.{k}.rnn")
            for k, layer in self.forecaster.items():
                layer.load(tensors, f"forecaster.{k}.rnn")
            for k, up in self.up.items():
                load_convolution(up, tensors, f"forecaster.{k}.up")
            for j, layer in enumerate(self.head):
                load_convolution(layer, tensors, f"head.{j}")


def load_convolution(layer, tensors, prefix):
    layer.weight.copy_(tensors[prefix + ".weight"])
    layer.bias.copy_(tensors[prefix + ".bias"])


def leaky(x):
    return functional.leaky_relu(x, 0.2)


def padding(kernel, stride):
    return (kernel - stride + 1) // 2


def memory_format_of(x):
    return torch.channels_last if x.is_contiguous(memory_format=torch.channels_last) else torch.contiguous_format
