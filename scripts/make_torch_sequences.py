#!/usr/bin/env python3
"""Writes tests/nn/torch/*.safetensors: PyTorch's parameters of small recurrent and transformer models, with an input and
the output that PyTorch computes from it. Needs torch and safetensors from PyPI; the files are kept in the repository."""

import pathlib

import torch
from safetensors.torch import save_file

folder = pathlib.Path(__file__).resolve().parent.parent / "tests" / "nn" / "torch"
folder.mkdir(parents=True, exist_ok=True)
torch.manual_seed(1)


def save(name, model, **tensors):
    parameters = {"model." + key: value.detach().clone().contiguous() for key, value in model.state_dict().items()}
    save_file(parameters | {key: value.detach().clone().contiguous() for key, value in tensors.items()},
              folder / (name + ".safetensors"))


with torch.no_grad():
    x, lengths = torch.randn(3, 5, 4), torch.tensor([5, 2, 3])
    lstm = torch.nn.LSTM(4, 6, num_layers=2, bidirectional=True, proj_size=3, batch_first=True)
    packed = torch.nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    outputs, (hidden, cell) = lstm(packed)
    outputs, _ = torch.nn.utils.rnn.pad_packed_sequence(outputs, batch_first=True, total_length=5)
    save("lstm", lstm, x=x, lengths=lengths, outputs=outputs, hidden=hidden, cell=cell)

    gru = torch.nn.GRU(4, 6, num_layers=2, bidirectional=True, batch_first=True)
    outputs, hidden = gru(x)
    save("gru", gru, x=x, outputs=outputs, hidden=hidden)

    for name, norm_first, activation in (("encoder_post_norm", False, "relu"), ("encoder_pre_norm", True, "gelu")):
        layer = torch.nn.TransformerEncoderLayer(8, 2, 12, norm_first=norm_first, activation=activation, batch_first=True)
        encoder = torch.nn.TransformerEncoder(layer, 2, norm=torch.nn.LayerNorm(8), enable_nested_tensor=False).eval()
        for parameter in encoder.parameters():    # layers that are copies of one another would hide mistakes
            parameter.add_(0.1 * torch.randn_like(parameter))
        x, padding = torch.randn(2, 5, 8), torch.tensor([[False] * 5, [False] * 3 + [True] * 2])
        y = encoder(x, src_key_padding_mask=padding)
        save(name, encoder, x=x, padding=padding, outputs=y)

    decoder = torch.nn.TransformerDecoderLayer(8, 2, 12, batch_first=True).eval()
    x, memory = torch.randn(2, 4, 8), torch.randn(2, 5, 8)
    y = decoder(x, memory, tgt_mask=torch.triu(torch.full((4, 4), True), 1))
    save("decoder_layer", decoder, x=x, memory=memory, outputs=y)

    attention = torch.nn.MultiheadAttention(8, 2, kdim=5, vdim=3, batch_first=True)
    q, k, v = torch.randn(2, 4, 8), torch.randn(2, 6, 5), torch.randn(2, 6, 3)
    save("attention", attention, q=q, k=k, v=v, outputs=attention(q, k, v, need_weights=False)[0])
