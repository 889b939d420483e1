// Our encoder alone beside libjpeg-turbo's tjCompressFromYUVPlanes: the same recorded frames as
// I420, NV12 and YUYV, quality 80, 4:2:0, fast DCT. Prints a JSON object of CPU microseconds and
// JPEG bytes a frame.
//
//   encode FRAMES.y4m FPS
//
// Ours once more at the camera's pace, FPS: between two frames the processor has slept and lost
// some of its caches, as it does in a server, so that this is what a whole process compares with.
//
// Both convert with the project's code, which is counted: ours row by row, as it encodes; for
// libjpeg-turbo the whole picture first, as its interface wants. They take turns, and each goes
// first with every other frame, as the second finds the pixels in the cache.
#include "media/jpeg_encoder.h"
#include "media/pixels.h"
#include "media/y4m.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>

#include <turbojpeg.h>

namespace camloop {
namespace {

constexpr int kQuality = 80;
constexpr int kPasses = 5;

[[noreturn]] void die(const char* what) {
  fprintf(stderr, "encode: %s\n", what);
  exit(1);
}

double cpu_us() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

Bytes map_file(const char* path) {
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  struct stat facts;
  if (file < 0 || fstat(file, &facts) != 0) die("cannot open the frames");
  const auto size = static_cast<size_t>(facts.st_size);
  void* data = mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
  if (data == MAP_FAILED) die("cannot map the frames");
  close(file);
  return {static_cast<const uint8_t*>(data), size};
}

std::vector<PictureView> read_frames(const char* path) {
  Bytes rest = map_file(path);
  const auto header = parse_y4m_header(rest);
  if (!header) die(header.error().text.c_str());
  rest = rest.subspan(header.value().header_size);
  std::vector<PictureView> frames;
  while (const size_t line_size = y4m_frame_line_size(rest)) {
    if (rest.size() < line_size + header.value().frame_size) break;
    frames.push_back(y4m_picture(header.value(), rest.data() + line_size));
    rest = rest.subspan(line_size + header.value().frame_size);
  }
  if (frames.empty()) die("no frame");
  return frames;
}

size_t luma_size(const PictureView& picture) {
  return static_cast<size_t>(picture.width) * static_cast<size_t>(picture.height);
}

// A picture in memory of its own.
struct Sample {
  PictureView view;
  std::vector<uint8_t> memory;
};

Sample make_nv12(const PictureView& from) {
  const size_t luma = luma_size(from);
  Sample sample{from, std::vector<uint8_t>(luma * 3 / 2)};
  std::copy_n(from.planes[0].data, luma, sample.memory.begin());
  for (size_t i = 0; i < luma / 4; ++i) {
    sample.memory[luma + 2 * i] = from.planes[1].data[i];
    sample.memory[luma + 2 * i + 1] = from.planes[2].data[i];
  }
  sample.view.format = PixelFormat::kNv12;
  sample.view.planes = {{{sample.memory.data(), from.planes[0].stride},
                         {sample.memory.data() + luma, from.planes[0].stride}}};
  return sample;
}

Sample make_yuyv(const PictureView& from) {
  const size_t luma = luma_size(from);
  const size_t width = from.planes[0].stride;
  Sample sample{from, std::vector<uint8_t>(luma * 2)};
  for (size_t i = 0; i < luma; ++i) {
    const size_t chroma = i / width / 2 * (width / 2) + i % width / 2;
    sample.memory[2 * i] = from.planes[0].data[i];
    sample.memory[2 * i + 1] = from.planes[1 + i % 2].data[chroma];
  }
  sample.view.format = PixelFormat::kYuyv;
  sample.view.planes = {{{sample.memory.data(), 2 * width}}};
  return sample;
}

Sample make_i420(const PictureView& from) {
  return {from, {}};
}

class Ours {
 public:
  size_t encode(const PictureView& picture) {
    if (!encoder_.begin(picture, kQuality, pool_)) die("begin");
    while (true) {
      const auto done = encoder_.step();
      if (!done) die(done.error().text.c_str());
      if (done.value()) return encoder_.take().size();
    }
  }

 private:
  BufferPool pool_{2};
  JpegEncoder encoder_;
};

class TurboJpeg {
 public:
  explicit TurboJpeg(const PictureView& picture)
      : luma_(luma_size(picture)),
        chroma_(luma_.size() / 2),
        jpeg_(tjBufSize(picture.width, picture.height, TJSAMP_420)) {}
  ~TurboJpeg() { tjDestroy(handle_); }
  TurboJpeg(const TurboJpeg&) = delete;
  TurboJpeg& operator=(const TurboJpeg&) = delete;

  size_t encode(const PictureView& picture) {
    std::array<const uint8_t*, 3> planes = planar(picture);
    const std::array<int, 3> strides = {picture.width, picture.width / 2, picture.width / 2};
    unsigned char* out = jpeg_.data();
    unsigned long size = jpeg_.size();
    if (tjCompressFromYUVPlanes(handle_, planes.data(), picture.width, strides.data(),
                                picture.height, TJSAMP_420, &out, &size, kQuality,
                                TJFLAG_FASTDCT | TJFLAG_NOREALLOC) != 0)
      die(tjGetErrorStr2(handle_));
    return size;
  }

 private:
  std::array<const uint8_t*, 3> planar(const PictureView& picture) {
    const auto& from = picture.planes;
    uint8_t* cb = chroma_.data();
    uint8_t* cr = cb + chroma_.size() / 2;
    if (picture.format == PixelFormat::kYu12) return {from[0].data, from[1].data, from[2].data};
    if (picture.format == PixelFormat::kNv12) {
      split_pairs(from[1].data, chroma_.size() / 2, cb, cr);
      return {from[0].data, cb, cr};
    }
    const auto half = static_cast<size_t>(picture.width) / 2;
    for (size_t row = 0; row < static_cast<size_t>(picture.height); row += 2) {
      const uint8_t* top = from[0].data + row * from[0].stride;
      uint8_t* luma = luma_.data() + row * 2 * half;
      split_yuyv(top, top + from[0].stride, half,
                 {luma, luma + 2 * half, cb + row / 2 * half, cr + row / 2 * half});
    }
    return {luma_.data(), cb, cr};
  }

  tjhandle handle_ = tjInitCompress();
  std::vector<uint8_t> luma_;
  std::vector<uint8_t> chroma_;
  std::vector<uint8_t> jpeg_;
};

struct Cost {
  double us = 0;
  double bytes = 0;
};

template <class Encoder>
void run(Encoder& encoder, const PictureView& picture, Cost& cost) {
  const double begin_us = cpu_us();
  const size_t bytes = encoder.encode(picture);
  cost.us += cpu_us() - begin_us;
  cost.bytes += static_cast<double>(bytes);
}

void sleep_until(double due_s) {
  const auto seconds = static_cast<time_t>(due_s);
  const timespec due{seconds, static_cast<long>((due_s - static_cast<double>(seconds)) * 1e9)};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, nullptr);
}

double paced_us(Ours& ours, const std::vector<Sample>& samples, double fps) {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  double due_s = static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
  Cost cost;
  for (const Sample& sample : samples) {
    sleep_until(due_s += 1 / fps);
    run(ours, sample.view, cost);
  }
  return cost.us / static_cast<double>(samples.size());
}

void compare(const char* name, const std::vector<PictureView>& frames,
             Sample (*make)(const PictureView&), double fps) {
  std::vector<Sample> samples;
  for (const PictureView& frame : frames) samples.push_back(make(frame));
  Ours ours;
  TurboJpeg turbo(frames[0]);
  ours.encode(samples[0].view);
  turbo.encode(samples[0].view);

  Cost our_cost;
  Cost turbo_cost;
  for (size_t i = 0; i < samples.size() * kPasses; ++i) {
    const PictureView& picture = samples[i % samples.size()].view;
    if (i % 2 == 0) run(ours, picture, our_cost);
    run(turbo, picture, turbo_cost);
    if (i % 2 == 1) run(ours, picture, our_cost);
  }
  const auto count = static_cast<double>(samples.size() * kPasses);
  printf(
      "\"%s\": {\"camloop_us\": %.2f, \"turbojpeg_us\": %.2f, \"camloop_bytes\": %.0f,"
      " \"turbojpeg_bytes\": %.0f, \"paced_us\": %.2f}",
      name, our_cost.us / count, turbo_cost.us / count, our_cost.bytes / count,
      turbo_cost.bytes / count, paced_us(ours, samples, fps));
}

}  // namespace
}  // namespace camloop

int main(int argc, char** argv) {
  using namespace camloop;
  const double fps = argc == 3 ? atof(argv[2]) : 0;
  if (!(fps > 0)) die("usage: encode FRAMES.y4m FPS");
  const std::vector<PictureView> frames = read_frames(argv[1]);
  printf("{");
  compare("NV12", frames, make_nv12, fps);
  printf(", ");
  compare("YUYV", frames, make_yuyv, fps);
  printf(", ");
  compare("I420", frames, make_i420, fps);
  printf("}\n");
  return 0;
}
