#!/usr/bin/env python3
"""Records test/golden/kernel/udp-transparent.txt: what transparent UDP sockets and TPROXY do on the real kernel, in namespaces of its own
(pwu-a 10.0.0.2, the router pwu-r, pwu-b 10.1.0.2). Needs root, iproute2, iptables."""
import ctypes, errno, os, socket, struct, subprocess, threading

HERE = os.path.dirname(os.path.abspath(__file__))
GOLDEN = os.path.join(HERE, "..", "golden", "kernel", "udp-transparent.txt")
A, R, B = "10.0.0.2", "10.0.0.1", "10.1.0.2"
IP_TRANSPARENT, IP_RECVORIGDSTADDR, IP_PKTINFO, SO_REUSEPORT, SO_MARK = 19, 20, 8, 15, 36
libc = ctypes.CDLL("libc.so.6", use_errno=True)
lines = []


def sh(command):
    subprocess.run(command, shell=True, check=True, stdout=subprocess.DEVNULL)


def up():
    for name in "arb":
        sh(f"ip netns add pwu-{name}; ip -n pwu-{name} link set lo up")
        sh(f"ip netns exec pwu-{name} sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 net.ipv4.ip_forward=1")
    for name, net, dev in (("a", "10.0.0", "p0"), ("b", "10.1.0", "p1")):
        sh(f"ip -n pwu-r link add {dev} type veth peer name eth0 netns pwu-{name}")
        sh(f"ip -n pwu-r addr add {net}.1/24 dev {dev}; ip -n pwu-r link set {dev} up")
        sh(f"ip -n pwu-{name} addr add {net}.2/24 dev eth0; ip -n pwu-{name} link set eth0 up; ip -n pwu-{name} route add default via {net}.1")
    sh("ip -n pwu-r rule add pref 9 fwmark 0x200/0xf00 lookup 2004; ip -n pwu-r route add local default dev lo table 2004")
    sh("ip netns exec pwu-r iptables -t mangle -A PREROUTING -p udp --dport 53 -j TPROXY --on-port 10001 --on-ip 127.0.0.1 --tproxy-mark 0x200/0xffffffff")
    sh("ip netns exec pwu-r iptables -t mangle -A PREROUTING -p udp -m socket --transparent -j MARK --set-mark 0x200")


def down():
    for name in "arb":
        subprocess.run(["ip", "netns", "del", f"pwu-{name}"], stderr=subprocess.DEVNULL)


def make(name, transparent=False, reuse=False, kind=socket.SOCK_DGRAM, proto=0, mark=0):
    result = []
    def body():
        fd = os.open(f"/run/netns/pwu-{name}", os.O_RDONLY)
        if libc.setns(fd, 0x40000000) != 0:
            raise OSError(ctypes.get_errno(), "setns")
        result.append(socket.socket(socket.AF_INET, kind, proto))
        os.close(fd)
    thread = threading.Thread(target=body); thread.start(); thread.join()
    sock = result[0]
    sock.settimeout(0.3)
    if transparent:
        sock.setsockopt(socket.SOL_IP, IP_TRANSPARENT, 1)
        sock.setsockopt(socket.SOL_IP, IP_RECVORIGDSTADDR, 1)
    if reuse:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, SO_REUSEPORT, 1)
    if mark:
        sock.setsockopt(socket.SOL_SOCKET, SO_MARK, mark)
    return sock


def say(what, value):
    lines.append(f"{what}: {value}")


def attempt(call):
    try:
        call()
        return "ok"
    except OSError as error:
        return errno.errorcode[error.errno]


def receive(sock):
    try:
        data, extra, _, (address, port) = sock.recvmsg(512, 256)
    except TimeoutError:
        return "nothing"
    except OSError as error:
        return errno.errorcode[error.errno]
    text = f"{data.decode()} from {address}:{port}"
    for level, kind, value in extra:
        if (level, kind) == (socket.SOL_IP, IP_RECVORIGDSTADDR):
            text += f" for {socket.inet_ntoa(value[4:8])}:{struct.unpack('>H', value[2:4])[0]}"
    return text


def main():
    client = make("a"); client.bind((A, 4000))
    plain = make("r"); plain.bind(("127.0.0.1", 10001))
    client.sendto(b"one", (B, 53))
    say("a listener that is not transparent", receive(plain))
    plain.close()

    proxy = make("r", transparent=True); proxy.bind(("127.0.0.1", 10001))
    client.sendto(b"two", (B, 53))
    say("a transparent listener", receive(proxy))

    say("a foreign address", attempt(lambda: make("r").bind((A, 4000))))
    first = make("r", transparent=True, reuse=True)
    say("a foreign address, transparent", attempt(lambda: first.bind((A, 4000))))
    say("the same again", attempt(lambda: make("r", transparent=True).bind((A, 4000))))
    second = make("r", transparent=True, reuse=True)
    say("the same again, both reusing", attempt(lambda: second.bind((A, 4000))))
    second.close()

    server = make("b"); server.bind((B, 53))
    first.connect((B, 53)); first.send(b"three")
    say("the server", receive(server))
    server.sendto(b"four", (A, 4000))
    say("the answer, in the client's name", receive(first))
    say("the client meanwhile", receive(client))

    client.connect((B, 53))
    raw = make("r", transparent=True, kind=socket.SOCK_RAW, proto=socket.IPPROTO_UDP, mark=0xb00)
    header = struct.pack(">HHHH", 53, 4000, 8 + 4, 0)
    info = struct.pack("=I4s4s", 0, socket.inet_aton(B), b"\0" * 4)
    raw.sendmsg([header + b"five"], [(socket.SOL_IP, IP_PKTINFO, info)], 0, (A, 0))
    say("the client, from a raw socket", receive(client))


down()
up()
try:
    main()
finally:
    down()
release = os.uname().release.split("-")[0]
with open(GOLDEN, "w") as out:
    out.write(f"# recorded: kernel {release} by test/record/kernel-udp.py\n" + "".join(line + "\n" for line in lines))
