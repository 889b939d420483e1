#include "base/metrics_text.h"

#include <gtest/gtest.h>

namespace camloop {
namespace {

TEST(MetricsText, FamilyComesBeforeItsSamples) {
  MetricsText text;
  text.family("drops_total", "counter", "Frames dropped.");
  text.sample("{reason=\"late\"}", 3);
  text.sample("{reason=\"cut\"}", 0.25);
  EXPECT_EQ(text.text(),
            "# HELP drops_total Frames dropped.\n# TYPE drops_total counter\n"
            "drops_total{reason=\"late\"} 3\ndrops_total{reason=\"cut\"} 0.25\n");
}

TEST(MetricsText, NumberAloneIsAFamilyOfOne) {
  MetricsText text;
  text.counter("frames_total", "Frames.", 9'007'199'254'740'991);
  text.gauge("up", "Whether it is.", -0.5);
  EXPECT_EQ(text.text(),
            "# HELP frames_total Frames.\n# TYPE frames_total counter\n"
            "frames_total 9.00719925474099e+15\n"
            "# HELP up Whether it is.\n# TYPE up gauge\nup -0.5\n");
}

}  // namespace
}  // namespace camloop
