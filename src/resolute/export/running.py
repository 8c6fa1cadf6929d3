"""Graphs run by onnxruntime, on the CPU."""

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from resolute.core.errors import ResoluteError
from resolute.core.reading import brief
from resolute.export.trace import INPUT

_FATAL = 4  # of onnxruntime's severities: it raises what it would log below


class Running(nn.Module):
    """A graph as a network: LR images 1 x 3 x h x w, float32, 0..1, to SR images.

    Args:
        model: the graph.
        name: for messages.
        threads: of the CPU; 0 for as many as there are.

    Raises:
        ResoluteError: onnxruntime refuses the graph, when it is loaded or when it runs.
    """

    def __init__(self, model: onnx.ModelProto, name: str, threads: int = 1) -> None:
        super().__init__()
        self.name = name
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = _FATAL
        try:
            self.session = onnxruntime.InferenceSession(
                model.SerializeToString(), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # they share no class but this
            raise self._refused(error) from error

    def forward(self, lr: Tensor) -> Tensor:
        try:
            (sr,) = self.session.run(None, {INPUT: lr.contiguous().numpy()})
        except Exception as error:
            raise self._refused(error) from error
        return torch.from_numpy(np.asarray(sr))

    def _refused(self, error: Exception) -> ResoluteError:
        return ResoluteError(f"onnxruntime refuses {self.name}: {brief(error)}")
