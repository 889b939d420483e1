"""What `make board` packs, looked at without a board."""

import re
import subprocess
import tarfile

import pytest

from overlays import CA_FILE, MANIFEST, PROGRAM, RELEASE, SERVICE, SETTINGS, pack
from virtual_board import ROOT

MODES = {
    "overlay": {CA_FILE: 0o644, MANIFEST: 0o644, SETTINGS: 0o600, SERVICE: 0o755, PROGRAM: 0o755},
    "openwrt": {CA_FILE: 0o644, MANIFEST: 0o644, "etc/config/camloop": 0o600,
                "etc/default/camloop": 0o777, "etc/init.d/camloop": 0o755, PROGRAM: 0o755},
}

# The stock image's BusyBox, whose configuration is public, has none of these and no long options.
ABSENT_APPLETS = ("base64|comm|cpio|expand|fold|getopt|install|link|logread|losetup|mountpoint|"
                  "nohup|nproc|od|paste|patch|pkill|realpath|rev|setsid|sha1sum|shuf|split|stat|"
                  "stty|tac|timeout|truncate|tty|unlink|unzip|whoami|xxd")


@pytest.fixture(name="tarball", params=MODES)
def fixture_tarball(request, tmp_path):
    return pack(request.param, RELEASE, tmp_path / "overlay.tar.gz")


def variables():
    table = subprocess.run([RELEASE, "--help=markdown"], capture_output=True, text=True, check=True)
    return re.findall(r"^\| (CAMLOOP_\w+)", table.stdout, re.MULTILINE)


@pytest.mark.parametrize("kind", MODES)
def test_it_holds_files_of_root_with_their_modes_and_no_directory(kind, tmp_path):
    with tarfile.open(pack(kind, RELEASE, tmp_path / "overlay.tar.gz")) as tar:
        members = tar.getmembers()
    assert {member.name: member.mode for member in members} == MODES[kind]
    assert [member.name for member in members] == sorted(MODES[kind])
    for member in members:
        assert (member.uid, member.gid, member.uname, member.gname) == (0, 0, "", "")
        assert member.mtime == 1700000000


@pytest.mark.parametrize("kind", MODES)
def test_it_is_the_same_bytes_whenever_and_wherever_it_is_packed(kind, tmp_path):
    first = pack(kind, RELEASE, tmp_path / "first.tar.gz")
    program = tmp_path / "elsewhere"
    program.write_bytes(RELEASE.read_bytes())
    (tmp_path / "second.sh").write_text(f"""
        umask 077
        cd {tmp_path}
        TZ=Asia/Tokyo LC_ALL=C.UTF-8 TMPDIR=/var/tmp SOURCE_DATE_EPOCH=1700000000 \
          {ROOT}/board/pack {kind} {program} {RELEASE} second.tar.gz""")
    subprocess.run(["bash", "-e", tmp_path / "second.sh"], check=True)
    assert first.read_bytes() == (tmp_path / "second.tar.gz").read_bytes()


def test_its_manifest_fits_it(tarball, tmp_path):
    with tarfile.open(tarball) as tar:
        tar.extractall(tmp_path / "root")
        files = {member.name for member in tar if member.isfile()}
    subprocess.run(["sha256sum", "--quiet", "--check", MANIFEST], cwd=tmp_path / "root", check=True)
    listed = (tmp_path / "root" / MANIFEST).read_text().split()[1::2]
    assert set(listed) == files - {MANIFEST}


def test_its_certificates_are_public_ones(tarball):
    with tarfile.open(tarball) as tar:
        bundle = tar.extractfile(CA_FILE).read()
    assert bundle.count(b"BEGIN CERTIFICATE") > 100


def test_its_settings_are_every_variable_in_a_comment_that_is_right_without_the_sign(tmp_path):
    with tarfile.open(pack("overlay", RELEASE, tmp_path / "overlay.tar.gz")) as tar:
        text = tar.extractfile(SETTINGS).read().decode()
    assert re.findall(r"^#(CAMLOOP_\w+)=", text, re.MULTILINE) == variables()
    assert all(line.startswith("#") for line in text.splitlines() if line)
    settings = tmp_path / "settings"
    settings.write_text(re.sub("^#CAMLOOP", "CAMLOOP", text, flags=re.MULTILINE))
    subprocess.run(["sh", "-c", f"set -a; . {settings}; {RELEASE} --check"],
                   env={}, check=True)


def test_openwrt_s_settings_are_every_variable_as_an_option(tmp_path):
    with tarfile.open(pack("openwrt", RELEASE, tmp_path / "overlay.tar.gz")) as tar:
        text = tar.extractfile("etc/config/camloop").read().decode()
    options = re.findall(r"^\t#option (\w+) '.*'$", text, re.MULTILINE)
    assert ["CAMLOOP_" + option.upper() for option in options] == variables()


def test_openwrt_s_service_hands_options_to_the_environment_and_to_reload(tmp_path):
    settings = tmp_path / "settings"
    stand_in_for_rc_common = f"""
        for name in open_instance set_param append_param close_instance; do
          eval "procd_$name() {{ echo $name \\"\\$@\\"; }}"
        done
        config_load() {{ option_cb http ':80'; option_cb overlay "it's %H"; }}
        . {ROOT}/board/openwrt/etc/init.d/camloop
        settings={settings}
        start_service
        . {settings}
        echo "read again: $CAMLOOP_HTTP, $CAMLOOP_OVERLAY" """
    result = subprocess.run(["busybox", "sh", "-c", stand_in_for_rc_common], capture_output=True,
                            text=True, check=True)
    assert result.stdout.splitlines() == [
        "open_instance", "set_param command /usr/bin/camloop",
        "append_param env CAMLOOP_HTTP=:80", "append_param env CAMLOOP_OVERLAY=it's %H",
        "set_param respawn 3600 5 0", "set_param stdout 1", "set_param stderr 1",
        "set_param reload_signal HUP", "close_instance", "read again: :80, it's %H"]
    assert settings.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("script", ["install.sh", f"overlay/{SERVICE}"])
def test_what_runs_on_the_board_uses_only_applets_it_has(script):
    code = re.sub(r"(?m)^ *#.*", "", (ROOT / "board" / script).read_text())
    assert not re.findall(rf"(?m)(?:^|[|&;(]) *({ABSENT_APPLETS}) ", code)
    assert not re.findall(r" --(?!version|check)\w+", code)
