"""The group installs the build of PyTorch that it names."""

import torch


def test_torch_is_the_cpu_build():
    assert not torch.cuda.is_available()
    assert torch.version.cuda is None, "the CUDA build is 6 GB, and nothing here needs it"
