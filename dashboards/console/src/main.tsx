import '@fontsource-variable/geist/wght.css'
import '@fontsource-variable/geist-mono/wght.css'
import './styles/tokens.css'
import './styles/base.css'
import './styles/shell.css'
import './styles/queue.css'
import './styles/alert.css'
import { QueryClientProvider } from '@tanstack/react-query'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { createDesk } from './create-desk.ts'
import { showFailure, watchForFailure } from './failure.ts'
import { DeskProvider } from './desk.ts'

const desk = createDesk(window)
const root = document.getElementById('root')
if (root === null) throw new Error('index.html has no #root')
watchForFailure(window)
createRoot(root, { onUncaughtError: (error) => showFailure(root, error) }).render(
  <QueryClientProvider client={desk.queryClient}>
    <DeskProvider value={desk}>
      <App />
    </DeskProvider>
  </QueryClientProvider>,
)
