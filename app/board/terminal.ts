import { type BoardView, renderBoard } from './render.ts'

export interface TerminalBoard {
  show(view: BoardView): void
  /** Gives the screen back. */
  close(): void
}

/** Draws the board on the alternate screen, only the lines that changed. */
export const openTerminalBoard = (out: NodeJS.WriteStream): TerminalBoard => {
  let before: string[] = []
  let size = ''
  out.write('\u001B[?1049h\u001B[?25l\u001B[2J')
  return {
    show(view) {
      const columns = Math.max(40, out.columns ?? 80)
      const rows = Math.max(10, out.rows ?? 24)
      const lines = renderBoard(view, columns, rows - 1)
      const now = `${columns}x${rows}`
      if (now !== size) {
        before = []
        out.write('\u001B[2J')
      }
      size = now
      const changed = lines.flatMap((line, i) => (line === before[i] ? [] : [`\u001B[${i + 1};1H\u001B[2K${line}`]))
      if (changed.length > 0) out.write(changed.join(''))
      before = lines
    },
    close: () => void out.write('\u001B[?25h\u001B[?1049l'),
  }
}
