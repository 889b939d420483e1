"""Asking with curl, and reading answers strictly."""

import re
import subprocess


def curl(*arguments):
    """Status, header fields by their names in lower case, body: of the last reply."""
    done = subprocess.run(["curl", "-sSi", *arguments], capture_output=True, check=True,
                          timeout=60)
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    status, *fields = head.decode("ascii").split("\r\n")
    return int(status.split()[1]), {name.lower(): value for name, value in
                                    (field.split(": ", 1) for field in fields)}, body


def read_metrics(text):
    """The samples by name and labels. Refuses what the Prometheus text format does not allow."""
    samples, family, kinds = {}, None, {}
    for line in text.removesuffix("\n").split("\n"):
        if comment := re.fullmatch(r"# (HELP|TYPE) ([a-z_]+) (.+)", line):
            if comment[1] == "HELP":
                family = comment[2]
                assert family not in kinds, f"{family} in two places"
            else:
                assert comment[2] == family and comment[3] in ("counter", "gauge", "histogram")
                kinds[family] = comment[3]
            continue
        sample = re.fullmatch(r'([a-z_]+)((?:\{[a-z]+="[^"\\]*"\})?) ([0-9.e+-]+)', line)
        assert sample, line
        suffixes = ("_bucket", "_sum", "_count") if kinds[family] == "histogram" else ("",)
        assert sample[1] in [family + suffix for suffix in suffixes], line
        assert kinds[family] != "counter" or family.endswith("_total"), line
        assert sample[1] + sample[2] not in samples, f"{line} twice"
        samples[sample[1] + sample[2]] = float(sample[3])
    return samples
