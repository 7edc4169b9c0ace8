"""A proxy that takes CONNECT and plays the host that was asked for: TLS with a certificate of its own
authority, and behind it a plain HTTP server.
"""

import datetime
import os
import socket
import ssl
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

LIMIT_S = 30


class TlsProxy:
    def __init__(self, folder, host, server_port):
        self.ca_bundle = os.path.join(folder, "ca.pem")
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(make_certificates(folder, host, self.ca_bundle))
        self.server_port = server_port
        self.asked = []
        self.versions = set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.listener.close()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            client.settimeout(LIMIT_S)
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        request = b""
        while b"\r\n\r\n" not in request:
            request += client.recv(4096)
        self.asked.append(request.split(b"\r\n")[0].decode())
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        try:
            with self.context.wrap_socket(client, server_side=True) as secure:
                self.versions.add(secure.version())
                with socket.create_connection(("127.0.0.1", self.server_port), LIMIT_S) as server:
                    exchange(secure, server)
        except OSError:
            client.close()


def exchange(client, server):
    back = threading.Thread(target=copy, args=(server, client), daemon=True)
    back.start()
    copy(client, server)
    back.join(LIMIT_S)


def copy(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def make_certificates(folder, host, ca_path):
    """Returns the path of a file with key and certificate; the authority's goes to ca_path. Both kinds
    of keys that AWS has take part: RSA in the host's certificate, an elliptic curve in the authority's.
    """
    ca_key = ec.generate_private_key(ec.SECP256R1())
    key = rsa.generate_private_key(65537, 2048)
    ca = certify("An authority", ca_key.public_key(), "An authority", ca_key,
                 x509.BasicConstraints(ca=True, path_length=None))
    leaf = certify(host, key.public_key(), "An authority", ca_key,
                   x509.SubjectAlternativeName([x509.DNSName(host)]))
    with open(ca_path, "wb") as file:
        file.write(ca.public_bytes(serialization.Encoding.PEM))
    path = os.path.join(folder, "server.pem")
    with open(path, "wb") as file:
        file.write(key.private_bytes(serialization.Encoding.PEM,
                                     serialization.PrivateFormat.PKCS8,
                                     serialization.NoEncryption()))
        file.write(leaf.public_bytes(serialization.Encoding.PEM))
    return path


def certify(name, public_key, issuer, issuer_key, extension):
    now = datetime.datetime.now(datetime.timezone.utc)
    return (x509.CertificateBuilder()
            .subject_name(common_name(name)).issuer_name(common_name(issuer))
            .public_key(public_key).serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(extension, critical=True)
            .sign(issuer_key, hashes.SHA256()))


def common_name(text):
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])
