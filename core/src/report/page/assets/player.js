// Plays a recording: seeking, speed, and a loop around a stretch.
export class Player {
  constructor(audio, onTime, onState) {
    this.audio = audio;
    this.onTime = onTime;
    this.onState = onState;
    this.loop = null;
    this.duration = 0;
    this.waiting = null;
    for (const kind of ['play', 'pause', 'ended', 'loadedmetadata', 'error', 'ratechange']) {
      audio.addEventListener(kind, () => this.changed(kind));
    }
    audio.addEventListener('timeupdate', () => this.turn());
    audio.addEventListener('seeked', () => this.onTime(this.time));
  }

  open(address, duration) {
    this.duration = duration;
    this.failed = !address;
    this.loop = null;
    this.at = 0;
    if (address) this.audio.src = address;
    else this.audio.removeAttribute('src');
    this.onState();
  }

  changed(kind) {
    if (kind === 'error') this.failed = this.audio.hasAttribute('src');
    // A place that was asked for before the sound was there.
    if (kind === 'loadedmetadata') this.audio.currentTime = this.at;
    if (kind === 'play') this.follow();
    this.onState();
  }

  // Moves on with the screen, which is finer than the player's own events.
  follow() {
    cancelAnimationFrame(this.waiting);
    this.waiting = requestAnimationFrame(() => {
      this.turn();
      if (this.isPlaying) this.follow();
    });
  }

  turn() {
    if (!this.hasSound) return;
    this.at = this.audio.currentTime;
    if (this.loop && this.isPlaying && (this.at >= this.loop.end || this.at < this.loop.start - 0.1)) this.seek(this.loop.start);
    else this.onTime(this.at);
  }

  get isPlaying() {
    return !this.audio.paused && !this.audio.ended;
  }

  get hasSound() {
    return this.audio.readyState >= 1 && !this.failed;
  }

  get time() {
    return this.at ?? 0;
  }

  seek(seconds) {
    this.at = Math.min(Math.max(0, seconds), this.duration);
    if (this.hasSound) this.audio.currentTime = this.at;
    this.onTime(this.at);
  }

  async toggle() {
    if (this.isPlaying) {
      this.audio.pause();
      return;
    }
    if (this.loop && (this.time < this.loop.start || this.time >= this.loop.end)) this.seek(this.loop.start);
    if (this.time >= this.duration) this.seek(0);
    try {
      await this.audio.play();
    } catch (error) {
      // Whoever pauses before the sound has begun ends the promise; that is no fault.
      if (error.name !== 'AbortError') this.failed = true;
      this.onState();
    }
  }
}
