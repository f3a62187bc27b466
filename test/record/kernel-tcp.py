#!/usr/bin/env python3
"""Records test/golden/kernel/tcp.txt: the timelines of kernel-tcp.txt between two sockets of the real kernel, each end in a namespace of
its own (pwk-client, pwk-server), as the client's device sees the segments. Needs root, iproute2, iptables, ethtool, tcpdump."""
import os, re, socket, struct, subprocess, sys, threading, time, ctypes

HERE = os.path.dirname(os.path.abspath(__file__))
GOLDEN = os.path.join(HERE, "..", "golden", "kernel", "tcp.txt")
PCAP = "/run/pwk-tcp.pcap"
CLIENT, SERVER = "10.9.0.1", "10.9.0.2"
libc = ctypes.CDLL("libc.so.6", use_errno=True)


def sh(command):
    subprocess.run(command, shell=True, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def up():
    for name in ("client", "server"):
        ns = f"pwk-{name}"
        sh(f"ip netns add {ns}")
        sh(f"ip netns exec {ns} sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1 net.ipv4.tcp_no_metrics_save=1"
           " net.ipv4.tcp_congestion_control=reno net.ipv4.tcp_rmem='4096 131072 6291456' net.ipv4.tcp_wmem='4096 16384 4194304'")
    sh("ip -n pwk-client link add eth0 address 02:00:00:00:00:01 mtu 1450 type veth peer name eth0 address 02:00:00:00:00:02 mtu 1450 netns pwk-server")
    for name, address in (("client", CLIENT), ("server", SERVER)):
        ns = f"pwk-{name}"
        sh(f"ip netns exec {ns} ethtool -K eth0 tx off tso off gso off gro off")
        sh(f"ip -n {ns} addr add {address}/24 dev eth0")
        sh(f"ip -n {ns} link set lo up")
        sh(f"ip -n {ns} link set eth0 up")
    sh("ip -n pwk-client neigh replace 10.9.0.2 lladdr 02:00:00:00:00:02 dev eth0 nud permanent")
    sh("ip -n pwk-server neigh replace 10.9.0.1 lladdr 02:00:00:00:00:01 dev eth0 nud permanent")


def down():
    for name in ("client", "server"):
        subprocess.run(["ip", "netns", "del", f"pwk-{name}"], stderr=subprocess.DEVNULL)


def enter(name):
    fd = os.open(f"/run/netns/pwk-{name}", os.O_RDONLY)
    if libc.setns(fd, 0x40000000) != 0:
        raise OSError(ctypes.get_errno(), "setns")
    os.close(fd)


def make(name):
    result = []
    def body():
        enter(name)
        result.append(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    return result[0]


class World:
    def __init__(self):
        self.sockets = {}
        self.ready = {"client": threading.Event(), "server": threading.Event()}

    def socket(self, who):
        self.ready[who].wait()
        return self.sockets[who]

    def act(self, who, words):
        try:
            getattr(self, "do_" + words[0])(who, *words[1:])
        except (OSError, AttributeError) as error:
            sys.stderr.write(f"{who} {words}: {error}\n")

    def do_listen(self, who):
        listener = make(who)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((SERVER, 80))
        listener.listen(8)
        threading.Thread(target=self.accept, args=(who, listener), daemon=True).start()

    def accept(self, who, listener):
        self.sockets[who], _ = listener.accept()
        self.ready[who].set()

    def do_connect(self, who):
        sock = make(who)
        sock.bind((CLIENT, 40000))
        try:
            sock.connect((SERVER, 80))
        finally:
            self.sockets[who] = sock
            self.ready[who].set()

    def do_write(self, who, count):
        self.socket(who).sendall(bytes(int(count)))

    def do_read(self, who, count):
        left = int(count)
        while left > 0:
            data = self.socket(who).recv(left)
            if not data:
                return
            left -= len(data)

    def do_drain(self, who):
        while self.socket(who).recv(1 << 16):
            pass
        if who == "server":
            self.socket(who).close()

    def do_close(self, who):
        self.socket(who).close()

    def do_shutdown(self, who):
        self.socket(who).shutdown(socket.SHUT_WR)

    def do_reset(self, who):
        self.socket(who).setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket(who).close()

    def do_nodelay(self, who):
        self.socket(who).setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def do_drop(self, who, state):
        # Lost behind the wire: a drop in the sender's own OUTPUT would be told to its TCP.
        other = "server" if who == "client" else "client"
        sh(f"nsenter --net=/run/netns/pwk-{other} iptables {'-A' if state == 'on' else '-D'} INPUT -p tcp -j DROP")


def options(data):
    names = []
    at = 0
    while at < len(data):
        kind = data[at]
        if kind == 0:
            break
        if kind == 1:
            names.append("nop")
            at += 1
            continue
        length = data[at + 1]
        body = data[at + 2:at + length]
        if kind == 2:
            names.append(f"mss {struct.unpack('!H', body)[0]}")
        elif kind == 3:
            names.append(f"wscale {body[0]}")
        elif kind == 4:
            names.append("sackOK")
        elif kind == 5:
            names.append(("sack", [struct.unpack("!II", body[i:i + 8]) for i in range(0, len(body), 8)]))
        elif kind == 8:
            names.append("TS")
        at += length
    return names


def segments(start):
    raw = open(PCAP, "rb").read()
    at = 24
    base = {}
    lines = []
    while at < len(raw):
        seconds, fraction, length, _ = struct.unpack("<IIII", raw[at:at + 16])
        frame = raw[at + 16:at + 16 + length]
        at += 16 + length
        if frame[12:14] != b"\x08\x00" or frame[23] != 6:
            continue
        ihl = (frame[14] & 15) * 4
        total = struct.unpack("!H", frame[16:18])[0]
        tcp = frame[14 + ihl:14 + total]
        sport, dport, seq, ack, off, flags, window = struct.unpack("!HHIIBBH", tcp[:16])
        header = (off >> 4) * 4
        out = sport == 40000
        if flags & 2 or out not in base:
            base.setdefault(out, seq if flags & 2 else None)
        origin, other = base.get(out), base.get(not out)
        relative = (seq - origin) & 0xffffffff if origin is not None else (0 if seq == 0 else (seq - (other or 0)) & 0xffffffff)
        acked = (ack - other) & 0xffffffff if flags & 16 and other is not None else 0
        names = []
        for name in options(tcp[20:header]):
            if isinstance(name, tuple):
                origin_sack = other or 0
                name = "sack " + " ".join(f"{(a - origin_sack) & 0xffffffff}:{(b - origin_sack) & 0xffffffff}" for a, b in name[1])
            names.append(name)
        text = "".join(c for bit, c in ((1, "F"), (2, "S"), (4, "R"), (8, "P"), (16, ".")) if flags & bit)
        when = seconds + fraction / 1e6 - start
        lines.append(f"{when:.3f} {'>' if out else '<'} {text} seq {relative} ack {acked} win {window} len {len(tcp) - header} <{','.join(names)}>")
    return lines


def run(title, actions):
    down()
    up()
    capture = subprocess.Popen(["ip", "netns", "exec", "pwk-client", "tcpdump", "-i", "eth0", "-U", "-n", "-s", "0", "-w", PCAP, "tcp"],
                               stderr=subprocess.DEVNULL)
    time.sleep(0.6)
    world = World()
    start = time.time()
    for when, who, words in actions:
        delay = start + when - time.time()
        if delay > 0:
            time.sleep(delay)
        if who == "end":
            break
        if words[0] in ("drop", "listen"):
            world.act(who, words)
        else:
            threading.Thread(target=world.act, args=(who, words), daemon=True).start()
    time.sleep(0.1)
    capture.terminate()
    capture.wait()
    print(f"== {title}")
    for when, who, words in actions:
        print(f"- {when} {who} {' '.join(words)}".rstrip())
    print("\n".join(segments(start)))
    sys.stdout.flush()
    down()


def main():
    # Ahead of whatever else the machine does: what is late here is late in the recording.
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))
    scenarios, current = [], None
    for line in open(os.path.join(HERE, "kernel-tcp.txt")):
        line = line.rstrip("\n")
        if line.startswith("== "):
            current = []
            scenarios.append((line[3:], current))
        elif line and not line.startswith("#"):
            words = line.split()
            current.append((float(words[0]), words[1], words[2:]))
    if len(sys.argv) > 2:
        scenarios = [s for s in scenarios if sys.argv[2] in s[0]]
    sys.stdout = open(sys.argv[1] if len(sys.argv) > 1 else GOLDEN, "w")
    print(f"# recorded: kernel {os.uname().release.split('-')[0]}, tcpdump 4.99.3, python3")
    try:
        for title, actions in scenarios:
            run(title, actions)
    finally:
        down()
        if os.path.exists(PCAP):
            os.remove(PCAP)
    # What a killed thread still waits for must not hold the recorder.
    sys.stdout.flush()
    os._exit(0)


main()
