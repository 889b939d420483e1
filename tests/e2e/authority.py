"""A certificate authority for tests, by the openssl program; keys are on the curve P-256."""

import subprocess

PAST = ("-startdate", "20250101000000Z", "-enddate", "20250201000000Z")
FUTURE = ("-startdate", "20990101000000Z", "-enddate", "20990201000000Z")


class Authority:
    """Makes certificates: NAME.crt and NAME.key in its folder, and its own as `name`."""

    def __init__(self, folder, name="ca"):
        self.folder, self.name = folder, name
        self.openssl("req", "-x509", *self.new_key(name), "-subj", f"/CN={name}", "-days", "2",
                     "-out", self.path(name, "crt"))
        self.settings = folder / f"{name}.cnf"
        self.settings.write_text(f"""
            [ca]
            default_ca = this
            [this]
            certificate = {self.path(name, "crt")}
            private_key = {self.path(name, "key")}
            database = {folder / f"{name}.index"}
            new_certs_dir = {folder}
            rand_serial = yes
            unique_subject = no
            default_md = sha256
            policy = names
            [names]
            commonName = supplied
            """)
        (folder / f"{name}.index").touch()

    def path(self, name, suffix):
        return str(self.folder / f"{name}.{suffix}")

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)

    def new_key(self, name):
        return ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", self.path(name, "key"))

    def make(self, name, alternatives, valid=("-days", "2")):
        request, extensions = self.path(name, "csr"), self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={alternatives}\n")
        self.openssl("req", *self.new_key(name), "-subj", f"/CN={name}", "-out", request)
        self.openssl("ca", "-batch", "-config", str(self.settings), "-in", request,
                     "-extfile", str(extensions), *valid, "-out", self.path(name, "crt"))

    def of(self, name):
        """The settings that show it."""
        return {"TLS_CERT": self.path(name, "crt"), "TLS_KEY": self.path(name, "key")}
