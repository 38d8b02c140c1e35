#!/usr/bin/env python3
"""Writes tests/nn/torch/cnn.safetensors: PyTorch's parameters and buffers of a small convolutional network, with images
and the outputs that PyTorch computes from them. Needs torch and safetensors from PyPI; the file is kept in the
repository."""

import pathlib

import torch
from safetensors.torch import save_file

file = pathlib.Path(__file__).resolve().parent.parent / "tests" / "nn" / "torch" / "cnn.safetensors"
file.parent.mkdir(parents=True, exist_ok=True)
torch.manual_seed(1)


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(2, 4, 3, padding="same", padding_mode="reflect")
        self.norm1 = torch.nn.BatchNorm2d(4)
        self.conv2 = torch.nn.Conv2d(4, 6, (3, 2), stride=(1, 2), padding=1, dilation=(2, 1), groups=2, bias=False)
        self.norm2 = torch.nn.GroupNorm(3, 6)
        self.up = torch.nn.ConvTranspose2d(6, 4, 3, stride=2, padding=1, output_padding=1, groups=2)
        self.norm3 = torch.nn.InstanceNorm2d(4, affine=True)
        self.depthwise = torch.nn.Conv2d(4, 4, 3, padding=2, padding_mode="circular", groups=4)
        self.head = torch.nn.Linear(16, 3)

    def forward(self, x):
        x = torch.relu(self.norm1(self.conv1(x)))
        x = torch.nn.functional.max_pool2d(x, 3, stride=2, padding=1, ceil_mode=True)
        x = torch.relu(self.norm2(self.conv2(x)))
        x = self.norm3(self.up(x))
        x = torch.nn.functional.avg_pool2d(self.depthwise(x), 2, padding=1, count_include_pad=False)
        x = torch.nn.functional.interpolate(x, scale_factor=2, mode="bilinear")
        x = torch.nn.functional.lp_pool2d(torch.relu(x), 2, 2)
        return self.head(torch.flatten(torch.nn.functional.adaptive_avg_pool2d(x, 2), 1))


with torch.no_grad():
    net = Network()
    for value in net.state_dict().values():    # no ones and zeros that would hide mistakes
        if value.is_floating_point():
            value.add_(0.1 * torch.rand_like(value))
    net.eval()
    x = torch.randn(2, 2, 9, 10)
    tensors = {"model." + name: value.clone().contiguous() for name, value in net.state_dict().items()}
    save_file(tensors | {"x": x, "outputs": net(x).contiguous()}, file)
