#!/usr/bin/env python3
"""Records test/golden/kernel/cni.txt: what the real CNI plugins bridge, host-local and portmap answer to the calls of kernel-cni.txt, on a node and
in pods that are namespaces (pwk-node, pwk-p1, pwk-p2). Needs root, iproute2, iptables, containernetworking-plugins."""
import os, shutil, subprocess, sys

HERE = os.path.dirname(os.path.abspath(__file__))
GOLDEN = os.path.join(HERE, "..", "golden", "kernel", "cni.txt")
STATE = "/run/pwk-cni"
BIN = "/usr/lib/cni"
NAMES = ("node", "p1", "p2")


def down():
    for name in NAMES:
        subprocess.run(["ip", "netns", "del", f"pwk-{name}"], stderr=subprocess.DEVNULL)
    shutil.rmtree(STATE, ignore_errors=True)


def up():
    down()
    os.makedirs(STATE)
    for name in NAMES:
        subprocess.run(["ip", "netns", "add", f"pwk-{name}"], check=True)
        subprocess.run(["ip", "netns", "exec", f"pwk-{name}", "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1",
                        "net.ipv6.conf.default.disable_ipv6=1"], check=True)
        subprocess.run(["ip", "-n", f"pwk-{name}", "link", "set", "lo", "up"], check=True)


def call(plugin, command, container, pod, ifname, stdin):
    env = {"PATH": os.environ["PATH"], "CNI_PATH": BIN}
    for name, value in (("COMMAND", command), ("CONTAINERID", container), ("IFNAME", ifname),
                        ("NETNS", "-" if pod == "-" else f"/var/run/netns/pwk-{pod}")):
        if value != "-":
            env["CNI_" + name] = value
    script = f'mkdir -p /var/lib/cni && mount --bind {STATE} /var/lib/cni && exec {BIN}/{plugin}'
    return subprocess.run(["ip", "netns", "exec", "pwk-node", "sh", "-c", script], input=stdin, env=env, capture_output=True, text=True)


def files():
    lines = []
    for folder, _, names in sorted(os.walk(STATE)):
        for name in sorted(names):
            path = os.path.join(folder, name)
            lines.append(f"{path[len(STATE):]} {open(path, newline='').read()!r}")
    return "\n".join(lines) + "\n"


def main():
    configs = {}
    sys.stdout = open(GOLDEN, "w")
    print(f"# recorded: kernel {os.uname().release.split('-')[0]}, containernetworking-plugins 1.1.1")
    for line in open(os.path.join(HERE, "kernel-cni.txt")):
        line = line.rstrip("\n")
        words = line.split()
        if not words or line.startswith("#"):
            continue
        if words[0] == "config":
            configs[words[1]] = " ".join(line.split(" ")[2:])
        elif words[0] == "==":
            up()
            print(line)
        elif words[0] == "rules":
            saved = subprocess.run(["ip", "netns", "exec", "pwk-node", "iptables-save", "-t", "nat"], capture_output=True, text=True)
            print("=== rules [0]")
            print("".join(text for text in saved.stdout.splitlines(True) if not text.startswith("#")), end="")
        elif words[0] == "files":
            print("=== files [0]")
            print(files(), end="")
        else:
            result = call(*words[:5], configs[words[5]])
            print(f"=== {line} [{result.returncode}]")
            output = result.stdout + result.stderr
            print(output, end="" if output.endswith("\n") or output == "" else "\n%\n")
    down()


main()
