/** Every key of the console. The order matters: a sequence stands before the single keys that it ends with. */
export interface KeyEntry {
  readonly id: string
  /** As tinykeys writes it. */
  readonly press: readonly string[]
  /** As a person reads it: one cap each. */
  readonly caps: readonly string[]
  readonly title: string
  readonly group: 'Go to' | 'Everywhere' | 'Queue' | 'Alert' | 'Plot' | 'Device'
  /** A single printing key: off with the preference, ignored in inputs and dialogs. */
  readonly single: boolean
}

const entry = (
  group: KeyEntry['group'],
  id: string,
  press: string | readonly string[],
  caps: readonly string[],
  title: string,
  single = true,
): KeyEntry => ({ id, press: typeof press === 'string' ? [press] : press, caps, title, group, single })

export const keymap: readonly KeyEntry[] = [
  entry('Go to', 'go.alerts', 'g a', ['G', 'A'], 'Alerts'),
  entry('Go to', 'go.devices', 'g d', ['G', 'D'], 'Devices'),
  entry('Go to', 'go.pipeline', 'g p', ['G', 'P'], 'Pipeline'),
  entry('Go to', 'go.settings', 'g s', ['G', 'S'], 'Settings'),
  entry('Everywhere', 'search', '[Shift]+/', ['/'], 'Search alerts and devices'),
  entry('Everywhere', 'palette', '$mod+k', ['Ctrl', 'K'], 'Commands', false),
  entry('Everywhere', 'keys', '[Shift]+?', ['?'], 'These keys'),
  entry('Everywhere', 'back', 'Escape', ['Esc'], 'Back, or clear what is marked', false),
  entry('Queue', 'queue.extendNext', ['Shift+j', 'Shift+ArrowDown'], ['Shift', 'J'], 'Mark and move down'),
  entry('Queue', 'queue.extendPrevious', ['Shift+k', 'Shift+ArrowUp'], ['Shift', 'K'], 'Mark and move up'),
  entry('Queue', 'queue.next', ['j', 'ArrowDown'], ['J'], 'Next alert'),
  entry('Queue', 'queue.previous', ['k', 'ArrowUp'], ['K'], 'Previous alert'),
  entry('Queue', 'queue.mark', 'x', ['X'], 'Mark for a bulk action'),
  entry('Queue', 'queue.loadNew', '.', ['.'], 'Load new alerts'),
  entry('Queue', 'queue.filter', 'f', ['F'], 'Filter'),
  entry('Queue', 'queue.open', 'Enter', ['Enter'], 'Full page', false),
  entry('Alert', 'alert.acknowledge', 'a', ['A'], 'Acknowledge'),
  entry('Alert', 'alert.assign', 'Shift+m', ['Shift', 'M'], 'Assign to somebody'),
  entry('Alert', 'alert.mine', 'm', ['M'], 'Make it mine'),
  entry('Alert', 'alert.close', 'e', ['E'], 'Close with a verdict'),
  entry('Alert', 'alert.snooze', 'z', ['Z'], 'Snooze, or wake'),
  entry('Alert', 'alert.note', 'n', ['N'], 'Write a note'),
  entry('Alert', 'alert.contain', 'q', ['Q'], 'Record containment'),
  entry('Alert', 'alert.suppress', 's', ['S'], 'Suppress such findings for a while'),
  entry('Alert', 'undo', 'u', ['U'], 'Undo, within 10 s'),
  entry('Plot', 'plot.narrower', '[', ['['], 'Zoom in'),
  entry('Plot', 'plot.wider', ']', [']'], 'Zoom out'),
  entry('Plot', 'plot.reset', 'r', ['R'], 'Whole range'),
  entry('Plot', 'plot.band', 'b', ['B'], 'Baseline band on or off'),
  entry('Device', 'tab.1', '1', ['1'], 'Overview'),
  entry('Device', 'tab.2', '2', ['2'], 'Vitals'),
  entry('Device', 'tab.3', '3', ['3'], 'Connections'),
  entry('Device', 'tab.4', '4', ['4'], 'Alerts'),
]
