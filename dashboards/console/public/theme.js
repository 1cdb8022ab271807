// Before the first paint, so that a light console never flashes dark. Its key is that of src/state/preferences.ts.
try {
  const theme = JSON.parse(localStorage.getItem('wardwatch.preferences') || '{}').theme
  const light = theme === 'light' || (theme === 'system' && matchMedia('(prefers-color-scheme: light)').matches)
  document.documentElement.dataset.theme = light ? 'light' : 'dark'
} catch {
  document.documentElement.dataset.theme = 'dark'
}
