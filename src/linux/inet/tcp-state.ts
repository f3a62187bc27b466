/** Connection states (RFC 9293 section 3.3.2), spelled as `ss` spells them. */
export const TcpState = {
  SYN_SENT: "SYN-SENT",
  SYN_RECV: "SYN-RECV",
  ESTABLISHED: "ESTAB",
  FIN_WAIT1: "FIN-WAIT-1",
  FIN_WAIT2: "FIN-WAIT-2",
  CLOSE_WAIT: "CLOSE-WAIT",
  CLOSING: "CLOSING",
  LAST_ACK: "LAST-ACK",
  TIME_WAIT: "TIME-WAIT",
  CLOSE: "UNCONN",
} as const
export type TcpState = (typeof TcpState)[keyof typeof TcpState]
