// Hands the first channel of the microphone over, 20 ms at a time.
class Mic extends AudioWorkletProcessor {
  constructor() {
    super();
    this.block = new Float32Array(Math.round(sampleRate / 50));
    this.filled = 0;
  }

  process([channels]) {
    const samples = channels[0];
    if (!samples) return true;
    for (const sample of samples) {
      this.block[this.filled++] = sample;
      if (this.filled === this.block.length) {
        const full = this.block;
        this.port.postMessage(full.buffer, [full.buffer]);
        this.block = new Float32Array(full.length || Math.round(sampleRate / 50));
        this.filled = 0;
      }
    }
    return true;
  }
}
registerProcessor('mic', Mic);
