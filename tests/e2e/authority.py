"""A certificate authority for tests, by the openssl program; keys are on the curve P-256."""

import subprocess


class Authority:
    """Makes certificates: NAME.crt and NAME.key in its folder, and its own as `name`."""

    def __init__(self, folder, name="ca"):
        self.folder, self.name = folder, name
        self.openssl("req", "-x509", *self.new_key(name), "-subj", f"/CN={name}", "-days", "2",
                     "-out", self.path(name, "crt"))

    def path(self, name, suffix):
        return str(self.folder / f"{name}.{suffix}")

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)

    def new_key(self, name):
        return ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", self.path(name, "key"))

    def make(self, name, alternatives, *options):
        request, extensions = self.path(name, "csr"), self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={alternatives}\n")
        self.openssl("req", *self.new_key(name), "-subj", f"/CN={name}", "-out", request)
        self.openssl("x509", "-req", "-in", request, "-CA", self.path(self.name, "crt"),
                     "-CAkey", self.path(self.name, "key"), "-CAcreateserial",
                     "-extfile", str(extensions), *(options or ("-days", "2")),
                     "-out", self.path(name, "crt"))

    def of(self, name):
        """The settings that show it."""
        return {"TLS_CERT": self.path(name, "crt"), "TLS_KEY": self.path(name, "key")}
