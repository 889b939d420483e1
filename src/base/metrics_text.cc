#include "base/metrics_text.h"

#include <cstdio>

namespace camloop {

void MetricsText::family(const std::string& name, const char* type, const char* help) {
  name_ = name;
  text_ += "# HELP " + name + " " + help + "\n# TYPE " + name + " " + type + "\n";
}

void MetricsText::sample(const std::string& suffix, double value) {
  char digits[64];
  std::snprintf(digits, sizeof digits, " %.15g\n", value);
  text_ += name_ + suffix + digits;
}

void MetricsText::counter(const char* name, const char* help, uint64_t value) {
  family(name, "counter", help);
  sample("", static_cast<double>(value));
}

void MetricsText::gauge(const char* name, const char* help, double value) {
  family(name, "gauge", help);
  sample("", value);
}

}  // namespace camloop
