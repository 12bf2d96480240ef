export function RoutingView() {
  return null
}
