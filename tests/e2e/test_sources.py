"""What is shown: the pattern, files of every kind, recorded footage, and nothing at all."""

import glob
import itertools
import urllib.error

import cv2
import numpy
import pytest

from camloop_process import wait_until
from stream_readers import WireReader, decode


def grey_jpeg(level, size=(320, 240)):
    encoded, jpeg = cv2.imencode(".jpg", numpy.full((size[1], size[0]), level, numpy.uint8))
    assert encoded
    return jpeg.tobytes()


def segments_end(jpeg):
    """Where the first scan begins."""
    return jpeg.index(b"\xff\xda")


def without_huffman_tables(jpeg):
    kept, at = jpeg[:2], 2
    while at < segments_end(jpeg):
        end = at + 2 + int.from_bytes(jpeg[at + 2:at + 4], "big")
        if jpeg[at + 1] != 0xC4:
            kept += jpeg[at:end]
        at = end
    return kept + jpeg[at:]


def with_thumbnail(jpeg, thumbnail):
    """With an EXIF segment that holds another JPEG, as cameras write them."""
    exif = b"Exif\0\0" + thumbnail
    return jpeg[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + jpeg[2:]


def level_of(jpeg):
    return round(float(decode(jpeg).mean()))


def shown_level(camera):
    return level_of(camera.get("/snapshot"))


def shows(camera, level):
    """Waits until a grey picture of about this level is shown."""
    wait_until(f"level {level} is shown", lambda: abs(shown_level(camera) - level) <= 2)


def is_well(camera):
    return camera.state()["source"]["fault"] == "" and camera.get("/healthz") == b"ok\n"


# ---- The pattern ----


def test_the_pattern_moves(serve):
    camera = serve()
    first, second = decode(camera.get("/snapshot")), decode(camera.get("/snapshot"))
    assert first.shape == (480, 640, 3)
    difference = cv2.absdiff(first, second)
    # Not the clock alone: the lower part, where there is no text, moves too.
    assert difference[360:].max() > 100


def test_the_pattern_is_as_large_and_as_good_as_asked(serve):
    fine, coarse = serve(SIZE="800x448", QUALITY=95), serve(SIZE="800x448", QUALITY=5)
    fine_jpeg, coarse_jpeg = fine.get("/snapshot"), coarse.get("/snapshot")
    assert decode(fine_jpeg).shape == decode(coarse_jpeg).shape == (448, 800, 3)
    assert len(fine_jpeg) > 2 * len(coarse_jpeg)


def test_a_source_gives_as_many_frames_a_second_as_asked(serve):
    with WireReader(serve(FPS=10)) as stream:
        captured = [part.captured_s for part in itertools.islice(stream, 10)]
    assert captured[-1] - captured[1] > 0.9 * (len(captured) - 2) / 10


@pytest.mark.skipif(glob.glob("/dev/video*"), reason="there is a camera here")
def test_auto_shows_the_pattern_where_there_is_no_camera(serve):
    assert serve(SOURCE="auto").state()["source"]["name"] == "pattern"


# ---- A JPEG ----


def test_a_jpeg_is_shown_as_of_now_again_and_again(serve, tmp_path):
    still = tmp_path / "still.jpg"
    still.write_bytes(grey_jpeg(90))
    with WireReader(serve(SOURCE=f"file:{still}")) as stream:
        parts = list(itertools.islice(stream, 4))
    assert {level_of(part.jpeg) for part in parts} == {90}
    assert len({part.captured_s for part in parts}) >= len(parts) - 1


def test_a_jpeg_that_changes_on_disk_is_shown_as_it_is_now(serve, tmp_path):
    still = tmp_path / "still.jpg"
    still.write_bytes(grey_jpeg(50))
    camera = serve(SOURCE=f"file:{still}")
    shows(camera, 50)
    (tmp_path / "next.jpg").write_bytes(grey_jpeg(100))
    (tmp_path / "next.jpg").rename(still)
    shows(camera, 100)
    still.write_bytes(grey_jpeg(200))
    shows(camera, 200)
    assert is_well(camera)


def test_a_jpeg_is_mended_for_every_client(serve, tmp_path):
    plain = grey_jpeg(120)
    still = tmp_path / "still.jpg"
    still.write_bytes(with_thumbnail(without_huffman_tables(plain), grey_jpeg(1, (16, 16))))
    camera = serve(SOURCE=f"file:{still}")
    # decode() refuses thumbnails and frames without tables.
    assert numpy.array_equal(decode(camera.get("/snapshot")), decode(plain))


def test_a_cut_jpeg_is_dropped_until_it_is_whole(serve, tmp_path):
    whole = grey_jpeg(150)
    still = tmp_path / "still.jpg"
    still.write_bytes(whole[:len(whole) // 2])
    camera = serve(SOURCE=f"file:{still}")
    wait_until("the cut frame is counted", lambda: camera.state()["source"]["dropped_broken"] > 0)
    assert "still.jpg" in camera.state()["source"]["fault"]
    still.write_bytes(whole)
    wait_until("all is well", lambda: camera.state()["source"]["fault"] == "")
    shows(camera, 150)


def test_a_directory_is_shown_in_its_order(serve, tmp_path):
    for name, level in (("10.jpg", 200), ("2.jpg", 100), ("1.jpg", 50)):
        (tmp_path / name).write_bytes(grey_jpeg(level))
    (tmp_path / "readme.txt").write_text("no picture")
    with WireReader(serve(SOURCE=f"file:{tmp_path}", FPS=10)) as stream:
        levels = [level_of(part.jpeg) for part in itertools.islice(stream, 7)]
    order = [50, 100, 200]
    start = order.index(levels[0])
    assert levels == list(itertools.islice(itertools.cycle(order), start, start + 7))


# ---- No picture ----


def test_a_missing_file_shows_no_signal_until_it_is_there(serve, tmp_path):
    late = tmp_path / "late.jpg"
    camera = serve(SOURCE=f"file:{late}")
    with WireReader(camera) as stream:
        parts = list(itertools.islice(stream, 4))
        for part in parts:
            assert decode(part.jpeg).std() > 1, "an empty picture"
        # Viewers give up after ten seconds of silence; once a second is the promise.
        assert parts[-1].captured_s - parts[0].captured_s < 2 * (len(parts) - 1)
        state = camera.state()
        assert state["encoder"]["no_signal"] >= 3
        assert "late.jpg" in state["source"]["fault"]
        with pytest.raises(urllib.error.HTTPError, match="503"):
            camera.get("/healthz")

        late.write_bytes(grey_jpeg(70))
        assert any(level_of(part.jpeg) == 70 for part in itertools.islice(stream, 20))
    wait_until("all is well", lambda: is_well(camera))


def test_a_file_that_goes_away_and_comes_back_is_opened_again(serve, tmp_path):
    still = tmp_path / "still.jpg"
    still.write_bytes(grey_jpeg(60))
    camera = serve(SOURCE=f"file:{still}")
    with WireReader(camera) as stream:
        next(stream)
        still.unlink()
        wait_until("it is missed", lambda: camera.state()["source"]["fault"] != "")
        still.write_bytes(grey_jpeg(160))
        wait_until("it is back", lambda: camera.state()["source"]["fault"] == "")
    assert camera.state()["source"]["reopened"] == 1
    shows(camera, 160)


def test_a_missing_camera_shows_no_signal_and_why(serve):
    camera = serve(SOURCE="v4l2:/dev/video99", SIZE="320x240")
    with WireReader(camera) as stream:
        assert decode(next(stream).jpeg).shape == (240, 320, 3)
    assert "/dev/video99" in camera.state()["source"]["fault"]


# ---- Recorded footage ----


def read_y4m(path):
    """Its pictures as I420 rows: all luma, then the two chroma planes at half width and height."""
    data = path.read_bytes()
    header, _, data = data.partition(b"\n")
    fields = {field[:1]: field[1:] for field in header.split(b" ")[1:]}
    width, height = int(fields[b"W"]), int(fields[b"H"])
    size = len(b"FRAME\n") + width * height * 3 // 2
    assert len(data) % size == 0
    for at in range(0, len(data), size):
        frame = numpy.frombuffer(data, numpy.uint8, size - 6, at + 6)
        yield frame.reshape(height * 3 // 2, width)


def as_i420(jpeg):
    """The planes of the JPEG, worked out anew from the colours that OpenCV decodes."""
    blue, green, red = cv2.split(decode(jpeg).astype(numpy.float32))
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    half = (luma.shape[1] // 2, luma.shape[0] // 2)
    chroma = (128 + 0.564 * (blue - luma), 128 + 0.713 * (red - luma))
    return [luma] + [cv2.resize(plane, half, interpolation=cv2.INTER_AREA) for plane in chroma]


def decibels(picture, original):
    return 10 * numpy.log10(255 ** 2 / numpy.mean((picture - original.astype(numpy.float32)) ** 2))


def test_y4m_footage_is_shown_in_its_colours_and_order(serve, y4m_footage):
    originals = list(read_y4m(y4m_footage))
    height = originals[0].shape[0] * 2 // 3
    with WireReader(serve(SOURCE=f"file:{y4m_footage}", QUALITY=90)) as stream:
        shown = [as_i420(part.jpeg) for part in itertools.islice(stream, 8)]
    indices = []
    for luma, blue, red in shown:
        likeness = [decibels(luma, original[:height]) for original in originals]
        best = int(numpy.argmax(likeness))
        assert likeness[best] > 35
        chroma = originals[best][height:].reshape(2, height // 2, -1)
        assert decibels(blue, chroma[0]) > 32 and decibels(red, chroma[1]) > 32
        indices.append(best)
    # Frames may be left out by a busy machine; none may come twice or out of its turn.
    steps = [(after - before) % len(originals) for before, after in itertools.pairwise(indices)]
    assert all(1 <= step < 20 for step in steps), indices


def test_mjpeg_footage_is_passed_on_as_it_is_and_loops(serve, mjpeg_footage):
    jpegs = [b"\xff\xd8\xff" + rest
             for rest in mjpeg_footage.read_bytes().split(b"\xff\xd8\xff")[1:]]
    pictures = [decode(jpeg).tobytes() for jpeg in jpegs]
    camera = serve(SOURCE=f"file:{mjpeg_footage}", FPS=60)
    with WireReader(camera) as stream:
        indices = [pictures.index(decode(part.jpeg).tobytes())
                   for part in itertools.islice(stream, len(jpegs) + 10)]
    steps = [(after - before) % len(jpegs) for before, after in itertools.pairwise(indices)]
    assert all(1 <= step < 20 for step in steps), indices
    assert indices != sorted(indices), "it began anew"
    assert camera.state()["encoder"]["encoded"] == 0


def test_a_cut_frame_of_footage_is_left_out_and_counted(serve, tmp_path):
    levels = [40, 80, 120, 160, 200]
    frames = [grey_jpeg(level) for level in levels]
    frames[2] = frames[2][:len(frames[2]) // 2]
    film = tmp_path / "film.mjpeg"
    film.write_bytes(b"".join(frames))
    camera = serve(SOURCE=f"file:{film}", FPS=20)
    with WireReader(camera) as stream:
        shown = [level_of(part.jpeg) for part in itertools.islice(stream, 12)]
    assert set(shown) == {40, 80, 160, 200}
    assert camera.state()["source"]["dropped_broken"] >= 1
