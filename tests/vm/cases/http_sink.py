# Owns: a web server that takes whatever is sent and keeps it.
# usage: http_sink.py PORT FILE
import http.server
import sys


class Sink(http.server.BaseHTTPRequestHandler):
    def keep(self):
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size)
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline() or b"0", 16):
                body += self.rfile.read(size)
                self.rfile.readline()
        with open(sys.argv[2], "ab") as file:
            file.write(self.path.encode() + b"\n" + body)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_PUT = do_POST = keep

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("", int(sys.argv[1])), Sink).serve_forever()
