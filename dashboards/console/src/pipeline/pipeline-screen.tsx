const Screen = (_: Record<string, unknown>) => null
export default Screen
