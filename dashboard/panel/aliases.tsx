export function AliasesView() {
  return null
}
