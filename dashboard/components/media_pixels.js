/* How two images differ, pixel by pixel. Arrays of RGBA bytes in, no DOM. */
(function () {
  "use strict";
  const tb = window.trainboard;

  /** |a - b| of each channel, times `gain`, opaque. */
  function difference(a, b, gain) {
    const out = new Uint8ClampedArray(a.length);
    for (let i = 0; i < a.length; i += 4) {
      for (let c = 0; c < 3; c++) out[i + c] = Math.abs(a[i + c] - b[i + c]) * gain;
      out[i + 3] = 255;
    }
    return out;
  }

  const lightness = (p, i) => 0.2126 * p[i] + 0.7152 * p[i + 1] + 0.0722 * p[i + 2];

  /** Where b is lighter than a in red, where it is darker in blue, over the colour `even` ([r, g, b]). */
  function signed(a, b, gain, even) {
    const out = new Uint8ClampedArray(a.length);
    const [up, down] = [[214, 40, 40], [38, 99, 222]];
    for (let i = 0; i < a.length; i += 4) {
      const change = lightness(b, i) - lightness(a, i);
      const far = change >= 0 ? up : down;
      const t = Math.min(1, (Math.abs(change) / 255) * gain);
      for (let c = 0; c < 3; c++) out[i + c] = even[c] + (far[c] - even[c]) * t;
      out[i + 3] = 255;
    }
    return out;
  }

  /** {mean, max, share, psnr}: differences in 0..255, share of pixels that differ at all, decibels. */
  function compared(a, b) {
    let [sum, squares, max, differing] = [0, 0, 0, 0];
    for (let i = 0; i < a.length; i += 4) {
      let most = 0;
      for (let c = 0; c < 3; c++) {
        const d = Math.abs(a[i + c] - b[i + c]);
        sum += d;
        squares += d * d;
        if (d > most) most = d;
      }
      if (most > max) max = most;
      if (most > 0) differing++;
    }
    const values = (a.length / 4) * 3;
    return {mean: sum / values, max, share: differing / (a.length / 4), psnr: squares ? 10 * Math.log10((255 * 255 * values) / squares) : Infinity};
  }

  tb.pixels = {difference, signed, compared};
})();
