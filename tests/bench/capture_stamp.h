// What the recorded frames of the benchmark look like, for the programs that serve and read them; C
// and C++.
#pragma once

#include <stddef.h>

// run.py puts a JPEG comment right behind the SOI of each frame: FF D8, FF FE, a length of 2 + 8 +
// 17, "capture ", then "ssssssssss.uuuuuu". Zeros stand there until a camera writes the wall clock
// over them.
enum {
  kCaptureStampAt = 2 + 4 + 8,
  kCaptureStampBytes = 10 + 1 + 6,
};

// The bytes of the JPEG that `data` begins with: up to the EOI that another SOI or the end follows,
// so one in a marker's payload does not cut a frame short. 0 where no frame ends.
static inline size_t jpeg_bytes(const unsigned char* data, size_t size) {
  for (size_t at = 2; at + 2 <= size; ++at) {
    if (data[at] != 0xFF || data[at + 1] != 0xD9) continue;
    if (at + 2 == size) return size;
    if (at + 4 <= size && data[at + 2] == 0xFF && data[at + 3] == 0xD8) return at + 2;
  }
  return 0;
}
