// Asking a camera for a format, a size and a rate, and learning what it gives instead.
#pragma once

#include "base/result.h"
#include "sources/source_options.h"
#include "sources/v4l2/v4l2_format.h"
#include "sources/v4l2/v4l2_node.h"

namespace camloop {

struct V4l2Grant {
  const V4l2Format* format = nullptr;
  int width = 0;
  int height = 0;
  MemoryStrides strides{};
  double fps = 0;  // 0 where the driver does not say
};

/// Sets rate and format. The format asked for is taken at any size; else the first one of
/// v4l2_formats() that comes in the size asked for; else the first that comes at all.
Result<V4l2Grant> negotiate_v4l2(const V4l2Node& node, const SourceOptions& options);

/// V4L2's number for the kind of queue that `node` has.
uint32_t v4l2_queue_type(const V4l2Node& node);

}  // namespace camloop
