"""ONNX Runtime, kept from reporting to its maker, as it does from where it is imported unless it was told not to."""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime as onnxruntime
