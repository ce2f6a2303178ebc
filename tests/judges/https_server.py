"""Takes POSTs by TLS and prints each body as a line.

    python https_server.py CERTIFICATE.pem KEY.pem

The first line says where it listens.
"""

import ssl
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Taker(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        print(body.decode(), flush=True)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args):
        pass


def main(certificate, key):
    server = HTTPServer(("127.0.0.1", 0), Taker)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    print(f"https://localhost:{server.server_port}/hook", flush=True)
    # Whoever does not believe the certificate leaves in the handshake.
    server.handle_error = lambda *args: None
    server.serve_forever()


main(*sys.argv[1:])
