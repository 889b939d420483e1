// A picture: raw pixels borrowed from a source's buffer, to be encoded and given back.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace camloop {

/// Layouts in memory; the names are V4L2's. YV12 is kYu12 with its planes named in U, V order.
enum class PixelFormat { kNv12, kNv21, kYu12, kYuyv, kUyvy, kGrey, kRgb24 };

/// The first byte of a plane's top row; rows are `stride` bytes apart.
struct Plane {
  const uint8_t* data = nullptr;
  size_t stride = 0;
};

/// Pixels and when they were taken. Owns nothing: valid as long as its source says.
struct PictureView {
  PixelFormat format = PixelFormat::kYu12;
  int width = 0;  // pixels, even but for kGrey and kRgb24
  int height = 0;
  // kNv12, kNv21: luma, interleaved chroma. kYu12: Y, U, V. The others: one plane.
  std::array<Plane, 3> planes;
  int64_t captured_us = 0;
  uint64_t sequence = 0;
};

/// Whoever lent a picture and takes its buffer back.
class PictureLender {
 public:
  virtual void take_back(int buffer_index) = 0;

 protected:
  ~PictureLender() = default;
};

/// A PictureView on loan. Dropping it gives the buffer back to the lender, which must still live.
class Picture {
 public:
  Picture() = default;
  Picture(const PictureView& view, PictureLender& lender, int buffer_index)
      : view_(view), lender_(&lender), buffer_index_(buffer_index) {}
  Picture(Picture&& other) noexcept
      : view_(other.view_),
        lender_(std::exchange(other.lender_, nullptr)),
        buffer_index_(other.buffer_index_) {}
  Picture& operator=(Picture&& other) noexcept {
    if (this != &other) {
      reset();
      view_ = other.view_;
      lender_ = std::exchange(other.lender_, nullptr);
      buffer_index_ = other.buffer_index_;
    }
    return *this;
  }
  ~Picture() { reset(); }

  explicit operator bool() const { return lender_ != nullptr; }
  const PictureView& view() const { return view_; }
  void reset() {
    if (PictureLender* lender = std::exchange(lender_, nullptr)) lender->take_back(buffer_index_);
  }

 private:
  PictureView view_;
  PictureLender* lender_ = nullptr;
  int buffer_index_ = 0;
};

}  // namespace camloop
