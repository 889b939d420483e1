// The page-aligned buffers that a source draws or reads pictures into and lends out.
#pragma once

#include "media/picture.h"

#include <array>
#include <cstdlib>
#include <memory>
#include <optional>

namespace camloop {

class PictureBuffers final : public PictureLender {
 public:
  /// One is with the encoder while the next picture goes into the other.
  static constexpr int kCount = 2;

  PictureBuffers() = default;
  PictureBuffers(const PictureBuffers&) = delete;
  PictureBuffers& operator=(const PictureBuffers&) = delete;
  /// All loans must be back: checked.
  ~PictureBuffers();

  /// A buffer of `size` bytes that is not on loan, none while all are. Its contents stay from one
  /// time to the next as long as `size` does.
  std::optional<int> find(size_t size);
  uint8_t* data(int index) { return slot(index).memory.get(); }
  /// Whoever drops the picture gives the buffer back.
  Picture lend(const PictureView& view, int index);
  void take_back(int index) override;

 private:
  struct FreeMemory {
    void operator()(uint8_t* memory) const { std::free(memory); }
  };
  struct Slot {
    std::unique_ptr<uint8_t, FreeMemory> memory;
    size_t size = 0;
    bool lent = false;
  };
  Slot& slot(int index) { return slots_[static_cast<size_t>(index)]; }

  std::array<Slot, kCount> slots_;
};

}  // namespace camloop
