/** So long a role may take to end when it is told to; then it is killed, which loses nothing, but whoever takes over waits for its session to run out. */
export const stopGraceMs = 4_000
/** So long of it ClickHouse may take for its last answers: the rest is for Kafka, which is told that a member leaves. */
export const storeLeaveMs = 2_000
