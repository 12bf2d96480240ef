/** Loaded before the first paint: puts the kept theme in place, so that nothing flashes. */
try {
  const kept = localStorage.getItem('logicaproxy-theme')
  if (kept === 'light' || kept === 'dark') document.documentElement.dataset['theme'] = kept
} catch {
  // Storage may be forbidden: then the system's theme holds.
}
