#include "report/figures.h"

#include "unit/temp_folder.h"

#include <gtest/gtest.h>

namespace camloop {
namespace {

// Gives nothing, but has figures.
class FakeSource : public Source {
 public:
  FakeSource() {
    facts_.width = 64;
    facts_.height = 48;
    facts_.dropped_broken = 1;
    facts_.dropped_stale = 2;
  }
  void set_active(bool) override {}
  const SourceFacts& facts() const override { return facts_; }

 private:
  SourceFacts facts_;
};

class FiguresTest : public testing::Test {
 protected:
  ~FiguresTest() override {
    capture_.reset();
    loop_.drain();
  }

  Loop loop_;
  Hub hub_;
  BufferPool pool_{1};
  std::unique_ptr<Capture> capture_ =
      Capture::create(loop_, hub_, {80, 640, 480}, [](BufferPool&, SourceHandler&) {
        return std::unique_ptr<Source>(new FakeSource);
      }).value();
};

TEST_F(FiguresTest, TheSizeIsThatOfTheNewestFrameOrElseWhatTheSourceSays) {
  CameraFigures figures = camera_figures(hub_, *capture_, nullptr, {});
  EXPECT_EQ(figures.width, 64);
  EXPECT_EQ(figures.frame_bytes, 0u);
  BufferRef jpeg = pool_.take(9);
  jpeg.set_size(9);
  hub_.publish({jpeg, 320, 240});
  figures = camera_figures(hub_, *capture_, nullptr, {});
  EXPECT_EQ(figures.width, 320);
  EXPECT_EQ(figures.height, 240);
  EXPECT_EQ(figures.frame_bytes, 9u);
  EXPECT_FALSE(figures.lag_us);
}

TEST_F(FiguresTest, LinksAddTheirDropsAndTheWorstOfTheirLags) {
  LinkFacts links[3] = {{.kind = "channel"}, {.kind = "channel"}, {.kind = "raw"}};
  links[0].traffic.lag.add(1000);
  links[1].traffic.lag.add(50'000);
  links[1].traffic.dropped = {{"late", 3}, {"cut", 4}};
  links[2].traffic.dropped = {{"replaced", 5}};
  CameraFigures figures = camera_figures(hub_, *capture_, nullptr, links);
  EXPECT_EQ(figures.dropped, 1u + 2 + 3 + 4 + 5);
  EXPECT_EQ(figures.link_lag_us, links[1].traffic.lag.quantile_us(0.99));
  EXPECT_FALSE(camera_figures(hub_, *capture_, nullptr, {&links[2], 1}).link_lag_us);
}

TEST(BoardTemperature, IsReadInThousandths) {
  TempFolder folder;
  EXPECT_FALSE(board_temperature(folder.path_of("missing")));
  const std::pair<const char*, std::optional<double>> cases[] = {{"48231\n", 48.2},
                                                                 {"-5060", -5.1},
                                                                 {"", std::nullopt},
                                                                 {"\n", std::nullopt},
                                                                 {"hot\n", std::nullopt}};
  for (const auto& [text, temperature_c] : cases) {
    folder.write("temp", text);
    EXPECT_EQ(board_temperature(folder.path_of("temp")), temperature_c) << text;
  }
}

}  // namespace
}  // namespace camloop
