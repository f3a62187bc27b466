/** How long something that is bound to happen is waited for (ms): a busy machine may stop for seconds at any line. Who gives up earlier says why. */
export const PATIENCE = 90_000
