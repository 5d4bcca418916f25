"""NVIDIA's GPUs by NVML: what they are and how busy they are; nothing where it does not answer."""

from __future__ import annotations

from typing import Any


class Gpus:
    """An open connection to NVML."""

    def __init__(self, nvml: Any) -> None:
        self._nvml = nvml
        count = nvml.nvmlDeviceGetCount()
        self._handles = [nvml.nvmlDeviceGetHandleByIndex(at) for at in range(count)]

    @classmethod
    def open(cls) -> Gpus | None:
        """The machine's GPUs; None where there are none or NVML does not answer."""
        try:
            import pynvml  # 10 ms that `import summaries` need not pay
        except ImportError:
            return None
        try:
            pynvml.nvmlInit()
            return cls(pynvml)
        except pynvml.NVMLError:
            return None

    def close(self) -> None:
        """Give NVML back."""
        self._ask(self._nvml.nvmlShutdown)

    def _ask(self, question: Any, *arguments: Any) -> Any:
        """The answer; None where this GPU, its driver or this user's rights give none."""
        try:
            return question(*arguments)
        except self._nvml.NVMLError:
            return None

    def describe(self) -> dict[str, Any]:
        """Names and memory of the GPUs, the driver's version and the CUDA version it knows."""
        nvml = self._nvml
        found: dict[str, Any] = {"gpus": []}
        for handle in self._handles:
            memory = self._ask(nvml.nvmlDeviceGetMemoryInfo, handle)
            gpu: dict[str, Any] = {"name": _text(self._ask(nvml.nvmlDeviceGetName, handle))}
            if memory is not None:
                gpu["memory_bytes"] = int(memory.total)
            found["gpus"].append(gpu)
        driver = self._ask(nvml.nvmlSystemGetDriverVersion)
        if driver is not None:
            found["gpu_driver"] = _text(driver)
        cuda = self._ask(nvml.nvmlSystemGetCudaDriverVersion)
        if cuda is not None:
            found["cuda_driver"] = f"{cuda // 1000}.{cuda % 1000 // 10}"
        return found

    def sample(self) -> dict[str, float]:
        """What each GPU does now, as ``gpu0/utilisation_percent`` and so on."""
        nvml = self._nvml
        found: dict[str, float] = {}
        for at, handle in enumerate(self._handles):
            busy = self._ask(nvml.nvmlDeviceGetUtilizationRates, handle)
            if busy is not None:
                found[f"gpu{at}/utilisation_percent"] = float(busy.gpu)
            memory = self._ask(nvml.nvmlDeviceGetMemoryInfo, handle)
            if memory is not None:
                found[f"gpu{at}/memory_used_mb"] = memory.used / 1e6
            degrees = self._ask(nvml.nvmlDeviceGetTemperature, handle, nvml.NVML_TEMPERATURE_GPU)
            if degrees is not None:
                found[f"gpu{at}/temperature_celsius"] = float(degrees)
            milliwatts = self._ask(nvml.nvmlDeviceGetPowerUsage, handle)
            if milliwatts is not None:
                found[f"gpu{at}/power_watts"] = milliwatts / 1000.0
        return found


def describe_gpus() -> dict[str, Any]:
    """`Gpus.describe` of this machine; {} where there are none."""
    gpus = Gpus.open()
    if gpus is None:
        return {}
    try:
        return gpus.describe()
    finally:
        gpus.close()


def _text(value: Any) -> str:
    # Older versions of the binding give bytes.
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")
