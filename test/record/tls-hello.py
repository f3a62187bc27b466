#!/usr/bin/env python3
"""Records test/golden/tls-hello.txt: the first message of OpenSSL's TLS clients, as hexadecimal digits. Needs nothing but Python's ssl."""
import os, ssl

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden", "tls-hello.txt")


def hello(name, version=None):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if version is not None:
        context.maximum_version = version
    out = ssl.MemoryBIO()
    try:
        context.wrap_bio(ssl.MemoryBIO(), out, server_hostname=name).do_handshake()
    except ssl.SSLWantReadError:
        pass
    return out.read().hex()


with open(GOLDEN, "w") as file:
    file.write(f"# recorded: {ssl.OPENSSL_VERSION} by test/record/tls-hello.py\n")
    for what, name, version in (("www.example.com", "www.example.com", None), ("-", None, None), ("WWW.Example.ORG", "WWW.Example.ORG", ssl.TLSVersion.TLSv1_2)):
        file.write(f"{what} {hello(name, version)}\n")
