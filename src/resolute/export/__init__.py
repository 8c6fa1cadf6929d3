"""Networks as ONNX files, for programs that have no PyTorch."""

from resolute.export.make import check, export

__all__ = ["check", "export"]
