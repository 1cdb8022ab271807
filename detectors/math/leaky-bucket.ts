/**
 * A bucket that fills with each violation and leaks with each good sample: persistence without a window's memory.
 * J. Turner: New Directions in Communications, IEEE Communications Magazine 24 (1986); as GCRA in ITU-T I.371.
 */
export const leak = (level: number, fill: number, levelMax: number): number =>
  fill > 0 ? Math.min(levelMax, level + fill) : level > 0 ? level - 1 : 0
