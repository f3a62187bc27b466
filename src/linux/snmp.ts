/** The counters of /proc/net/snmp and netstat that podwire keeps; names are the kernel's. */
export class SnmpCounters {
  ipInReceives = 0
  ipInHdrErrors = 0
  ipInAddrErrors = 0
  ipForwDatagrams = 0
  ipInDelivers = 0
  ipOutRequests = 0
  ipOutNoRoutes = 0
  ipReasmTimeout = 0
  ipReasmReqds = 0
  ipReasmOKs = 0
  ipReasmFails = 0
  ipFragOKs = 0
  ipFragFails = 0
  ipFragCreates = 0
  icmpInMsgs = 0
  icmpInCsumErrors = 0
  icmpOutMsgs = 0
  udpInDatagrams = 0
  udpNoPorts = 0
  udpInErrors = 0
  udpOutDatagrams = 0
  udpInCsumErrors = 0
  tcpActiveOpens = 0
  tcpPassiveOpens = 0
  tcpAttemptFails = 0
  tcpEstabResets = 0
  tcpInSegs = 0
  tcpOutSegs = 0
  tcpRetransSegs = 0
  tcpInErrs = 0
  tcpOutRsts = 0
  tcpInCsumErrors = 0
}
