// What the log says while a test runs.
#pragma once

#include "base/log.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace camloop {

class CapturedLog {
 public:
  /// Opens the log's gate, too, which earlier tests may have closed.
  CapturedLog() {
    testing::internal::CaptureStderr();
    log_open(LogTarget::kStderr, LogLevel::kInfo);
  }
  CapturedLog(const CapturedLog&) = delete;
  CapturedLog& operator=(const CapturedLog&) = delete;
  ~CapturedLog() { testing::internal::GetCapturedStderr(); }

  /// How many lines have `text`, up to now.
  int lines_with(std::string_view text) {
    log_ += testing::internal::GetCapturedStderr();
    testing::internal::CaptureStderr();
    int count = 0;
    for (size_t at = 0; (at = log_.find(text, at)) != std::string::npos; ++at) ++count;
    return count;
  }

 private:
  std::string log_;
};

}  // namespace camloop
