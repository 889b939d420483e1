"""Two versions of camloop packed for this machine, which is the processor of the stand-in board."""

import os
import subprocess

from virtual_board import ROOT

RELEASE = (ROOT / os.environ.get("CAMLOOP_RELEASE", "build/host-release/camloop")).resolve()
PROGRAM = "usr/bin/camloop"
SERVICE = "etc/init.d/S90camloop"
SETTINGS = "etc/default/camloop"
MANIFEST = "etc/camloop/manifest"
CA_FILE = "etc/camloop/ca-certificates.crt"


def pack(kind, program, tarball, host_program=RELEASE, **environment):
    subprocess.run([ROOT / "board/pack", kind, program, host_program, tarball], check=True,
                   env=os.environ | {"SOURCE_DATE_EPOCH": "1700000000"} | environment)
    return tarball


class Version:
    """An overlay whose program and whose default settings are its own."""

    def __init__(self, directory, name, quality):
        self.program = directory / f"{name}-camloop"
        self.program.write_bytes(RELEASE.read_bytes() + name.encode())
        tells_settings = directory / f"{name}-settings"
        tells_settings.write_text(f"""#!/bin/sh
{RELEASE} "$@" | sed 's/^#CAMLOOP_QUALITY=.*/#CAMLOOP_QUALITY={quality}/'""")
        for path in (self.program, tells_settings):
            path.chmod(0o755)
        self.tarball = pack("overlay", self.program, directory / f"{name}.tar.gz", tells_settings)
