"""``tf.spectral``: Fourier transforms."""

from engine.ops.spectra import fft, fft2d, fft3d, ifft, ifft2d, ifft3d, irfft, rfft

__all__ = ["fft", "fft2d", "fft3d", "ifft", "ifft2d", "ifft3d", "irfft", "rfft"]
