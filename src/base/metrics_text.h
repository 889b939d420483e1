// Text for Prometheus (the exposition format, version 0.0.4), written in order.
#pragma once

#include <cstdint>
#include <string>

namespace camloop {

/// Each family's help and type come first, then its samples.
class MetricsText {
 public:
  void family(const std::string& name, const char* type, const char* help);
  /// One line of the family begun last; `suffix` is what follows the name: "_sum",
  /// "{reason=\"late\"}".
  void sample(const std::string& suffix, double value);
  /// A family of one sample.
  void counter(const char* name, const char* help, uint64_t value);
  void gauge(const char* name, const char* help, double value);

  const std::string& text() const { return text_; }

 private:
  std::string name_;
  std::string text_;
};

}  // namespace camloop
