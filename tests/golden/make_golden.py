#!/usr/bin/env python3
"""Makes the golden vectors beside this file: what PyTorch computes in float64 for the cells and the networks.

    python3 tests/golden/make_golden.py        (PyTorch 1.13 or later, NumPy)

NAME.json lists the cases, each with its options and its tensors' shapes and offsets; NAME.npy holds all their values in
one float64 array. Sequences are [T,N,H,W,C], parameters in PyTorch's layouts. Everything is restated here from the equations,
with autograd for the gradients, so that it shares nothing with the program under test.
"""

import json
import pathlib

import numpy
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
FOLDER = pathlib.Path(__file__).parent


class Writer:
    """Collects cases and writes one .json and one .npy."""

    def __init__(self):
        self.cases, self.values, self.length = [], [], 0

    def case(self, name, options, tensors):
        listed = {}
        for key, tensor in tensors.items():
            array = tensor.detach().contiguous().numpy().astype(numpy.float64)
            listed[key] = {"shape": list(array.shape), "offset": self.length}
            self.values.append(array.ravel())
            self.length += array.size
        self.cases.append({"name": name, "options": options, "tensors": listed})

    def save(self, name):
        with open(FOLDER / f"{name}.json", "w") as file:
            lines = ",\n".join("  " + json.dumps(case) for case in self.cases)
            file.write('{"cases": [\n' + lines + "\n]}\n")
        numpy.save(FOLDER / f"{name}.npy", numpy.concatenate(self.values))


def channels_first(x):
    return x.permute(0, 3, 1, 2)


def channels_last(x):
    return x.permute(0, 2, 3, 1)


def activate(name, x):
    return {"tanh": torch.tanh, "relu": torch.relu, "sigmoid": torch.sigmoid, "none": lambda v: v,
            "leaky": lambda v: F.leaky_relu(v, 0.2)}[name](x)


def group_norm(x, weight, bias, channels):
    """Groups of up to 32 channels that never straddle a gate of `channels`."""
    width = max(d for d in range(1, min(channels, 32) + 1) if channels % d == 0)
    return F.group_norm(x, x.shape[1] // width, weight, bias, 1e-5)


class Cell:
    """Parameters by name and one step over [N,C,H,W]."""

    def __init__(self, options, inputs, channels, kernel, input_kernel, dilation=1):
        self.o, self.inputs, self.channels = options, inputs, channels
        self.kernel, self.input_kernel, self.dilation = kernel, input_kernel, dilation
        self.lstm, self.st = options["cell"] == "convlstm", options["cell"] == "stlstm"
        self.gates = 4 if self.lstm else 7 if self.st else 3
        n = self.gates * channels
        shapes = {}
        if inputs:
            shapes["input.weight"] = (n, inputs, input_kernel, input_kernel)
        if options.get("gate_bias", True):
            shapes["input.bias"] = (n,)
        self.trajectories = options["cell"] == "trajgru"
        if self.trajectories:
            shapes["hidden.weight"] = (n, options["links"] * channels, 1, 1)
        else:
            shapes["hidden.weight"] = (4 * channels if self.st else n, channels, kernel, kernel)
        if self.st:
            shapes["memory.weight"] = (3 * channels, channels, kernel, kernel)
            shapes["output.weight"] = (channels, 2 * channels, kernel, kernel)
            shapes["mix.weight"] = (channels, 2 * channels, 1, 1)
        if not self.lstm and not self.st and options["reset"] == "after":
            hidden_bias = {"none": 0, "candidate": channels, "all": n}[options.get("hidden_bias", "candidate")]
            if hidden_bias:
                shapes["hidden.bias"] = (hidden_bias,)
        if self.trajectories:
            features = options["flow_channels"]
            sources = {"input": inputs, "hidden": channels} if inputs else {"hidden": channels}
            for source, count in sources.items():
                shapes[f"flow.{source}.weight"] = (features, count, kernel, kernel)
                shapes[f"flow.{source}.bias"] = (features,)
            shapes["flow.output.weight"] = (2 * options["links"], features, kernel, kernel)
            shapes["flow.output.bias"] = (2 * options["links"],)
        if options.get("norm", "none") == "group":
            shapes["norm.weight"] = shapes["norm.bias"] = (n,)
        if options.get("peephole", False):
            shapes["peephole.weight"] = (3 * channels,)
        self.shapes = shapes

    def conv_x(self, p, x):
        w, b = p.get("input.weight"), p.get("input.bias")
        if x is not None:
            return F.conv2d(x, w, b, padding=self.input_kernel // 2)
        return 0.0 if b is None else b.view(1, -1, 1, 1)

    def conv_h(self, h, weight, bias=None):
        return F.conv2d(h, weight, bias, padding=self.dilation * (self.kernel // 2), dilation=self.dilation)

    def flows(self, p, x, h):
        """Where each of the copies of h came from, [N,2L,H,W]: pixels to the right and down, in turn."""
        e = self.conv_h(h, p["flow.hidden.weight"], p["flow.hidden.bias"])
        if x is not None:
            e = e + self.conv_h(x, p["flow.input.weight"], p["flow.input.bias"])
        return self.conv_h(activate(self.o["activation"], e), p["flow.output.weight"], p["flow.output.bias"])

    @staticmethod
    def warp(h, flow):
        """h moved by flow [N,2,H,W]."""
        height, width = h.shape[2:]
        x = torch.arange(width, dtype=h.dtype).view(1, 1, -1) - flow[:, 0]
        y = torch.arange(height, dtype=h.dtype).view(1, -1, 1) - flow[:, 1]
        grid = torch.stack([2 * x / (width - 1) - 1, 2 * y / (height - 1) - 1], -1)
        return F.grid_sample(h, grid, mode="bilinear", padding_mode="zeros", align_corners=True)

    def hidden_side(self, p, x, h, bias):
        if not self.trajectories:
            return self.conv_h(h, p["hidden.weight"], bias)
        flows = self.flows(p, x, h).chunk(self.o["links"], 1)
        return F.conv2d(torch.cat([self.warp(h, flow) for flow in flows], 1), p["hidden.weight"], bias)

    def step(self, p, x, state):
        if self.lstm:
            return self.step_lstm(p, x, state)
        if self.st:
            return self.step_st(p, x, state)
        return self.step_after(p, x, state) if self.o["reset"] == "after" else self.step_before(p, x, state)

    def step_lstm(self, p, x, state):
        h, c = state
        a = self.conv_x(p, x) + self.conv_h(h, p["hidden.weight"])
        if "norm.weight" in p:
            a = group_norm(a, p["norm.weight"], p["norm.bias"], self.channels)
        ai, af, ag, ao = a.chunk(4, 1)
        zero = torch.zeros(3 * self.channels)
        pi, pf, po = p.get("peephole.weight", zero).view(1, -1, 1, 1).chunk(3, 1)
        i, f, g = torch.sigmoid(ai + pi * c), torch.sigmoid(af + pf * c), torch.tanh(ag)
        c = f * c + i * g
        o = torch.sigmoid(ao + po * c)
        return [o * torch.tanh(c), c]

    def step_st(self, p, x, state):
        h, c, m = state
        ax = self.conv_x(p, x) + torch.zeros_like(h).repeat(1, 7, 1, 1)
        xi, xf, xg, xp, xq, xr, xo = ax.chunk(7, 1)
        hi, hf, hg, ho = self.conv_h(h, p["hidden.weight"]).chunk(4, 1)
        mp, mq, mr = self.conv_h(m, p["memory.weight"]).chunk(3, 1)
        c = torch.sigmoid(xf + hf + 1) * c + torch.sigmoid(xi + hi) * torch.tanh(xg + hg)
        m = torch.sigmoid(xq + mq + 1) * m + torch.sigmoid(xp + mp) * torch.tanh(xr + mr)
        joined = torch.cat([c, m], 1)
        o = torch.sigmoid(xo + ho + self.conv_h(joined, p["output.weight"]))
        return [o * torch.tanh(F.conv2d(joined, p["mix.weight"])), c, m]

    def step_after(self, p, x, state):
        h, = state
        bias = p.get("hidden.bias")
        if bias is not None and bias.numel() == self.channels:
            bias = torch.cat([torch.zeros(2 * self.channels), bias])
        ax = self.conv_x(p, x) + torch.zeros_like(h).repeat(1, 3, 1, 1)
        xz, xr, xn = ax.chunk(3, 1)
        hz, hr, hn = self.hidden_side(p, x, h, bias).chunk(3, 1)
        z, r = torch.sigmoid(xz + hz), torch.sigmoid(xr + hr)
        n = activate(self.o["activation"], xn + r * hn)
        return [(1 - z) * h + z * n]

    def step_before(self, p, x, state):
        h, = state
        m = 2 * self.channels
        ax = self.conv_x(p, x) + torch.zeros_like(h).repeat(1, 3, 1, 1)
        w = p["hidden.weight"]
        a = ax[:, :m] + self.conv_h(h, w[:m])
        if "norm.weight" in p:
            a = group_norm(a, p["norm.weight"][:m], p["norm.bias"][:m], self.channels)
        z, r = torch.sigmoid(a).chunk(2, 1)
        b = ax[:, m:] + self.conv_h(r * h, w[m:])
        if "norm.weight" in p:
            b = group_norm(b, p["norm.weight"][m:], p["norm.bias"][m:], self.channels)
        n = activate(self.o["activation"], b)
        return [(1 - z) * h + z * n]

    @property
    def states(self):
        return 2 if self.lstm else 3 if self.st else 1

    def run(self, p, x, steps, state):
        """x [T,N,H,W,C] or None -> outputs [T,N,H,W,C] and the last state."""
        outputs = []
        for t in range(steps):
            state = self.step(p, None if x is None else channels_first(x[t]), state)
            outputs.append(channels_last(state[0]))
        return torch.stack(outputs), state


def random_parameters(shapes, generator):
    values = {}
    for name, shape in shapes.items():
        fan_in = numpy.prod(shape[1:]) if len(shape) > 1 else 4
        value = torch.randn(shape, generator=generator) / fan_in**0.5
        if name.endswith("norm.weight"):
            value += 1.0
        if "flow.output" in name:
            value *= 0.3  # within about a pixel
        values[name] = value.requires_grad_()
    return values


def cell_case(writer, name, seed, options, inputs=3, channels=4, kernel=3, input_kernel=3, dilation=1, steps=3, batch=2,
              height=5, width=4):
    generator = torch.Generator().manual_seed(seed)
    cell = Cell(options, inputs, channels, kernel, input_kernel, dilation)
    p = random_parameters(cell.shapes, generator)
    leaves = {"initial." + s: torch.randn(batch, height, width, channels, generator=generator).requires_grad_()
              for s in "hcm"[:cell.states]}
    x = None
    if inputs:
        x = leaves["x"] = torch.randn(steps, batch, height, width, inputs, generator=generator).requires_grad_()
    state = [channels_first(leaves["initial." + s]) for s in "hcm"[:cell.states]]
    output, final = cell.run(p, x, steps, state)
    results = {"output": output}
    for s, tensor in zip("hcm", final):
        results["final." + s] = channels_last(tensor)
    loss, gradients = 0.0, {}
    for key, tensor in results.items():
        gradients["d" + key] = torch.randn(tensor.shape, generator=generator)
        loss = loss + (tensor * gradients["d" + key]).sum()
    loss.backward()
    tensors = {**{"parameter." + k: v for k, v in p.items()}, **leaves, **results, **gradients}
    tensors.update({"dparameter." + k: v.grad for k, v in p.items()})
    tensors.update({"d" + k: v.grad for k, v in leaves.items()})
    listed = dict(options, input_channels=inputs, hidden_channels=channels, kernel=kernel, input_kernel=input_kernel,
                  dilation=dilation, steps=steps, batch=batch, height=height, width=width)
    writer.case(name, listed, tensors)


def cells():
    writer = Writer()
    lstm = {"cell": "convlstm"}
    after = {"cell": "convgru", "reset": "after", "activation": "tanh"}
    before = {"cell": "convgru", "reset": "before", "activation": "tanh"}
    traj = {"cell": "trajgru", "reset": "after", "activation": "tanh", "hidden_bias": "all", "links": 3,
            "flow_channels": 6}
    cases = [
        ("lstm", lstm, {}),
        ("lstm_peephole", dict(lstm, peephole=True), dict(steps=4)),
        ("lstm_norm", dict(lstm, norm="group"), {}),
        ("lstm_norm_peephole", dict(lstm, norm="group", peephole=True), {}),
        ("lstm_norm_two_groups_a_gate", dict(lstm, norm="group"), dict(channels=34, kernel=1, input_kernel=1, height=3,
                                                                     width=3, steps=2)),
        ("lstm_without_input", lstm, dict(inputs=0)),
        ("lstm_without_bias_dilated", dict(lstm, gate_bias=False), dict(dilation=2, kernel=5, height=6)),
        ("gru_after_tanh", after, dict(steps=4)),
        ("gru_after_leaky", dict(after, activation="leaky"), {}),
        ("gru_after_relu", dict(after, activation="relu"), {}),
        ("gru_after_hidden_bias_all", dict(after, hidden_bias="all"), {}),
        ("gru_after_hidden_bias_none", dict(after, hidden_bias="none"), {}),
        ("gru_after_without_input", dict(after, activation="leaky", hidden_bias="all"), dict(inputs=0)),
        ("gru_before_tanh", before, dict(steps=4, input_kernel=1)),
        ("gru_before_leaky", dict(before, activation="leaky"), {}),
        ("gru_before_relu", dict(before, activation="relu"), {}),
        ("gru_before_norm", dict(before, norm="group"), {}),
        ("gru_before_norm_without_input", dict(before, norm="group", activation="leaky"), dict(inputs=0)),
        ("traj_leaky", dict(traj, activation="leaky"), {}),
        ("traj_tanh_dilated_candidate_bias", dict(traj, links=5, hidden_bias="candidate"),
         dict(dilation=2, kernel=5, input_kernel=1, height=6, batch=1)),
        ("traj_without_input", traj, dict(inputs=0, channels=17)),
        ("stlstm", {"cell": "stlstm"}, dict(steps=4)),
        ("stlstm_without_bias_dilated", {"cell": "stlstm", "gate_bias": False}, dict(dilation=2, input_kernel=1)),
    ]
    for seed, (name, options, sizes) in enumerate(cases):
        cell_case(writer, name, seed + 1, options, **sizes)
    writer.save("cells")


class Network:
    """The encoder-forecaster, from the same options as the program's configuration ("model")."""

    def __init__(self, options, inputs, outputs):
        self.o, self.shapes = options, {}
        self.encoder, self.forecaster = [], []
        block = options.get("patch", 1) ** 2
        channels = inputs * block
        for k, level in enumerate(options["levels"]):
            conv = level["conv"]
            self.convolution(f"encoder.{k}.conv", (conv["channels"], channels) + (conv["kernel"],) * 2, conv["channels"])
            self.encoder.append(self.cell(f"encoder.{k}.rnn", level, conv["channels"]))
            channels = level["hidden"]
        channels = 0
        for k in reversed(range(len(options["levels"]))):
            level = options["levels"][k]
            self.forecaster.insert(0, self.cell(f"forecaster.{k}.rnn", level, channels))
            channels = level["hidden"]
            if "up" in level:
                up = level["up"]
                self.convolution(f"forecaster.{k}.up", (channels, up["channels"]) + (up["kernel"],) * 2,
                                 up["channels"] if up.get("bias", True) else 0)
                channels = up["channels"]
        for j, head in enumerate(options["head"]):
            out = head["channels"] if j + 1 < len(options["head"]) else outputs * block
            self.convolution(f"head.{j}", (out, channels) + (head["kernel"],) * 2, out)
            channels = out

    def convolution(self, name, shape, bias):
        self.shapes[name + ".weight"] = shape
        if bias:
            self.shapes[name + ".bias"] = (bias,)

    def cell(self, name, level, inputs):
        cell = Cell(self.o, inputs, level["hidden"], level["kernel"], level["input_kernel"], level.get("dilation", 1))
        self.shapes.update({f"{name}.{key}": shape for key, shape in cell.shapes.items()})
        return cell

    def sub(self, p, prefix):
        return {key[len(prefix) + 1:]: value for key, value in p.items() if key.startswith(prefix + ".")}

    def apply(self, p, name, x, stride=1, up=False, activation=None):
        """One convolution over [T,N,H,W,C]."""
        steps, batch = x.shape[:2]
        weight, bias = p[name + ".weight"], p.get(name + ".bias")
        kernel = weight.shape[2]
        pad = (kernel - stride + 1) // 2
        y = channels_first(x.flatten(0, 1))
        if up:
            size = (y.shape[2] * stride, y.shape[3] * stride)
            extra = [size[i] - ((y.shape[2 + i] - 1) * stride - 2 * pad + kernel) for i in range(2)]
            y = F.conv_transpose2d(y, weight, bias, stride=stride, padding=pad, output_padding=extra)
        else:
            y = F.conv2d(y, weight, bias, stride=stride, padding=pad)
        y = activate(activation, channels_last(y))
        return y.reshape(steps, batch, *y.shape[1:])

    def patches(self, x, b):
        t, n, h, w, c = x.shape
        x = x.reshape(t, n, h // b, b, w // b, b, c).permute(0, 1, 2, 4, 3, 5, 6)
        return x.reshape(t, n, h // b, w // b, b * b * c)

    def pixels(self, x, b):
        t, n, h, w, c = x.shape
        x = x.reshape(t, n, h, w, b, b, c // (b * b)).permute(0, 1, 2, 4, 3, 5, 6)
        return x.reshape(t, n, h * b, w * b, c // (b * b))

    def forward(self, p, context, horizon):
        levels, patch = self.o["levels"], self.o.get("patch", 1)
        conv_activation = self.o.get("conv_activation", "leaky")
        steps, batch, height, width, _ = context.shape
        multiple = patch * int(numpy.prod([level["conv"]["stride"] for level in levels]))
        rows, columns = -height % multiple, -width % multiple
        x = F.pad(channels_first(context.flatten(0, 1)), (0, columns, 0, rows), mode="replicate")
        x = channels_last(x)
        x = self.patches(x.reshape(steps, batch, *x.shape[1:]), patch)
        states = []
        for k, level in enumerate(levels):
            x = self.apply(p, f"encoder.{k}.conv", x, level["conv"]["stride"], activation=conv_activation)
            zero = [torch.zeros(batch, level["hidden"], *x.shape[2:4])] * self.encoder[k].states
            x, state = self.encoder[k].run(self.sub(p, f"encoder.{k}.rnn"), x, steps, zero)
            states.append(state)
        x = None
        for k in reversed(range(len(levels))):
            x, _ = self.forecaster[k].run(self.sub(p, f"forecaster.{k}.rnn"), x, horizon, states[k])
            if "up" in levels[k]:
                x = self.apply(p, f"forecaster.{k}.up", x, levels[k]["conv"]["stride"], True, conv_activation)
        for j, head in enumerate(self.o["head"]):
            last = j + 1 == len(self.o["head"])
            default = "none" if last else conv_activation
            x = self.apply(p, f"head.{j}", x, activation=head.get("activation", default))
        x = self.pixels(x, patch)[:, :, :height, :width]
        return x + context[-1] if self.o.get("predict", "frame") == "change" else x


def model_case(writer, name, seed, options, size=(8, 8), inputs=1, outputs=1, steps=3, horizon=2, batch=2, train=0):
    generator = torch.Generator().manual_seed(seed)
    network = Network(options, inputs, outputs)
    p = random_parameters(network.shapes, generator)
    context = torch.rand(steps, batch, *size, inputs, generator=generator)
    target = torch.rand(horizon, batch, *size, outputs, generator=generator)
    prediction = network.forward(p, context, horizon)
    dprediction = torch.randn(prediction.shape, generator=generator)
    (prediction * dprediction).sum().backward()
    tensors = {**{"parameter." + k: v.detach().clone() for k, v in p.items()}, "context": context,
               "prediction": prediction, "dprediction": dprediction}
    tensors.update({"dparameter." + k: v.grad.clone() for k, v in p.items()})
    if train:
        optimizer = torch.optim.Adam(p.values(), lr=0.01)
        losses = []
        for _ in range(train):
            optimizer.zero_grad()
            loss = F.mse_loss(network.forward(p, context, horizon), target)
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        tensors.update({"target": target, "losses": torch.stack(losses)})
    writer.case(name, options, tensors)


def models():
    writer = Writer()
    levels = [
        {"conv": {"channels": 4, "kernel": 3, "stride": 1}, "hidden": 5, "kernel": 3, "input_kernel": 3},
        {"conv": {"channels": 6, "kernel": 3, "stride": 2}, "hidden": 6, "kernel": 3, "input_kernel": 3,
         "up": {"channels": 5, "kernel": 4}},
    ]
    head = [{"channels": 4, "kernel": 3}, {"kernel": 1}]
    lstm = {"cell": "convlstm", "levels": levels, "head": head}
    gru = {"cell": "convgru", "reset": "after", "activation": "leaky", "levels": levels, "head": head}
    before = {"cell": "convgru", "reset": "before", "activation": "tanh", "norm": "group"}
    strided = [{"conv": {"channels": 4, "kernel": 5, "stride": 3}, "hidden": 4, "kernel": 3, "input_kernel": 1,
                "up": {"channels": 3, "kernel": 7, "bias": False}},
               {"conv": {"channels": 3, "kernel": 2, "stride": 2}, "hidden": 3, "kernel": 3, "input_kernel": 3,
                "dilation": 2, "up": {"channels": 4, "kernel": 3}}]
    model_case(writer, "lstm", 101, dict(lstm, peephole=True), train=20)
    model_case(writer, "gru", 102, gru, train=20)
    model_case(writer, "gru_before_norm_change_padded", 103,
               dict(before, levels=levels, head=[{"kernel": 3, "activation": "tanh"}], predict="change",
                    conv_activation="tanh"), size=(7, 5), steps=2, horizon=3)
    model_case(writer, "gru_strided_patch_colour", 104,
               dict(gru, activation="tanh", levels=strided, head=[{"kernel": 1, "activation": "sigmoid"}], patch=2),
               size=(12, 24), inputs=2, outputs=1, batch=1)
    writer.save("models")


class Stack(Network):
    """A stack that predicts every next frame, and gets its own output where `truth` is 0."""

    def __init__(self, options, channels):
        self.o, self.shapes, self.layers = options, {}, []
        width = inputs = channels * options.get("patch", 1) ** 2
        for k, level in enumerate(options["levels"]):
            self.layers.append(self.cell(f"stack.{k}.rnn", level, width))
            width = level["hidden"]
        for j, head in enumerate(options["head"]):
            out = head["channels"] if j + 1 < len(options["head"]) else inputs
            self.convolution(f"head.{j}", (out, width) + (head["kernel"],) * 2, out if head.get("bias", True) else 0)
            width = out

    def forward(self, p, frames, context, truth):
        """frames [S,N,H,W,C], truth [S-context,N] -> predictions [S,N,H,W,C]."""
        patch, conv_activation = self.o.get("patch", 1), self.o.get("conv_activation", "leaky")
        x = self.patches(frames, patch)
        steps, batch = x.shape[:2]
        zero = [torch.zeros(batch, cell.channels, *x.shape[2:4]) for cell in self.layers]
        states = [[zero[k]] * cell.states for k, cell in enumerate(self.layers)]
        outputs = []
        for t in range(steps):
            y = x[t]
            if t >= context:
                known = truth[t - context].view(-1, 1, 1, 1)
                y = known * y + (1 - known) * outputs[-1]
            y = channels_first(y)
            for k, cell in enumerate(self.layers):
                states[k] = cell.step(self.sub(p, f"stack.{k}.rnn"), y, self.entering(states, k))
                y = states[k][0]
            y = channels_last(y)[None]
            for j, head in enumerate(self.o["head"]):
                last = j + 1 == len(self.o["head"])
                y = self.apply(p, f"head.{j}", y, activation=head.get("activation", "none" if last else conv_activation))
            outputs.append(y[0])
        return self.pixels(torch.stack(outputs), patch)

    def entering(self, states, k):
        """The state that layer k starts a step from; an ST-LSTM's memory comes from the layer below."""
        return states[k][:2] + [states[k - 1][2]] if self.layers[k].st else states[k]


def stack_case(writer, name, seed, options, size=(8, 8), channels=1, context=3, horizon=3, batch=2, train=0):
    generator = torch.Generator().manual_seed(seed)
    network = Stack(options, channels)
    p = random_parameters(network.shapes, generator)
    frames = torch.rand(context + horizon, batch, *size, channels, generator=generator)
    truth = torch.rand(horizon - 1, batch, generator=generator).round()
    prediction = network.forward(p, frames[:-1], context, truth)
    dprediction = torch.randn(prediction.shape, generator=generator)
    (prediction * dprediction).sum().backward()
    tensors = {**{"parameter." + k: v.detach().clone() for k, v in p.items()}, "frames": frames, "truth": truth,
               "prediction": prediction, "dprediction": dprediction}
    tensors.update({"dparameter." + k: v.grad.clone() for k, v in p.items()})
    if train:
        optimizer = torch.optim.Adam(p.values(), lr=0.01)
        losses = []
        for _ in range(train):
            optimizer.zero_grad()
            loss = F.mse_loss(network.forward(p, frames[:-1], context, truth), frames[1:])
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        tensors["losses"] = torch.stack(losses)
    writer.case(name, options, tensors)


def stacks():
    writer = Writer()
    levels = [{"hidden": 5, "kernel": 3, "input_kernel": 5}, {"hidden": 4, "kernel": 5, "input_kernel": 3}]
    lstm = {"architecture": "stack", "cell": "convlstm", "gate_bias": False, "patch": 2, "levels": levels,
            "head": [{"kernel": 1, "bias": False}]}
    gru = {"architecture": "stack", "cell": "convgru", "reset": "after", "activation": "tanh", "levels": levels,
           "head": [{"channels": 3, "kernel": 3}, {"kernel": 1, "activation": "sigmoid"}]}
    stack_case(writer, "lstm", 201, lstm, train=20)
    stack_case(writer, "gru_head_colour", 202, gru, size=(5, 6), channels=2)
    stlstm = {"architecture": "stack", "cell": "stlstm", "gate_bias": False, "patch": 2,
              "levels": [{"hidden": 3, "kernel": 3, "input_kernel": 3}] * 3, "head": [{"kernel": 1, "bias": False}]}
    stack_case(writer, "stlstm", 203, stlstm, size=(6, 8), horizon=4, train=20)
    writer.save("stacks")


if __name__ == "__main__":
    cells()
    models()
    stacks()
